//! The options of a charm's config: their types, and the values that Juju takes for them.

use serde::Serialize;
use serde_json::Value;

use crate::go::strconv::{parse_bool, parse_int};

/// One config option, such as `server-port`.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfigOption {
    /// The type of its values; `string` when the charm does not say.
    pub kind: OptionType,
    /// The value that counts until the operator sets one; `None` leaves the option unset.
    pub default: Option<Value>,
    /// What the option does, for the operator.
    pub description: String,
}

/// The type of a config option.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
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

impl OptionType {
    /// The type that a charm calls by this name; one without a name is `string`.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "string" | "" => Self::String,
            "int" => Self::Int,
            "float" => Self::Float,
            "boolean" => Self::Boolean,
            "secret" => Self::Secret,
            _ => return None,
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
            OptionType::Boolean => parse_bool(text).ok().map(Value::from),
            OptionType::Secret => {
                (text.is_empty() || text.starts_with("secret:")).then(|| text.into())
            }
        };
        value.ok_or_else(|| self.wrong_type(name, &Value::from(text)))
    }

    /// Checks a value as a hook sees it, and brings it into the form that Juju keeps: a float is none without its point.
    pub(crate) fn check(&self, name: &str, value: &Value) -> Result<Value, OptionError> {
        let may_be_text = matches!(self.kind, OptionType::String | OptionType::Secret);
        if value.is_string() && !may_be_text {
            return Err(self.wrong_type(name, value));
        }
        self.coerce(name, value)
    }

    /// Brings a value that has a type already, from YAML or an older revision of the charm, into the form that Juju keeps: for an
    /// int and a boolean that may be text, `"0x10"` or `"true"`.
    pub(crate) fn coerce(&self, name: &str, value: &Value) -> Result<Value, OptionError> {
        let text = value.as_str();
        let coerced = match self.kind {
            OptionType::String => text.map(Value::from),
            OptionType::Secret => text
                .filter(|text| text.is_empty() || text.starts_with("secret:"))
                .map(Value::from),
            OptionType::Boolean => match text {
                Some(text) => parse_bool(text).ok(),
                None => value.as_bool(),
            }
            .map(Value::from),
            OptionType::Int => match text {
                Some(text) => parse_int(text).and_then(|number| i64::try_from(number).ok()),
                None => value.as_i64(),
            }
            .map(Value::from),
            OptionType::Float => value.as_f64().map(Value::from),
        };
        coerced.ok_or_else(|| self.wrong_type(name, value))
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
