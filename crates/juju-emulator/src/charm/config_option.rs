//! The options of a charm's config: their types, and the values that Juju takes for them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One config option, such as `server-port`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct ConfigOption {
    /// The type of its values; `string` when the charm does not say.
    #[serde(rename = "type", default)]
    pub kind: OptionType,
    /// The value that counts until the operator sets one; `None` leaves the option unset.
    #[serde(default)]
    pub default: Option<Value>,
    /// What the option does, for the operator.
    #[serde(default)]
    pub description: String,
}

/// The type of a config option.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum OptionType {
    /// Text.
    #[default]
    String,
    /// A whole number of 64 bits.
    Int,
    /// A floating-point number.
    Float,
    /// `true` or `false`.
    Boolean,
    /// The URI of a secret, `secret:…`.
    Secret,
}

/// Why Juju refuses a value for a config option; the text is Juju's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OptionError {
    /// The charm has no such option.
    #[error("unknown option \"{0}\"")]
    Unknown(String),
    /// The value is not the URI of a secret.
    #[error("invalid secret URI for option \"{name}\": secret URI {uri} not valid")]
    Secret {
        /// The option's name.
        name: String,
        /// The value, in quotes.
        uri: String,
    },
    /// The value does not have the option's type.
    #[error("option \"{name}\" expected {expected}, got {got}")]
    WrongType {
        /// The option's name.
        name: String,
        /// The option's type.
        expected: OptionType,
        /// The value, text in quotes.
        got: String,
    },
}

impl std::fmt::Display for OptionType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::String => "string",
            Self::Int => "int",
            Self::Float => "float",
            Self::Boolean => "boolean",
            Self::Secret => "secret",
        })
    }
}

impl ConfigOption {
    /// Reads a value given as text, as `juju config app server-port=8080` does.
    pub(crate) fn parse(&self, name: &str, text: &str) -> Result<Value, OptionError> {
        let value = match self.kind {
            OptionType::String => Some(Value::from(text)),
            OptionType::Int => text.parse::<i64>().ok().map(Value::from),
            OptionType::Float => text
                .parse::<f64>()
                .ok()
                .filter(|number| number.is_finite())
                .map(Value::from),
            OptionType::Boolean => match text {
                "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true.into()),
                "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false.into()),
                _ => None,
            },
            OptionType::Secret => {
                (text.is_empty() || text.starts_with("secret:")).then(|| text.into())
            }
        };
        value.ok_or_else(|| self.wrong_type(name, &Value::from(text)))
    }

    /// Checks a value that has a type already, from YAML or JSON, and brings it into the form that Juju keeps.
    pub(crate) fn check(&self, name: &str, value: &Value) -> Result<Value, OptionError> {
        let fits = match self.kind {
            OptionType::String => value.is_string(),
            OptionType::Secret => value
                .as_str()
                .is_some_and(|text| text.is_empty() || text.starts_with("secret:")),
            OptionType::Boolean => value.is_boolean(),
            OptionType::Int => value.is_i64(),
            OptionType::Float => value.is_number(),
        };
        if !fits {
            return Err(self.wrong_type(name, value));
        }
        Ok(match self.kind {
            OptionType::Float => value.as_f64().map_or_else(|| value.clone(), Value::from),
            _ => value.clone(),
        })
    }

    /// The default in the form that Juju keeps, `None` when there is none.
    pub(crate) fn checked_default(&self, name: &str) -> Result<Option<Value>, OptionError> {
        let spelled_out = match self.kind {
            OptionType::Boolean => self.default.as_ref().and_then(spelled_out_bool),
            _ => None,
        };
        let default = spelled_out
            .map(Value::from)
            .or_else(|| self.default.clone());
        default
            .map(|default| self.check(name, &default))
            .transpose()
    }

    fn wrong_type(&self, name: &str, value: &Value) -> OptionError {
        if self.kind == OptionType::Secret && value.is_string() {
            return OptionError::Secret {
                name: name.to_owned(),
                uri: value.to_string(),
            };
        }
        OptionError::WrongType {
            name: name.to_owned(),
            expected: self.kind,
            got: value.to_string(),
        }
    }
}

/// `yes`, `no`, `on` and `off` are booleans in the YAML that Juju reads.
fn spelled_out_bool(value: &Value) -> Option<bool> {
    match value.as_str()? {
        "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(true),
        "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}
