//! Reads a flat map of texts into a type. Its errors never show a text, which may be a secret.

use std::collections::BTreeMap;
use std::collections::btree_map::Iter;
use std::fmt::Display;

use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error, Expected, IntoDeserializer as _,
    MapAccess, Unexpected, Visitor,
};
use serde::forward_to_deserialize_any;

/// What one application or unit has published: keys with their texts.
pub(crate) type Texts = BTreeMap<String, String>;

pub(crate) fn read<T: DeserializeOwned>(texts: &Texts) -> Result<T, Problem> {
    T::deserialize(Data(texts))
}

/// Why texts cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Problem {
    #[error("{0} is missing")]
    Missing(&'static str),
    #[error("expected {expected}")]
    Invalid {
        key: Option<String>,
        expected: String,
    },
}

impl Problem {
    fn expected(expected: impl Display) -> Self {
        Self::Invalid {
            key: None,
            expected: expected.to_string(),
        }
    }

    fn at(self, at: &str) -> Self {
        match self {
            Self::Missing(_) => self,
            Self::Invalid { key, expected } => Self::Invalid {
                key: key.or_else(|| Some(at.to_owned())),
                expected,
            },
        }
    }
}

impl Error for Problem {
    /// What a type says by itself may hold the text, so it is not told.
    fn custom<T: Display>(_: T) -> Self {
        Self::expected("something else")
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::expected(expected)
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::expected(expected)
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::expected(expected.join(" or "))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::Missing(field)
    }
}

struct Data<'a>(&'a Texts);

impl<'de> Deserializer<'de> for Data<'_> {
    type Error = Problem;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        visitor.visit_map(Entries {
            entries: self.0.iter(),
            current: None,
        })
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Problem> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

struct Entries<'a> {
    entries: Iter<'a, String, String>,
    current: Option<(&'a str, &'a str)>,
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Problem;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Problem> {
        self.current = self.entries.next().map(|(key, text)| (&**key, &**text));
        let key = self.current.map(|(key, _)| key.into_deserializer());
        key.map(|key: StrDeserializer<'_, Problem>| seed.deserialize(key))
            .transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Problem> {
        let (key, text) = self.current.unwrap_or_default();
        seed.deserialize(Text(text)).map_err(|error| error.at(key))
    }
}

struct Text<'a>(&'a str);

/// Numbers are read from their text.
macro_rules! deserialize_number {
    ($expected:expr => $($deserialize:ident $visit:ident $number:ty),*) => {$(
        fn $deserialize<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
            let number = self.0.trim().parse::<$number>();
            let expected = |_| Problem::expected($expected(<$number>::MIN, <$number>::MAX));
            visitor.$visit(number.map_err(expected)?)
        }
    )*};
}

fn whole_number(from: impl Display, to: impl Display) -> String {
    format!("a whole number from {from} to {to}")
}

fn any_number(_: impl Display, _: impl Display) -> &'static str {
    "a number"
}

impl<'de> Deserializer<'de> for Text<'_> {
    type Error = Problem;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        visitor.visit_str(self.0)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.0.trim() {
            "true" | "True" => visitor.visit_bool(true),
            "false" | "False" => visitor.visit_bool(false),
            _ => Err(Problem::expected("true or false")),
        }
    }

    deserialize_number! { whole_number =>
        deserialize_i8 visit_i8 i8, deserialize_i16 visit_i16 i16, deserialize_i32 visit_i32 i32,
        deserialize_i64 visit_i64 i64, deserialize_i128 visit_i128 i128, deserialize_u8 visit_u8 u8,
        deserialize_u16 visit_u16 u16, deserialize_u32 visit_u32 u32, deserialize_u64 visit_u64 u64,
        deserialize_u128 visit_u128 u128
    }

    deserialize_number! { any_number => deserialize_f32 visit_f32 f32, deserialize_f64 visit_f64 f64 }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Problem> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        let variant: StrDeserializer<'_, Problem> = self.0.into_deserializer();
        visitor.visit_enum(variant)
    }

    forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}
