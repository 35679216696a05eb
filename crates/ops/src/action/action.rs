//! One run of an action.

use std::fmt;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::action::read;
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
        serde_path_to_error::deserialize(Value::Object(self.given()?))
            .map_err(|error| Error::blocked(format!("parameter {error}")))
    }

    /// Reads the action with its parameters into an enum of the charm's own, which has a variant for each action.
    ///
    /// ```no_run
    /// use ops::{Action, ActionResults, Charm, Result, Status, Unit};
    ///
    /// #[derive(serde::Deserialize)]
    /// #[serde(rename_all = "kebab-case")]
    /// enum DatabaseAction {
    ///     Backup { target: std::path::PathBuf, compress: bool },
    ///     RotatePassword,
    /// }
    ///
    /// # struct Database;
    /// impl Charm for Database {
    /// #    fn reconcile(&mut self, _unit: &Unit) -> Result<Status> {
    /// #        Ok(Status::active())
    /// #    }
    ///     fn action(&mut self, action: &Action<'_>, unit: &Unit) -> Result<ActionResults> {
    ///         match action.read()? {
    ///             DatabaseAction::Backup { target, compress } => {
    ///                 action.log(&format!("copying to {}", target.display()))?;
    ///                 Ok(ActionResults::from([("compressed", compress.to_string())]))
    ///             }
    ///             DatabaseAction::RotatePassword => Ok(ActionResults::default()),
    ///         }
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    /// One that ends the action as failed: when no variant has its name, which says which there are, or when a parameter does
    /// not fit its field.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T> {
        read::action(self.name, self.given()?).map_err(Error::blocked)
    }

    fn given(&self) -> Result<Map<String, Value>> {
        let command = HookCommand::new("action-get");
        Ok(command.read_json(self.hook_commands)?)
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
