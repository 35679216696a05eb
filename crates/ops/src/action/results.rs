//! What an action has to show for itself.

use std::collections::BTreeMap;

use anyhow::anyhow;
use serde::Serialize;
use serde_json::Value;

use crate::error::{Error, Result};
use crate::hook_command::HookCommand;

/// The results that Juju itself sets.
const RESERVED: [&str; 4] = ["stdout", "stderr", "stdout-encoding", "stderr-encoding"];

/// What an action has to show for itself, as `juju run` prints it: `action-set size=7 took=3s`.
///
/// A key with dots is one in a map: `file.size`. Between dots there are lowercase letters, digits and hyphens, with no hyphen
/// at an end; and `stdout`, `stderr`, `stdout-encoding` and `stderr-encoding` are Juju's own. With other keys the action fails,
/// and Juju is asked for nothing.
///
/// ```
/// let results = ops::ActionResults::from([("file.size", "7"), ("took", "3s")]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActionResults(BTreeMap<String, String>);

impl<K: Into<String>, V: Into<String>, const N: usize> From<[(K, V); N]> for ActionResults {
    fn from(results: [(K, V); N]) -> Self {
        results.into_iter().collect()
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for ActionResults {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(results: I) -> Self {
        let results = results.into_iter();
        Self(
            results
                .map(|(key, value)| (key.into(), value.into()))
                .collect(),
        )
    }
}

impl ActionResults {
    /// Takes them from the fields of a struct, or the entries of a map: texts, numbers, truth values, and structs of them. A
    /// field that is none is left out.
    ///
    /// ```
    /// #[derive(serde::Serialize)]
    /// struct Backup {
    ///     file: File,
    ///     took: Option<f64>,
    /// }
    ///
    /// #[derive(serde::Serialize)]
    /// #[serde(rename_all = "kebab-case")]
    /// struct File {
    ///     size_in_bytes: u64,
    ///     #[serde(with = "ops::json")]
    ///     parts: Vec<u8>,
    /// }
    ///
    /// let file = File { size_in_bytes: 7, parts: vec![1, 2] };
    /// let results = ops::ActionResults::of(&Backup { file, took: None })?;
    /// let then = [("file.size-in-bytes", "7"), ("file.parts", "[1,2]")];
    /// assert_eq!(results, ops::ActionResults::from(then));
    /// # Ok::<(), ops::Error>(())
    /// ```
    ///
    /// # Errors
    /// When it is something else, or has a list: mark that field `#[serde(with = "ops::json")]`.
    pub fn of<T: Serialize + ?Sized>(results: &T) -> Result<Self> {
        let value = serde_json::to_value(results)
            .map_err(|error| Error::Other(anyhow!("the action's results: {error}")))?;
        if !value.is_object() {
            let what = "the action's results are no struct and no map";
            return Err(Error::Other(anyhow!(what)));
        }
        let mut texts = BTreeMap::new();
        add(&mut texts, "", value)?;
        Ok(Self(texts))
    }

    /// Refuses keys that Juju would refuse, before it is asked for anything.
    pub(crate) fn check(&self) -> Result<()> {
        let wrong = |why: String| Err(Error::Other(anyhow!("the action's result {why}")));
        for key in self.0.keys() {
            if !key.split('.').all(is_key) {
                return wrong(format!(
                    "{key:?} has a key that Juju does not take: between dots there may be lowercase letters, digits and hyphens, with no hyphen at an end; in a struct, try #[serde(rename_all = \"kebab-case\")]"
                ));
            }
            if let Some(part) = key.split('.').find(|part| RESERVED.contains(part)) {
                return wrong(format!("{key:?} cannot be set: Juju sets {part} itself"));
            }
            let within = format!("{key}.");
            if let Some(inner) = self.0.keys().find(|other| other.starts_with(&within)) {
                return wrong(format!("{key:?} is a text, and a map with {inner:?}"));
            }
        }
        Ok(())
    }

    /// The command that shows them, if there is anything to show.
    pub(crate) fn command(&self) -> Option<HookCommand> {
        let set = |command: HookCommand, (key, value)| command.arg(&format!("{key}={value}"));
        (!self.0.is_empty()).then(|| {
            self.0
                .iter()
                .fold(HookCommand::new("action-set").arg("--"), set)
        })
    }
}

/// Whether Juju takes a text as the part of a key between dots.
fn is_key(text: &str) -> bool {
    let is_alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let ends = [text.bytes().next(), text.bytes().last()];
    ends.into_iter().all(|end| end.is_some_and(is_alphanumeric))
        && text
            .bytes()
            .all(|byte| is_alphanumeric(byte) || byte == b'-')
}

/// Adds a value under a key; what is in a map, under its keys behind a dot.
fn add(texts: &mut BTreeMap<String, String>, key: &str, value: Value) -> Result<()> {
    let text = match value {
        Value::Null => return Ok(()),
        Value::Bool(value) => value.to_string(),
        Value::Number(value) => value.to_string(),
        Value::String(value) => value,
        Value::Array(_) => {
            return Err(Error::Other(anyhow!(
                "the action's result {key:?} is a list; mark it #[serde(with = \"ops::json\")]"
            )));
        }
        Value::Object(fields) => {
            let dot = if key.is_empty() { "" } else { "." };
            return fields
                .into_iter()
                .try_for_each(|(name, value)| add(texts, &format!("{key}{dot}{name}"), value));
        }
    };
    texts.insert(key.to_owned(), text);
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refusal(results: &Value) -> String {
        let checked = ActionResults::of(results).and_then(|results| results.check());
        checked.unwrap_err().to_string()
    }

    #[test]
    fn maps_become_keys_with_dots() {
        let results = json!({"a": {"b": 1, "c": {"d": true}}, "e": "x", "f": null, "g": {}});
        let command = ActionResults::of(&results).unwrap().command().unwrap();
        assert_eq!(
            format!("{command:?}"),
            "`action-set -- a.b=1 a.c.d=true e=x`"
        );
    }

    #[test]
    fn what_juju_does_not_take_is_refused() {
        let given_then = [
            (
                json!({"took_s": 1}),
                "\"took_s\" has a key that Juju does not take",
            ),
            (
                json!({"a": {"B": 1}}),
                "\"a.B\" has a key that Juju does not take",
            ),
            (json!({"-a": 1}), "\"-a\" has a key that Juju does not take"),
            (
                json!({"a..b": 1}),
                "\"a..b\" has a key that Juju does not take",
            ),
            (json!({"": 1}), "\"\" has a key that Juju does not take"),
            (
                json!({"stdout": 1}),
                "\"stdout\" cannot be set: Juju sets stdout itself",
            ),
            (
                json!({"a": {"stderr-encoding": 1}}),
                "\"a.stderr-encoding\" cannot be set",
            ),
            (
                json!({"a": 1, "a.b": 2}),
                "\"a\" is a text, and a map with \"a.b\"",
            ),
            (json!({"a": [1]}), "\"a\" is a list; mark it #[serde(with"),
        ];
        for (given, then) in given_then {
            let refusal = refusal(&given);
            let then = format!("the action's result {then}");
            assert!(refusal.starts_with(&then), "{given}: {refusal}");
        }
        let then = "the action's results are no struct and no map";
        assert_eq!(refusal(&json!(7)), then);
    }
}
