//! What is in a secret.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

/// What is in a secret: keys with their texts, such as `password` with `hunter2`.
///
/// Nothing shows the texts by accident: `Debug` tells the keys alone, and memory is overwritten when it is let go. Juju
/// takes keys of at least three small letters, digits and dashes.
///
/// ```
/// use ops::SecretContent;
///
/// let content = SecretContent::from([("user", "admin"), ("password", "hunter2")]);
/// assert_eq!(content.get("password"), Some("hunter2"));
/// assert_eq!(format!("{content:?}"), r#"SecretContent {"password", "user"}"#);
/// ```
///
/// It cannot be serialized, and so not be published in a relation; its [`SecretId`](crate::SecretId) can:
///
/// ```compile_fail
/// fn publish(relation: &ops::Relation<'_>, content: ops::SecretContent) -> ops::Result<()> {
///     relation.set_unit_data(&content)
/// }
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SecretContent {
    texts: BTreeMap<String, Zeroizing<String>>,
}

impl SecretContent {
    /// The text of a key, such as `hunter2` of `password`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.texts.get(key).map(|text| text.as_str())
    }

    /// The keys, sorted, such as `password` and `user`.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.texts.keys().map(String::as_str)
    }

    /// The keys with their texts, for the file that Juju reads.
    pub(crate) fn texts(&self) -> BTreeMap<&str, &str> {
        let texts = self.texts.iter();
        texts.map(|(key, text)| (&**key, text.as_str())).collect()
    }

    /// The first key that Juju would not take.
    pub(crate) fn bad_key(&self) -> Option<&str> {
        self.keys().find(|key| !is_key(key))
    }
}

impl<K: Into<String>, T: Into<String>> FromIterator<(K, T)> for SecretContent {
    fn from_iter<I: IntoIterator<Item = (K, T)>>(texts: I) -> Self {
        let texts = texts.into_iter();
        Self {
            texts: texts
                .map(|(key, text)| (key.into(), Zeroizing::new(text.into())))
                .collect(),
        }
    }
}

impl<K: Into<String>, T: Into<String>, const N: usize> From<[(K, T); N]> for SecretContent {
    fn from(texts: [(K, T); N]) -> Self {
        texts.into_iter().collect()
    }
}

impl fmt::Debug for SecretContent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecretContent ")?;
        formatter.debug_set().entries(self.texts.keys()).finish()
    }
}

/// What `secret-get` prints.
impl<'de> Deserialize<'de> for SecretContent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        BTreeMap::<String, String>::deserialize(deserializer).map(Self::from_iter)
    }
}

/// `^([a-z](?:-?[a-z0-9]){2,})$`
fn is_key(key: &str) -> bool {
    let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    key.starts_with(|c: char| c.is_ascii_lowercase())
        && key
            .split('-')
            .all(|word| !word.is_empty() && word.chars().all(is_word))
        && key.chars().filter(|c| is_word(*c)).count() >= 3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_those_that_juju_takes() {
        for key in ["abc", "a-b-c", "password", "key2"] {
            assert!(is_key(key), "{key}");
        }
        for key in [
            "", "ab", "a-b", "AB", "aBc", "2ab", "ab-", "-abc", "a--bc", "a_bc",
        ] {
            assert!(!is_key(key), "{key}");
        }
    }
}
