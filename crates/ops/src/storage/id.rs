//! The names by which Juju knows storage.

use std::fmt;
use std::str::FromStr;

/// A storage instance as Juju names it, such as `data/0`: its name in the charm's metadata, and a number.
///
/// ```
/// let storage: ops::StorageId = "data/0".parse().unwrap();
/// assert_eq!((storage.name(), storage.number()), ("data", 0));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StorageId {
    name: String,
    number: u64,
}

/// A text that is not the id of a storage instance.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a storage's id such as \"data/0\"")]
pub struct StorageIdError(String);

impl StorageId {
    /// The storage's name in the charm's metadata, such as `data`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The instance's number in the model, such as 0.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }
}

impl FromStr for StorageId {
    type Err = StorageIdError;

    fn from_str(text: &str) -> Result<Self, StorageIdError> {
        text.split_once('/')
            .filter(|(name, _)| !name.is_empty())
            .and_then(|(name, number)| {
                Some(Self {
                    name: name.to_owned(),
                    number: number.parse().ok()?,
                })
            })
            .ok_or_else(|| StorageIdError(text.to_owned()))
    }
}

impl fmt::Display for StorageId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.name, self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_juju_writes() {
        let id: StorageId = "data/3".parse().unwrap();
        assert_eq!((id.name(), id.number()), ("data", 3));
        assert_eq!(id.to_string(), "data/3");
        for text in ["", "data", "/0", "data/", "data/x", "data/0/1"] {
            assert!(text.parse::<StorageId>().is_err(), "{text:?}");
        }
    }
}
