//! The model config that the emulator knows: what it is called, what it is without being set, and what it means.

use std::time::Duration;

use anyhow::{Result, bail};

use crate::cli::UsageError;
use crate::model::Model;

/// Each key with its default, as in Juju.
const DEFAULTS: [(&str, &str); 3] = [
    ("automatically-retry-hooks", "true"),
    ("logging-config", "<root>=INFO"),
    ("update-status-hook-interval", "5m"),
];

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
        return Err(UsageError(format!(
            "\"{key}\" is not part of the emulated model config, which has: {}",
            known.join(", ")
        ))
        .into());
    }
    Ok(())
}

/// A time as Go writes it, from its units down: `1h30m`, `90s`, `0.5s`.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    let mut total = Duration::ZERO;
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..end].parse().ok()?;
        let (seconds, unit) = [(3600.0, "h"), (0.001, "ms"), (60.0, "m"), (1.0, "s")]
            .into_iter()
            .find(|(_, unit)| rest[end..].starts_with(unit))?;
        total = total.checked_add(Duration::try_from_secs_f64(number * seconds).ok()?)?;
        rest = &rest[end + unit.len()..];
    }
    (!text.is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_in_go() {
        let given_then = [
            ("5m", Some(300)),
            ("1h30m", Some(5400)),
            ("90s", Some(90)),
            ("0.5m", Some(30)),
            ("2000ms", Some(2)),
            ("", None),
            (".s", None),
            ("5", None),
            ("m", None),
            ("5d", None),
            ("99999999999999999999h", None),
        ];
        for (text, seconds) in given_then {
            assert_eq!(duration(text), seconds.map(Duration::from_secs), "{text}");
        }
    }
}
