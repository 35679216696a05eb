//! The version of the workload.

use crate::error::Result;
use crate::hook_command::HookCommand;
use crate::unit::Unit;

impl Unit {
    /// Shows which version of the workload is running, such as `16.4`: `application-version-set`. It takes effect at once.
    ///
    /// ```no_run
    /// # fn reconcile(unit: &ops::Unit) -> ops::Result<()> {
    /// unit.set_workload_version("16.4")?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Only those of any hook command.
    pub fn set_workload_version(&self, version: &str) -> Result<()> {
        let command = HookCommand::new("application-version-set");
        command.arg("--").arg(version).run(self.hook_commands())?;
        Ok(())
    }
}
