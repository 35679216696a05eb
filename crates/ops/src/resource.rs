//! Resources: files that the operator supplies.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;

use crate::error::Result;
use crate::hook_command::HookCommand;
use crate::unit::Unit;

impl Unit {
    /// Brings a resource that the charm declares to the unit, as it is now, and says where it is: `resource-get`.
    ///
    /// It may be large, and comes over the network when it has changed. A new one comes with an upgrade of the charm,
    /// [`Event::UpgradeCharm`](crate::Event::UpgradeCharm).
    ///
    /// ```no_run
    /// # fn reconcile(unit: &ops::Unit) -> ops::Result<()> {
    /// let archive = unit.resource("site")?; // /var/lib/juju/agents/unit-web-0/resources/site/site.tar
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Only those of any hook command: Juju refuses what has not been supplied.
    pub fn resource(&self, name: &str) -> Result<PathBuf> {
        let command = HookCommand::new("resource-get").arg(name);
        let path = command.run(self.hook_commands())?;
        Ok(OsString::from_vec(path).into())
    }
}
