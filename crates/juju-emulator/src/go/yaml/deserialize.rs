//! YAML as Go's library reads it into what a program declares.

use std::fmt;

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{DeserializeOwned, Deserializer, Error, IntoDeserializer, Unexpected, Visitor};
use serde::forward_to_deserialize_any;

use crate::go::yaml::node::{Node, parse};
use crate::go::yaml::resolve::Resolved;

/// What is wrong with a YAML document, and on which line or at which key: `options.port.default: …`.
#[derive(Debug, PartialEq, Eq)]
pub struct YamlError(String);

impl fmt::Display for YamlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for YamlError {}

impl Error for YamlError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

/// Reads the first document of a text. As in Go, of a key that comes twice the last one counts, and a string is what the file
/// says, be it `yes` or `010`.
pub(crate) fn read<T: DeserializeOwned>(text: &str) -> Result<T, YamlError> {
    let node = parse(text).map_err(YamlError)?;
    serde_path_to_error::deserialize(node).map_err(|error| {
        let path = error.path().to_string();
        let YamlError(why) = error.into_inner();
        YamlError(if path == "." {
            why
        } else {
            format!("{path}: {why}")
        })
    })
}

/// What is left of a mapping whose keys come more than once. In a struct, mappings under one key are put together.
fn last_of_each(fields: Vec<(String, Node)>, of_struct: bool) -> Vec<(String, Node)> {
    let mut last: Vec<(String, Node)> = Vec::new();
    let mut places = std::collections::HashMap::new();
    for (key, value) in fields {
        let place = *places.entry(key.clone()).or_insert(last.len());
        match (last.get_mut(place), value) {
            (Some((_, Node::Mapping(before))), Node::Mapping(more)) if of_struct => {
                before.extend(more);
            }
            (Some(field), value) => field.1 = value,
            (None, value) => last.push((key, value)),
        }
    }
    last
}

impl IntoDeserializer<'_, YamlError> for Node {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Node {
    type Error = YamlError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, YamlError> {
        match self {
            Self::Scalar { text, value } => match value {
                Resolved::Null => visitor.visit_unit(),
                Resolved::Bool(value) => visitor.visit_bool(value),
                Resolved::Int(number) => visitor.visit_i64(number),
                Resolved::Uint(number) => visitor.visit_u64(number),
                Resolved::Float(number) if number.is_finite() => visitor.visit_f64(number),
                Resolved::Float(_) => Err(Error::custom(format!("{text} is no finite number"))),
                Resolved::Timestamp | Resolved::Text => visitor.visit_string(text),
            },
            Self::Sequence(items) => visitor.visit_seq(SeqDeserializer::new(items.into_iter())),
            Self::Mapping(fields) => {
                let fields = last_of_each(fields, false);
                visitor.visit_map(MapDeserializer::new(fields.into_iter()))
            }
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, YamlError> {
        match self {
            Self::Scalar {
                value: Resolved::Null,
                ..
            } => visitor.visit_str(""),
            Self::Scalar { text, .. } => visitor.visit_string(text),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, YamlError> {
        self.deserialize_string(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, YamlError> {
        match self {
            Self::Scalar {
                value: Resolved::Null,
                ..
            } => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, YamlError> {
        match self {
            Self::Scalar {
                value: Resolved::Null,
                ..
            } => Self::Mapping(Vec::new()).deserialize_any(visitor),
            Self::Mapping(fields) => {
                let fields = last_of_each(fields, true);
                visitor.visit_map(MapDeserializer::new(fields.into_iter()))
            }
            // Not by position.
            Self::Sequence(_) => Err(Error::invalid_type(Unexpected::Seq, &visitor)),
            Self::Scalar { .. } => self.deserialize_any(visitor),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, YamlError> {
        match self {
            Self::Scalar {
                value: Resolved::Null,
                ..
            } => Self::Mapping(Vec::new()).deserialize_any(visitor),
            _ => self.deserialize_any(visitor),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;
    use serde_json::{Value, json};

    use super::read;

    #[derive(Deserialize)]
    struct Config {
        options: BTreeMap<String, Option>,
    }

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct Option {
        default: Value,
        description: String,
    }

    #[test]
    fn values_are_what_go_reads() {
        for (text, value) in [
            ("", json!(null)),
            (
                "\u{feff}a: 1\r\nb: \ttext\t# no text\r\n",
                json!({"a": 1, "b": "text"}),
            ),
            (
                "%YAML 1.1\n---\na: plain\n  goes on\n",
                json!({"a": "plain goes on"}),
            ),
            (
                "- a\n-\n  b: \"\\u263a\\x41\"\n",
                json!(["a", {"b": "\u{263a}A"}]),
            ),
            ("# nothing", json!(null)),
            (
                "a: yes\nb: 'yes'\nc: !!str yes",
                json!({"a": true, "b": "yes", "c": "yes"}),
            ),
            (
                "[8_000, 010, 0x1F, 1.5, 1e3]",
                json!([8000, 8, 31, 1.5, 1000.0]),
            ),
            (
                "[2024-01-01, 12:30, !mine 5]",
                json!(["2024-01-01", "12:30", "5"]),
            ),
            ("{a: , b: ~}", json!({"a": null, "b": null})),
            ("a: 1\na: 2", json!({"a": 2})),
            ("1: {yes: no}", json!({"1": {"yes": false}})),
            (
                "x: &x {a: 1, b: 1}\ny: {<<: *x, b: 2}",
                json!({"x": {"a": 1, "b": 1}, "y": {"a": 1, "b": 2}}),
            ),
            ("{<<: [{a: 1}, {a: 2, b: 2}]}", json!({"a": 1, "b": 2})),
            (
                "a: |\n  two\n  lines\nb: >-\n  one\n  line",
                json!({"a": "two\nlines\n", "b": "one line"}),
            ),
            ("first: 1\n---\nsecond: [", json!({"first": 1})),
        ] {
            assert_eq!(read::<Value>(text).unwrap(), value, "{text}");
        }
    }

    #[test]
    fn a_string_is_what_the_file_says_and_null_is_an_empty_struct() {
        let text = "one: {description: on, default: on}\ntwo:\nthree: {description: }\n";
        let options: BTreeMap<String, Option> = read(text).unwrap();
        assert_eq!(options["one"].description, "on");
        assert_eq!(options["one"].default, true);
        assert_eq!(options["two"], Option::default());
        assert_eq!(options["three"], Option::default());
    }

    #[test]
    fn what_comes_twice_is_put_together_in_a_struct_and_else_replaced() {
        let text = "options: {a: {default: 1, description: x}, b: {}}\noptions: {a: {default: 2}}";
        let options = read::<Config>(text).unwrap().options;
        assert_eq!(options.len(), 2);
        assert_eq!(options["a"].default, 2);
        assert_eq!(options["a"].description, "");
    }

    #[test]
    fn errors_say_where() {
        let read = |text| {
            read::<BTreeMap<String, Option>>(text)
                .unwrap_err()
                .to_string()
        };
        assert!(read("one: {description: [1]}").starts_with("one.description: invalid type"));
        assert!(read("one: [1, text]").starts_with("one: invalid type: sequence"));
        assert!(read("one: {default: .inf}").starts_with("one.default: .inf is no finite"));
        assert!(read("one: {").starts_with("line "));
    }
}
