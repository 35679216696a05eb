//! The ids by which Juju knows relations.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

/// A relation as Juju names it, such as `db:7`: the charm's own endpoint, and the relation's number in the model.
///
/// ```
/// let relation: ops::RelationId = "db:7".parse().unwrap();
/// assert_eq!((relation.endpoint(), relation.number()), ("db", 7));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct RelationId {
    endpoint: String,
    number: u64,
}

/// A text that is not the id of a relation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a relation's id such as \"db:7\"")]
pub struct RelationIdError(String);

impl RelationId {
    /// The relation of this endpoint, such as `db`, with this number.
    #[must_use]
    pub fn new(endpoint: &str, number: u64) -> Self {
        Self {
            endpoint: endpoint.to_owned(),
            number,
        }
    }

    /// The charm's own endpoint, such as `db`.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The relation's number in the model, such as 7, which both sides know it by.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }
}

impl FromStr for RelationId {
    type Err = RelationIdError;

    fn from_str(text: &str) -> Result<Self, RelationIdError> {
        text.rsplit_once(':')
            .filter(|(endpoint, _)| !endpoint.is_empty())
            .and_then(|(endpoint, number)| Some(Self::new(endpoint, number.parse().ok()?)))
            .ok_or_else(|| RelationIdError(text.to_owned()))
    }
}

impl TryFrom<String> for RelationId {
    type Error = RelationIdError;

    fn try_from(text: String) -> Result<Self, RelationIdError> {
        text.parse()
    }
}

impl fmt::Display for RelationId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.endpoint, self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_juju_writes() {
        let id: RelationId = "my-db:7".parse().unwrap();
        assert_eq!((id.endpoint(), id.number()), ("my-db", 7));
        assert_eq!(id.to_string(), "my-db:7");
        for text in ["", "db", ":7", "db:", "db:x", "db:-1"] {
            assert!(text.parse::<RelationId>().is_err(), "{text:?}");
        }
    }
}
