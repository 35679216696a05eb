//! The charm's configuration, as operators set it with `juju config`.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::de::value::MapAccessDeserializer;

use crate::option_value::{OptionValue, SetOptions};

/// A config option whose value the charm cannot use, such as `server-port: 70000 is not a port`.
///
/// It ends the hook with the unit blocked and this text as the message.
#[derive(Debug, thiserror::Error)]
#[error("{}{message}", option.as_deref().map(|name| format!("{name}: ")).unwrap_or_default())]
pub struct ConfigError {
    /// The option's name, such as `server-port`; `None` where it is not known, as for a `#[serde(flatten)]` field.
    pub option: Option<String>,
    /// What is wrong with the value, with the value in it, such as `70000 is not a whole number from 1 to 65535`.
    pub message: String,
}

/// What `config-get --format=json` prints: the options by name, without those that are unset.
pub(crate) type Options = BTreeMap<String, Option<OptionValue>>;

/// Reads the options into the charm's own type.
pub(crate) fn read<C: DeserializeOwned>(options: Options) -> Result<C, ConfigError> {
    let set: BTreeMap<String, OptionValue> = options
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect();
    C::deserialize(MapAccessDeserializer::new(SetOptions::new(&set))).map_err(|error| {
        // Where serde has lost the name, the value at the beginning of the message tells it.
        let by_value = || {
            let told = |value| error.message.starts_with(&format!("{value} is not "));
            set.iter().find(|(_, value)| told(*value))
        };
        let option = error.option.or_else(|| Some(by_value()?.0.clone()));
        ConfigError {
            option,
            message: error.message,
        }
    })
}
