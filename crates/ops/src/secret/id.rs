//! The ids of secrets.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use serde::{Deserialize, Serialize, Serializer};

/// A secret as Juju names it, such as `secret:9m4e2mr0ui3e8a215n4g`; never its content.
///
/// It is read from all three forms that Juju writes, of which the one with a model is kept: `secret:ID`,
/// `secret://MODEL/ID` and the bare `ID`. Ids are unique beyond a model, so two that differ in the model alone are equal.
///
/// It can be a field of what a charm reads and publishes in relations, and of its config, for an option of type `secret`:
///
/// ```no_run
/// # fn reconcile(unit: &ops::Unit) -> ops::Result<ops::Status> {
/// #[derive(serde::Deserialize)]
/// struct Config {
///     password: Option<ops::SecretId>,
/// }
///
/// let config: Config = unit.config()?;
/// let Some(id) = config.password else {
///     return Ok(ops::Status::blocked("set password to a secret with the key token"));
/// };
/// let content = unit.secret(&id).refresh()?;
/// let Some(token) = content.get("token") else {
///     return Ok(ops::Status::blocked(format!("password: {id} has no key token")));
/// };
/// # let _ = token;
/// # Ok(ops::Status::active())
/// # }
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct SecretId {
    model: Option<String>,
    id: String,
}

/// A text that is not the id of a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not a secret's id such as \"secret:9m4e2mr0ui3e8a215n4g\"")]
pub struct SecretIdError;

impl SecretId {
    /// The bare id, such as `9m4e2mr0ui3e8a215n4g`.
    #[must_use]
    pub fn bare(&self) -> &str {
        &self.id
    }
}

impl Serialize for SecretId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl TryFrom<String> for SecretId {
    type Error = SecretIdError;

    fn try_from(text: String) -> Result<Self, SecretIdError> {
        text.parse()
    }
}

impl FromStr for SecretId {
    type Err = SecretIdError;

    fn from_str(text: &str) -> Result<Self, SecretIdError> {
        let (model, id) = if let Some(path) = text.strip_prefix("secret://") {
            let (model, id) = path.split_once('/').ok_or(SecretIdError)?;
            (Some(model), id)
        } else {
            (None, text.strip_prefix("secret:").unwrap_or(text))
        };
        let is_id = |text: &str| {
            !text.is_empty()
                && text
                    .chars()
                    .all(|letter| letter.is_ascii_alphanumeric() || letter == '-')
        };
        // What is no id may be a secret's content in the wrong place, so the error does not repeat it.
        if !is_id(id) || !model.is_none_or(is_id) {
            return Err(SecretIdError);
        }
        Ok(Self {
            model: model.map(str::to_owned),
            id: id.to_owned(),
        })
    }
}

impl fmt::Display for SecretId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.model {
            Some(model) => write!(formatter, "secret://{model}/{}", self.id),
            None => write!(formatter, "secret:{}", self.id),
        }
    }
}

impl PartialEq for SecretId {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for SecretId {}

impl Hash for SecretId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.id.hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_all_forms_that_juju_writes() {
        let model = "1c46cb1a-2b1e-4a62-8ef1-1b2f1d6a1d5b";
        for (text, written) in [
            ("9m4e2mr0ui3e8a215n4g", "secret:9m4e2mr0ui3e8a215n4g"),
            ("secret:9m4e2mr0ui3e8a215n4g", "secret:9m4e2mr0ui3e8a215n4g"),
            (
                &*format!("secret://{model}/9m4e2mr0ui3e8a215n4g"),
                &*format!("secret://{model}/9m4e2mr0ui3e8a215n4g"),
            ),
        ] {
            let id: SecretId = text.parse().unwrap();
            assert_eq!(id.to_string(), written);
            assert_eq!(id.bare(), "9m4e2mr0ui3e8a215n4g");
            assert_eq!(id, "9m4e2mr0ui3e8a215n4g".parse().unwrap());
        }
    }

    #[test]
    fn does_not_repeat_what_is_no_id() {
        for text in [
            "",
            "secret:",
            "secret://",
            "secret://a",
            "secret:///a",
            "hunter 2",
            "a/b",
        ] {
            let error = text.parse::<SecretId>().unwrap_err().to_string();
            assert!(!error.contains("hunter"), "{error}");
        }
    }
}
