//! What a command does on a machine, one command at a time.

use crate::{
    machine::Machine,
    process::end,
    record::{Entry, LockedRecord},
    unit_name::UnitName,
};

/// Starting and stopping units, one command at a time on each machine.
#[derive(Debug)]
pub(crate) struct Jobs<'a> {
    pub(crate) machine: &'a Machine,
    pub(crate) locked: LockedRecord,
}

/// Why a unit could not be started or stopped, in systemctl's words.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("Unit {0} not found.")]
    NotFound(UnitName),
    #[error("Unit {0} not loaded.")]
    NotLoaded(UnitName),
    #[error("Unit name {0} is missing the instance name.")]
    MissingInstance(UnitName),
    #[error("Unit {0} has a bad unit file setting.\n{1}")]
    BadSetting(UnitName, String),
    #[error("A dependency job for {0} failed. See 'journalctl -xe' for details.")]
    Dependency(UnitName),
    #[error("Job failed. See \"journalctl -xe\" for details.\n{0}")]
    Job(String),
    #[error(
        "Job for {0} failed because the control process exited with error code.\nSee \"systemctl status {0}\" and \"journalctl -xeu {0}\" for details."
    )]
    Process(UnitName),
    #[error("{0:#}")]
    Machine(#[from] anyhow::Error),
}

impl<'a> Jobs<'a> {
    /// Waits for other commands on this machine to end.
    pub(crate) fn begin(machine: &'a Machine) -> anyhow::Result<Self> {
        Ok(Self {
            machine,
            locked: LockedRecord::lock(&machine.record_directory())?,
        })
    }

    /// Makes the unit inactive on record.
    pub(crate) fn forget(&mut self, name: &UnitName) -> anyhow::Result<()> {
        self.locked.record.units.remove(name);
        self.locked.save()
    }

    pub(crate) fn set(&mut self, name: &UnitName, entry: Entry) -> anyhow::Result<()> {
        self.locked.record.units.insert(name.clone(), entry);
        self.locked.save()
    }

    /// Ends what runs of the service, also what its main process left behind when it ended.
    pub(crate) fn end_processes(&self, name: &UnitName) {
        if let Some(run) = self.locked.record.run(name) {
            end(run.process, &run.invocation_id, run.kill);
        }
    }
}
