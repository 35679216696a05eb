//! What a unit has on its machine: its charm, while it lives, and nothing after that.

use std::fs;
use std::io;

use anyhow::{Context as _, Result};

use crate::agent::machine_agent::end_machine;
use crate::agent::unit_agent::UnitAgent;
use crate::charm::stage;
use crate::controller::model::{Model, Unit};

impl UnitAgent<'_> {
    /// Brings the application's charm into the unit's charm directory.
    pub(crate) fn install_charm(&self, model: &Model) -> Result<()> {
        let (application, unit) = model.unit(self.unit).context("the unit is gone")?;
        let charms = self.store.charms();
        let charm_dir = self.store.unit(unit.machine, self.unit).join("charm");
        let note = self.store.charm_note(unit.machine, self.unit);
        let previous = self
            .store
            .charm_of_unit(unit.machine, self.unit)
            .map(|name| charms.join(name))
            .filter(|directory| directory.is_dir());
        let staged = charms.join(application.staged_charm());
        stage::install(&staged, previous.as_deref(), &charm_dir)?;
        fs::write(&note, application.charm_url() + "\n")
            .with_context(|| format!("cannot write {}", note.display()))?;
        let version = application.charm_version;
        self.update_unit(|unit, _| unit.charm_installed = version)
    }

    /// Removes what the unit had on its machine, and the machine if it was the last one there.
    pub(crate) fn clean_up(&self) -> Result<()> {
        let last = |model: &Model| {
            let here = |unit: &Unit| unit.machine == self.machine;
            model.units().filter(|(_, unit)| here(unit)).count() <= 1
        };
        let directory = if last(&*self.store.read()?) {
            fs::remove_dir(self.sockets()?).context("cannot remove the directory of sockets")?;
            end_machine(self.store, self.machine)?;
            self.store.machine(self.machine)
        } else {
            self.store.unit(self.machine, self.unit)
        };
        match fs::remove_dir_all(&directory) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(error)
                    .with_context(|| format!("cannot remove {}", directory.display()));
            }
            _ => {}
        }
        self.store.update(|model| {
            model.forget_unit(self.unit);
            Ok(())
        })?;
        self.store.synchronize_storage(self.machine)
    }
}
