//! Actions, which operators run with `juju run`.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::{Error, Result};
use crate::hook_command::{HookCommand, HookCommands};

/// One run of an action, such as `juju run hello-server/0 backup`.
pub struct Action<'a> {
    name: &'a str,
    hook_commands: &'a dyn HookCommands,
}

impl<'a> Action<'a> {
    pub(crate) fn new(name: &'a str, hook_commands: &'a dyn HookCommands) -> Self {
        Self {
            name,
            hook_commands,
        }
    }

    /// The action's name, such as `backup`.
    #[must_use]
    pub fn name(&self) -> &str {
        self.name
    }

    /// Reads the parameters into the charm's own type, those with a default included: `action-get --format=json`.
    ///
    /// # Errors
    /// One that ends the action as failed, when a parameter does not fit its field.
    pub fn params<T: DeserializeOwned>(&self) -> Result<T> {
        let params: BTreeMap<String, Value> =
            HookCommand::new("action-get").read_json(self.hook_commands)?;
        serde_path_to_error::deserialize(Value::from_iter(params))
            .map_err(|error| Error::blocked(format!("parameter {error}")))
    }

    /// Shows a line to the operator while the action runs: `action-log -- copying 3 of 7 tables`.
    ///
    /// # Errors
    /// Only those of any hook command.
    pub fn log(&self, text: &str) -> Result<()> {
        let command = HookCommand::new("action-log").arg("--").arg(text);
        command.run(self.hook_commands)?;
        Ok(())
    }

    /// The error of an action that the charm does not have.
    #[must_use]
    pub fn unknown(&self) -> Error {
        Error::blocked(format!(
            "the charm does not carry out the action {}",
            self.name()
        ))
    }
}

impl fmt::Debug for Action<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Action")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// What an action has to show for itself, as `juju run` prints it: `action-set size=7 took=3s`.
///
/// ```
/// let results = ops::ActionResults::from([("size", "7"), ("took", "3s")]);
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
