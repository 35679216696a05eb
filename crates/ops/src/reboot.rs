//! Rebooting the machine.

use crate::error::Result;
use crate::hook_command::HookCommand;
use crate::unit::Unit;

/// When a machine reboots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reboot {
    /// When the hook has ended well.
    AfterHook,
    /// At once: the hook is killed, and runs again afterwards.
    Now,
}

impl Unit {
    /// Reboots the machine, with all that other units have on it: `juju-reboot`.
    ///
    /// Held until the charm has returned `Ok`, but for [`Reboot::Now`], which kills the charm: Juju then drops all that
    /// the hook has asked for, and runs it again after the reboot. Ask for it only until it has happened, or the
    /// machine reboots for ever. In an action Juju refuses it.
    ///
    /// ```no_run
    /// # fn reconcile(unit: &ops::Unit) -> ops::Result<()> {
    /// if std::path::Path::new("/run/reboot-required").exists() {
    ///     unit.reboot(ops::Reboot::AfterHook)?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Only those of any hook command.
    pub fn reboot(&self, when: Reboot) -> Result<()> {
        match when {
            Reboot::AfterHook => self.changes().reboot.set(true),
            Reboot::Now => {
                let command = HookCommand::new("juju-reboot").arg("--now");
                command.run(self.hook_commands())?;
            }
        }
        Ok(())
    }
}
