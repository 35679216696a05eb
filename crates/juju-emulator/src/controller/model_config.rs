//! The model config that the emulator knows: what it is called, what it is without being set, and what it means.

use std::time::Duration;

use anyhow::{Error, Result, bail};

use crate::controller::debug_log::check_logging_config;
use crate::controller::model::Model;
use crate::go::duration::duration;

/// Each key with its default, as in Juju.
const DEFAULTS: [(&str, &str); 3] = [
    ("automatically-retry-hooks", "true"),
    ("logging-config", "<root>=INFO"),
    ("update-status-hook-interval", "5m"),
];

/// A key that Juju may know, and the emulator does not.
#[derive(Debug, thiserror::Error)]
#[error("\"{key}\" is not part of the emulated model config, which has: {known}")]
pub(crate) struct UnknownKey {
    key: String,
    known: String,
}

/// The value of each key, and whether the operator has set it.
pub(crate) fn all(model: &Model) -> impl Iterator<Item = (&'static str, &str, bool)> {
    DEFAULTS.into_iter().map(|(key, default)| {
        let set = model.config.get(key);
        (key, set.map_or(default, String::as_str), set.is_some())
    })
}

/// Sets a key.
pub(crate) fn set(model: &mut Model, key: &str, value: &str) -> Result<()> {
    check_key(key)?;
    match key {
        "automatically-retry-hooks" if value.parse::<bool>().is_err() => {
            bail!("{key}: expected bool, got string(\"{value}\")");
        }
        "update-status-hook-interval" => {
            let allowed = Duration::from_mins(1)..=Duration::from_hours(1);
            if !duration(value).is_some_and(|interval| allowed.contains(&interval)) {
                bail!("{key}: expected a time from 1m to 60m, got \"{value}\"");
            }
        }
        "logging-config" => check_logging_config(value).map_err(Error::msg)?,
        _ => {}
    }
    model.config.insert(key.to_owned(), value.to_owned());
    Ok(())
}

/// Brings a key back to its default.
pub(crate) fn reset(model: &mut Model, key: &str) -> Result<()> {
    check_key(key)?;
    model.config.remove(key);
    Ok(())
}

/// Whether failed hooks are run again by themselves.
pub(crate) fn retries_hooks(model: &Model) -> bool {
    value(model, "automatically-retry-hooks") == "true"
}

/// What the log keeps.
pub(crate) fn logging_config(model: &Model) -> &str {
    value(model, "logging-config")
}

/// How long after a unit's last hook its `update-status` is due.
pub(crate) fn update_status_interval(model: &Model) -> Duration {
    duration(value(model, "update-status-hook-interval")).unwrap_or(Duration::from_mins(5))
}

fn value<'a>(model: &'a Model, key: &str) -> &'a str {
    all(model)
        .find(|(name, ..)| *name == key)
        .map_or("", |(_, value, _)| value)
}

fn check_key(key: &str) -> Result<()> {
    let known = DEFAULTS.map(|(name, _)| name);
    if !known.contains(&key) {
        let known = known.join(", ");
        return Err(UnknownKey {
            key: key.to_owned(),
            known,
        }
        .into());
    }
    Ok(())
}
