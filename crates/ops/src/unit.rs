//! The unit that the charm runs for, and through which it talks to Juju.

use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::config;
use crate::error::Result;
use crate::hook_command::{self, HookCommands};
use crate::juju_context::JujuContext;
use crate::ports::HookPorts;
use crate::status::Status;
use crate::unit_name::UnitName;

/// The unit that the charm runs for, such as `hello-server/0`.
///
/// Its methods are Juju's hook commands. What they ask for is of two kinds: a status or a log line takes effect at
/// once, whereas ports are opened and closed when the hook has ended well, and not at all when it fails.
pub struct Unit {
    context: JujuContext,
    hook_commands: Arc<dyn HookCommands>,
    ports: RefCell<Option<HookPorts>>,
}

impl Unit {
    pub(crate) fn new(context: JujuContext, hook_commands: Arc<dyn HookCommands>) -> Self {
        Self {
            context,
            hook_commands,
            ports: RefCell::default(),
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
    /// [`Error::Config`](crate::Error::Config), which blocks the unit, when a value does not fit its field.
    pub fn config<C: DeserializeOwned>(&self) -> Result<C> {
        config::read(self.hook_commands())
    }

    /// Shows a status while the hook goes on, such as `maintenance: installing`: `status-set maintenance -- installing`.
    ///
    /// It takes effect at once. What [`reconcile`](crate::Charm::reconcile) returns is set afterwards.
    ///
    /// # Errors
    /// Only those of any hook command.
    pub fn set_status(&self, status: &Status) -> Result<()> {
        let args = match status.message() {
            "" => vec![status.name()],
            message => vec![status.name(), "--", message],
        };
        hook_command::run(self.hook_commands(), "status-set", &args)?;
        Ok(())
    }

    pub(crate) fn hook_commands(&self) -> &dyn HookCommands {
        &*self.hook_commands
    }

    pub(crate) fn ports(&self) -> &RefCell<Option<HookPorts>> {
        &self.ports
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
