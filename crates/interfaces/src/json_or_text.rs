//! Texts that are JSON, or, as older charms write them, the plain text of a string: `"web"` and `web`.

use serde::de::value::{StrDeserializer, StringDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer as _};
use serde::{Deserialize as _, Deserializer, Serialize, Serializer};

/// Writes a value as JSON.
pub(crate) fn serialize<T: Serialize, S: Serializer>(
    value: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    ops::json::serialize(value, serializer)
}

/// Reads a value from its JSON, or else from the text itself.
pub(crate) fn deserialize<'de, T: DeserializeOwned, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    let text = String::deserialize(deserializer)?;
    let json: StrDeserializer<'_, D::Error> = text.as_str().into_deserializer();
    ops::json::deserialize(json).or_else(|_: D::Error| {
        let plain: StringDeserializer<D::Error> = text.into_deserializer();
        T::deserialize(plain)
    })
}

/// A value that may be missing, for which there may also be JSON's `null`.
pub(crate) mod option {
    use serde::de::value::StringDeserializer;
    use serde::de::{DeserializeOwned, IntoDeserializer as _};
    use serde::{Deserialize as _, Deserializer, Serialize, Serializer};

    /// Writes a value as JSON, and none as a key that is not there.
    #[expect(clippy::ref_option, reason = "serde hands over a field as it is")]
    pub(crate) fn serialize<T: Serialize, S: Serializer>(
        value: &Option<T>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => ops::json::serialize(value, serializer),
            None => serializer.serialize_none(),
        }
    }

    /// Reads a value from its JSON, or else from the text itself.
    pub(crate) fn deserialize<'de, T: DeserializeOwned, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<T>, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.trim() == "null" {
            return Ok(None);
        }
        let text: StringDeserializer<D::Error> = text.into_deserializer();
        crate::json_or_text::deserialize(text).map(Some)
    }
}
