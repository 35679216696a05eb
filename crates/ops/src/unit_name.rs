//! The names of units.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

/// The name of a unit, such as `hello-server/0`: an application and a number.
///
/// ```
/// let unit: ops::UnitName = "hello-server/0".parse().unwrap();
/// assert_eq!((unit.application(), unit.number()), ("hello-server", 0));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct UnitName {
    application: String,
    number: u64,
}

/// A text that is not the name of a unit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a unit's name such as \"hello-server/0\"")]
pub struct UnitNameError(String);

impl UnitName {
    /// The application, such as `hello-server`.
    #[must_use]
    pub fn application(&self) -> &str {
        &self.application
    }

    /// The unit's number in its application, such as 0; numbers are not used again.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }
}

impl FromStr for UnitName {
    type Err = UnitNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.split_once('/')
            .filter(|(application, _)| !application.is_empty())
            .and_then(|(application, number)| {
                Some(Self {
                    application: application.to_owned(),
                    number: number.parse().ok()?,
                })
            })
            .ok_or_else(|| UnitNameError(text.to_owned()))
    }
}

impl TryFrom<String> for UnitName {
    type Error = UnitNameError;

    fn try_from(text: String) -> Result<Self, UnitNameError> {
        text.parse()
    }
}

impl fmt::Display for UnitName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.application, self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        let name: UnitName = "hello-server/12".parse().unwrap();
        assert_eq!((name.application(), name.number()), ("hello-server", 12));
        assert_eq!(name.to_string(), "hello-server/12");
    }

    #[test]
    fn refuses_what_is_no_unit() {
        for text in [
            "",
            "hello-server",
            "/0",
            "hello-server/",
            "hello-server/x",
            "a/0/1",
        ] {
            assert!(text.parse::<UnitName>().is_err(), "{text:?}");
        }
    }
}
