//! The charm's configuration, as operators set it with `juju config`.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::Value;

/// What `config-get --format=json` prints: the options by name, without those that are unset.
pub(crate) type Options = BTreeMap<String, Value>;

/// A config option whose value the charm cannot use, such as `server-port: 70000 is not a port`.
///
/// It ends the hook with the unit blocked and this text as the message.
#[derive(Debug, thiserror::Error)]
#[error("{}{message}", option.as_deref().map(|name| format!("{name}: ")).unwrap_or_default())]
pub struct ConfigError {
    /// The option's name, such as `server-port`; `None` where the message names it, as in ``missing field `name` ``.
    pub option: Option<String>,
    /// What is wrong with the value, with the value in it.
    pub message: String,
}

/// Reads the options into the charm's own type.
pub(crate) fn read<C: DeserializeOwned>(options: Options) -> Result<C, ConfigError> {
    serde_path_to_error::deserialize(Value::from_iter(options)).map_err(|error| {
        let option = Some(error.path().to_string()).filter(|path| path != ".");
        let message = error.into_inner().to_string();
        ConfigError { option, message }
    })
}
