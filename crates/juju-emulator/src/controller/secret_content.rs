//! What is in a secret, and how commands are given it.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::go::keyvalues;
use crate::go::strconv::quote;

/// The most that one value may have, and all of them together, in base64.
const LARGEST: usize = 1_000_000;

/// Keys with their values in base64, as Juju keeps them. Its `Debug` shows the keys only.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SecretContent(BTreeMap<String, String>);

impl fmt::Debug for SecretContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl FromIterator<(String, String)> for SecretContent {
    /// From keys with texts, not in base64 yet.
    fn from_iter<I: IntoIterator<Item = (String, String)>>(texts: I) -> Self {
        let texts = texts.into_iter();
        Self(
            texts
                .map(|(key, text)| (key, STANDARD.encode(text)))
                .collect(),
        )
    }
}

impl SecretContent {
    /// The values in base64.
    pub(crate) fn base64(&self) -> &BTreeMap<String, String> {
        &self.0
    }

    /// The keys with their texts, such as `password` with `hunter2`.
    #[must_use]
    pub fn texts(&self) -> BTreeMap<String, String> {
        let texts = self
            .0
            .iter()
            .map(|(key, value)| (key.clone(), text_of(value)));
        texts.collect()
    }

    /// Whether there are no keys.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What a value in base64 says; one that is not in base64 is taken as it is.
pub(crate) fn text_of(value: &str) -> String {
    let bytes = STANDARD.decode(value);
    bytes.map_or_else(
        |_| value.to_owned(),
        |bytes| String::from_utf8_lossy(&bytes).into_owned(),
    )
}

impl SecretContent {
    /// Reads `key=text`, `key#base64=...` and `key#file=PATH`, and the map in a file. The error is Juju's text.
    ///
    /// Paths are taken from `directory`.
    pub(crate) fn read(
        arguments: &[String],
        file: Option<&str>,
        directory: &Path,
    ) -> Result<Self, String> {
        let mut content = Self::default();
        for argument in arguments {
            let (key, value) = argument
                .split_once('=')
                .filter(|(key, _)| !key.is_empty())
                .ok_or_else(|| format!("key value {} not valid", quote(argument)))?;
            content.insert(key, value, directory)?;
        }
        if let Some(file) = file {
            let map = keyvalues::from_yaml(&read_file(&directory.join(file))?)?;
            for (key, value) in map {
                content.insert(&key, &value, directory)?;
            }
        }
        let total: usize = content.0.values().map(String::len).sum();
        if total > LARGEST {
            return Err(format!("secret content too large: {total} bytes"));
        }
        Ok(content)
    }

    fn insert(&mut self, key: &str, value: &str, directory: &Path) -> Result<(), String> {
        let (key, form) = key.split_once('#').unwrap_or((key, ""));
        if !is_key(key) {
            return Err(format!("key {} not valid", quote(key)));
        }
        let value = match form {
            "base64" => value.to_owned(),
            "file" => STANDARD.encode(read_file(&directory.join(value))?),
            _ => STANDARD.encode(value),
        };
        if value.len() > LARGEST {
            let (key, size) = (quote(key), value.len());
            return Err(format!(
                "secret content for key {key} too large: {size} bytes"
            ));
        }
        self.0.insert(key.to_owned(), value);
        Ok(())
    }
}

/// Reads a file; the error is Go's text.
fn read_file(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| {
        let text = error.to_string();
        let text = text.split(" (os error").next().unwrap_or_default();
        format!("open {}: {}", path.display(), text.to_lowercase())
    })
}

/// `^([a-z](?:-?[a-z0-9]){2,})$`
fn is_key(key: &str) -> bool {
    let is_word = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
    let words = key.bytes().filter(|c| is_word(*c)).count();
    key.starts_with(|c: char| c.is_ascii_lowercase())
        && words >= 3
        && !key.ends_with('-')
        && !key.contains("--")
        && key.bytes().all(|c| is_word(c) || c == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_those_that_juju_takes() {
        for key in ["abc", "a-bc", "password", "a1-b2-c3"] {
            assert!(is_key(key), "{key}");
        }
        for key in [
            "", "x", "ab", "AB", "aBc", "1ab", "ab-", "a--bc", "a_bc", "-abc",
        ] {
            assert!(!is_key(key), "{key}");
        }
    }

    #[test]
    fn content_is_read_in_all_forms() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("value"), "from a file").unwrap();
        fs::write(directory.path().join("map"), "token: abc\nnumber: 7\n").unwrap();
        let read = |arguments: &[&str], file| {
            let arguments: Vec<_> = arguments.iter().map(|text| (*text).to_owned()).collect();
            SecretContent::read(&arguments, file, directory.path()).map(|content| {
                let texts = content.texts().into_iter();
                texts
                    .map(|(key, text)| format!("{key}={text}"))
                    .collect::<Vec<_>>()
                    .join(" ")
            })
        };
        let given = ["abc=x=y", "def#base64=aGk=", "ghi#file=value"];
        assert_eq!(
            read(&given, Some("map")).as_deref(),
            Ok("abc=x=y def=hi ghi=from a file number=7 token=abc")
        );
        let given_then: [(&[&str], &str); 3] = [
            (&["haha"], r#"key value "haha" not valid"#),
            (&["=haha"], r#"key value "=haha" not valid"#),
            (&["AB=x"], r#"key "AB" not valid"#),
        ];
        for (given, then) in given_then {
            assert_eq!(read(given, None), Err(then.to_owned()));
        }
        let missing = read(&[], Some("nothing")).unwrap_err();
        assert!(
            missing.ends_with("/nothing: no such file or directory"),
            "{missing}"
        );
        let long = format!("abc={}", "x".repeat(800_000));
        let refusal = read(&[&long], None).unwrap_err();
        assert_eq!(
            refusal,
            r#"secret content for key "abc" too large: 1066668 bytes"#
        );
    }
}
