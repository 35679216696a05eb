//! The value of a config option on its way into the charm's own type, and in an operator's words what is wrong with it.

use std::collections::{BTreeMap, btree_map};
use std::fmt;

use serde::de::value::StringDeserializer;
use serde::de::{
    self, DeserializeSeed, Deserializer, Expected, IntoDeserializer, MapAccess, Unexpected, Visitor,
};
use serde::{Deserialize, forward_to_deserialize_any};

/// The longest text that a message shows whole, in characters.
const LONGEST_TEXT: usize = 60;

/// The value of an option, in the types that Juju has.
#[derive(Clone, Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "the value of an option is a boolean, a number or a string"
)]
pub(crate) enum OptionValue {
    Boolean(bool),
    Number(serde_json::Number),
    Text(String),
}

/// The options that are set, on their way into the fields of a struct.
pub(crate) struct SetOptions<'a> {
    rest: btree_map::Iter<'a, String, OptionValue>,
    current: Option<(&'a str, &'a OptionValue)>,
}

/// Why a value does not fit its field.
#[derive(Debug)]
pub(crate) struct OptionProblem {
    pub(crate) option: Option<String>,
    pub(crate) message: String,
}

impl<'a> SetOptions<'a> {
    pub(crate) fn new(options: &'a BTreeMap<String, OptionValue>) -> Self {
        Self {
            rest: options.iter(),
            current: None,
        }
    }
}

impl<'de> MapAccess<'de> for SetOptions<'_> {
    type Error = OptionProblem;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, OptionProblem> {
        self.current = self.rest.next().map(|(name, value)| (&**name, value));
        self.current
            .map(|(name, _)| seed.deserialize(name.into_deserializer()))
            .transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, OptionProblem> {
        let Some((name, value)) = self.current else {
            return Err(de::Error::custom("a value is asked for before its option"));
        };
        seed.deserialize(value.clone()).map_err(|error| {
            let message = if value.is_in(&error.message) {
                error.message
            } else {
                format!("{value}: {}", error.message)
            };
            OptionProblem {
                option: Some(name.to_owned()),
                message,
            }
        })
    }
}

impl<'de> Deserializer<'de> for OptionValue {
    type Error = OptionProblem;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, OptionProblem> {
        match self {
            OptionValue::Boolean(value) => visitor.visit_bool(value),
            OptionValue::Number(value) => match (value.as_u64(), value.as_i64(), value.as_f64()) {
                (Some(value), ..) => visitor.visit_u64(value),
                (_, Some(value), _) => visitor.visit_i64(value),
                (.., value) => visitor.visit_f64(value.unwrap_or(f64::NAN)),
            },
            OptionValue::Text(value) => visitor.visit_string(value),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, OptionProblem> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, OptionProblem> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, OptionProblem> {
        match self {
            OptionValue::Text(text) => {
                StringDeserializer::new(text).deserialize_enum(name, variants, visitor)
            }
            value => Err(not_one_of(&value.to_string(), variants)),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct map struct identifier ignored_any
    }
}

impl de::Error for OptionProblem {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self {
            option: None,
            message: message.to_string(),
        }
    }

    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let value = shown(unexpected);
        Self::custom(format_args!(
            "{value} is not {}",
            in_words(&expected.to_string())
        ))
    }

    fn invalid_value(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(unexpected, expected)
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        not_one_of(&quoted(variant), expected)
    }

    fn unknown_field(option: &str, _expected: &'static [&'static str]) -> Self {
        Self {
            option: Some(option.to_owned()),
            message: "the charm does not know this option".to_owned(),
        }
    }

    fn missing_field(option: &'static str) -> Self {
        Self {
            option: Some(option.to_owned()),
            message: "no value is set; choose one with `juju config`".to_owned(),
        }
    }
}

impl std::error::Error for OptionProblem {}

impl fmt::Display for OptionProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl OptionValue {
    /// Whether a message tells the value; a number must be a word of its own.
    fn is_in(&self, message: &str) -> bool {
        let shown = self.to_string();
        match self {
            Self::Text(text) => {
                message.contains(&shown) || !text.is_empty() && message.contains(text)
            }
            _ => message
                .split(|letter: char| letter.is_whitespace() || "\"'`:;,()".contains(letter))
                .any(|word| word == shown),
        }
    }
}

impl fmt::Display for OptionValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&match self {
            Self::Boolean(value) => value.to_string(),
            Self::Number(value) => match value.as_f64() {
                Some(float) if value.is_f64() => shown(Unexpected::Float(float)),
                _ => value.to_string(),
            },
            Self::Text(text) => quoted(text),
        })
    }
}

fn not_one_of(value: &str, names: &[&str]) -> OptionProblem {
    de::Error::custom(format_args!("{value} is not one of {}", names.join(", ")))
}

/// A value as the operator wrote it.
fn shown(value: Unexpected<'_>) -> String {
    match value {
        Unexpected::Bool(value) => value.to_string(),
        Unexpected::Unsigned(value) => value.to_string(),
        Unexpected::Signed(value) => value.to_string(),
        Unexpected::Float(value) if value.abs() < 1e21 => value.to_string(),
        Unexpected::Float(value) => format!("{value:e}"),
        Unexpected::Char(value) => quoted(&value.to_string()),
        Unexpected::Str(value) => quoted(value),
        other => other.to_string(),
    }
}

fn quoted(text: &str) -> String {
    match text.char_indices().nth(LONGEST_TEXT) {
        Some((end, _)) => format!("{:?}…", &text[..end]),
        None => format!("{text:?}"),
    }
}

/// What a field expects, where Rust's name of its type would tell an operator nothing.
fn in_words(expected: &str) -> String {
    let (integer, lowest) = match expected.strip_prefix("a nonzero ") {
        Some(integer) => (integer, 1_i128),
        None => (expected, 0),
    };
    let (from, to) = match integer {
        "u8" => (lowest, i128::from(u8::MAX)),
        "u16" => (lowest, u16::MAX.into()),
        "u32" => (lowest, u32::MAX.into()),
        "u64" | "usize" => (lowest, u64::MAX.into()),
        "i8" => (i8::MIN.into(), i8::MAX.into()),
        "i16" => (i16::MIN.into(), i16::MAX.into()),
        "i32" => (i32::MIN.into(), i32::MAX.into()),
        "i64" | "isize" => (i64::MIN.into(), i64::MAX.into()),
        "u128" | "i128" => return "a whole number".to_owned(),
        "f32" | "f64" => return "a number".to_owned(),
        "a boolean" => return "true or false".to_owned(),
        "a string" => return "a text".to_owned(),
        "path string" => return "a path".to_owned(),
        _ => return expected.to_owned(),
    };
    let but_zero = if from < 0 && lowest == 1 {
        " but 0"
    } else {
        ""
    };
    format!("a whole number from {from} to {to}{but_zero}")
}
