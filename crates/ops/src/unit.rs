//! The unit that the charm runs for, and through which it talks to Juju.

use std::cell::OnceCell;
use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::changes::Changes;
use crate::config;
use crate::error::Result;
use crate::event::Event;
use crate::hook_command::{HookCommand, HookCommands};
use crate::juju_context::JujuContext;
use crate::status::Status;
use crate::unit_name::UnitName;

/// The unit that the charm runs for, such as `hello-server/0`.
///
/// Its methods are Juju's hook commands. What they ask for is of two kinds: a status or a log line takes effect at
/// once, whereas ports are opened and closed when the charm has returned `Ok`, and not at all on an error.
pub struct Unit {
    context: JujuContext,
    hook_commands: Arc<dyn HookCommands>,
    changes: Changes,
    /// What `is-leader` has said.
    leads: OnceCell<bool>,
}

impl Unit {
    pub(crate) fn new(context: JujuContext, hook_commands: Arc<dyn HookCommands>) -> Self {
        Self {
            context,
            hook_commands,
            changes: Changes::default(),
            leads: OnceCell::new(),
        }
    }

    /// The unit's name, such as `hello-server/0`.
    #[must_use]
    pub fn name(&self) -> &UnitName {
        self.context.unit_name()
    }

    /// What Juju says of the unit and the event in the hook's environment.
    #[must_use]
    pub fn context(&self) -> &JujuContext {
        &self.context
    }

    /// What happened. What the unit should be does not depend on it; it is there for the rare need, such as a relation
    /// that this very unit is leaving.
    #[must_use]
    pub fn event(&self) -> &Event {
        self.context.event()
    }

    /// Reads the charm's configuration into its own type: `config-get --format=json`.
    ///
    /// An option that is neither set nor has a default is absent, so its field is an [`Option`].
    ///
    /// ```no_run
    /// #[derive(serde::Deserialize)]
    /// #[serde(rename_all = "kebab-case")]
    /// struct Config {
    ///     server_port: std::num::NonZeroU16,
    ///     log_file: Option<std::path::PathBuf>,
    /// }
    ///
    /// # fn reconcile(unit: &ops::Unit) -> ops::Result<()> {
    /// let config: Config = unit.config()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Config`](crate::Error::Config), which blocks the unit, when a value does not fit its field. Output that is no
    /// map of options is Juju's fault and not the operator's: [`Error::HookCommand`](crate::Error::HookCommand).
    pub fn config<C: DeserializeOwned>(&self) -> Result<C> {
        let options = HookCommand::new("config-get").read_json(self.hook_commands())?;
        Ok(config::read(options)?)
    }

    /// Shows a status while the hook goes on, such as `maintenance: installing`: `status-set maintenance -- installing`.
    ///
    /// It takes effect at once. What [`reconcile`](crate::Charm::reconcile) returns is set afterwards.
    ///
    /// # Errors
    /// Only those of any hook command.
    pub fn set_status(&self, status: &Status) -> Result<()> {
        status.of_unit().run(self.hook_commands())?;
        Ok(())
    }

    pub(crate) fn hook_commands(&self) -> &dyn HookCommands {
        &*self.hook_commands
    }

    pub(crate) fn changes(&self) -> &Changes {
        &self.changes
    }

    /// What `is-leader` has said in this hook.
    pub(crate) fn leads(&self) -> &OnceCell<bool> {
        &self.leads
    }
}

impl fmt::Debug for Unit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Unit")
            .field("context", &self.context)
            .finish_non_exhaustive()
    }
}
