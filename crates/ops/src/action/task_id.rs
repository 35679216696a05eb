//! The id of a run of an action.

use std::fmt;
use std::str::FromStr;

/// The number of a run of an action in its model, such as 9: `juju show-task 9`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(u64);

/// A text that is not the id of a task.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a task's id such as 9")]
pub struct TaskIdError(String);

impl TaskId {
    /// The number, such as 9.
    #[must_use]
    pub fn number(self) -> u64 {
        self.0
    }
}

impl From<u64> for TaskId {
    fn from(number: u64) -> Self {
        Self(number)
    }
}

impl FromStr for TaskId {
    type Err = TaskIdError;

    fn from_str(text: &str) -> Result<Self, TaskIdError> {
        let number = text.parse().map_err(|_| TaskIdError(text.to_owned()))?;
        Ok(Self(number))
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}
