//! Fields of relation data that are JSON inside a text: `#[serde(with = "ops::json")]`.
//!
//! ```
//! #[derive(serde::Serialize, serde::Deserialize)]
//! struct Published {
//!     #[serde(with = "ops::json")]
//!     endpoints: Vec<String>, // the text ["10.0.0.1:80", "10.0.0.2:80"]
//! }
//! ```

use serde::de::{DeserializeOwned, Error as _, Unexpected};
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Writes a value as the text of its JSON.
///
/// # Errors
/// When it has no JSON, such as a map whose keys are no strings.
pub fn serialize<T: Serialize, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    let text = serde_json::to_string(value).map_err(S::Error::custom)?;
    serializer.serialize_str(&text)
}

/// Reads a value from the text of its JSON.
///
/// # Errors
/// When the text is not such JSON; the error says where, and not what is there.
pub fn deserialize<'de, T: DeserializeOwned, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    let text = String::deserialize(deserializer)?;
    serde_json::from_str(&text).map_err(|error| {
        let expected = format!(
            "other JSON at line {}, column {}",
            error.line(),
            error.column()
        );
        D::Error::invalid_value(Unexpected::Other("JSON"), &expected.as_str())
    })
}
