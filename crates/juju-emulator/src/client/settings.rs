//! What an operator sets for an application: the options of its charm, and whether it is trusted.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};

use anyhow::{Context as _, Result, anyhow, bail};
use serde_json::Value;

use crate::charm::metadata::Charm;
use crate::go::error::os_error;
use crate::go::strconv::parse_bool;
use crate::go::yaml;

/// The option that every application has, and no charm.
pub(crate) const TRUST: &str = "trust";

/// Juju reads no more of a file than that for one option.
const LARGEST_FILE: u64 = 5 * 1024 * 1024;

/// What is set, as far as something is.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Settings {
    pub(crate) trust: Option<bool>,
    /// None brings an option back to its default.
    pub(crate) options: BTreeMap<String, Option<Value>>,
}

impl Settings {
    /// Reads `key=value` and `key=@file`.
    pub(crate) fn from_values(charm: &Charm, values: &[String]) -> Result<Self> {
        let mut settings = Self::default();
        for value in values {
            let (key, text) = value
                .split_once('=')
                .with_context(|| format!("expected \"key=value\", got \"{value}\""))?;
            let text = match text.strip_prefix('@') {
                Some(path) => read_option(key, path)?,
                None => text.to_owned(),
            };
            if settings.has(key) {
                bail!("key \"{key}\" specified more than once");
            }
            if key == TRUST {
                settings.trust = Some(parse_trust(&text)?);
            } else {
                let value = charm.parse_option(key, &text)?;
                settings.options.insert(key.to_owned(), Some(value));
            }
        }
        Ok(settings)
    }

    /// Reads YAML that has the options below the application's name, or that `config` has printed; null resets an option.
    pub(crate) fn from_yaml(charm: &Charm, application: &str, text: &str) -> Result<Self> {
        let mut all: BTreeMap<String, Value> =
            yaml::read(text).context("cannot parse settings data")?;
        let printed = all.contains_key("settings") && !all.contains_key(application);
        let mut settings = Self::default();
        let values = match all.remove(if printed { "settings" } else { application }) {
            Some(Value::Object(values)) => values,
            Some(Value::Null) => return Ok(settings),
            Some(_) => bail!("the settings of \"{application}\" are no mapping of option to value"),
            None => bail!("no settings found for \"{application}\""),
        };
        for (key, mut value) in values {
            if printed {
                // Some have none.
                let Some(of_option) = value.get_mut("value") else {
                    continue;
                };
                value = of_option.take();
                if let Some(number) = whole(&value) {
                    value = number.into();
                }
            }
            if key == TRUST {
                let text = value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned);
                settings.trust = Some(parse_trust(&text)?);
                continue;
            }
            let value = match &value {
                Value::Null => charm.option(&key).map(|_| None)?,
                // As in Juju, text is read as the type that the option has.
                Value::String(text) => Some(charm.parse_option(&key, text)?),
                _ => Some(charm.coerce_option(&key, &value)?),
            };
            settings.options.insert(key, value);
        }
        Ok(settings)
    }

    /// Takes over what others set.
    pub(crate) fn extend(&mut self, others: Self) {
        self.trust = others.trust.or(self.trust);
        self.options.extend(others.options);
    }

    fn has(&self, key: &str) -> bool {
        self.options.contains_key(key) || key == TRUST && self.trust.is_some()
    }
}

/// The whole number that is printed as `1e+06`.
fn whole(value: &Value) -> Option<i64> {
    let number = value.as_f64().filter(|_| value.is_f64())?;
    let is_whole = number.fract() == 0.0;
    format!("{number:.0}").parse().ok().filter(|_| is_whole)
}

fn parse_trust(text: &str) -> Result<bool> {
    parse_bool(text).map_err(|error| anyhow!("parsing trust setting: {error}"))
}

/// What `key=@file` sets.
fn read_option(key: &str, path: &str) -> Result<String> {
    let cannot = |what: &str, error: &io::Error| {
        let error = os_error(error);
        anyhow!("cannot read option from file \"{path}\": {what} {path}: {error}")
    };
    let file = fs::metadata(path).map_err(|error| cannot("stat", &error))?;
    if file.len() > LARGEST_FILE {
        bail!("size of option file is larger than 5M");
    }
    let bytes = fs::read(path).map_err(|error| cannot("open", &error))?;
    String::from_utf8(bytes)
        .map_err(|_| anyhow!("value for option \"{key}\" contains non-UTF-8 sequences"))
}

/// The text of the file that `--file` names; `-` is the standard input.
pub(crate) fn read_file(path: &str) -> Result<String> {
    let mut text = String::new();
    if path == "-" {
        io::stdin().read_to_string(&mut text)?;
    } else {
        text = fs::read_to_string(path)
            .map_err(|error| anyhow!("open {path}: {}", os_error(&error)))?;
    }
    Ok(text)
}
