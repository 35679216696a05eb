//! What the machine keeps of its units: which were started, and which failed.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::{
    process::{Kill, Process},
    unit_name::UnitName,
};

/// What a machine remembers of its units. A unit that is not in it is inactive; whether a process runs is asked of the kernel.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(crate) struct Record {
    pub(crate) units: BTreeMap<UnitName, Entry>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Entry {
    /// A process of the service was started, and systemctl has not stopped it.
    Started(Run),
    /// A `Type=oneshot` service with `RemainAfterExit=yes` has done its work.
    Exited,
    /// The unit could not be started; the value is systemd's `Result`, say `resources`.
    Failed(String),
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Run {
    pub(crate) process: Process,
    pub(crate) invocation_id: String,
    /// The process is `ExecStartPre=` or `Type=oneshot`: the service becomes active, if at all, when it has ended.
    pub(crate) activating: bool,
    /// The sockets that the process holds.
    pub(crate) sockets: Vec<UnitName>,
    /// The units that, when they are stopped, stop this one; on record because unit files may be gone by then.
    pub(crate) stops_with: Vec<UnitName>,
    pub(crate) kill: Kill,
}

impl Record {
    /// Reads the record below `<machine>/systemd`; it is replaced as a whole, so no lock is needed to read it.
    pub(crate) fn read(directory: &Path) -> anyhow::Result<Self> {
        let path = directory.join("state.json");
        match fs::read(&path) {
            Ok(json) => serde_json::from_slice(&json).with_context(|| {
                format!(
                    "cannot read {}: expected what systemctl wrote there",
                    path.display()
                )
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
    }

    /// The live run that holds the socket.
    pub(crate) fn holder(&self, socket: &UnitName) -> Option<(&UnitName, &Run)> {
        self.runs()
            .find(|(_, run)| run.sockets.contains(socket) && run.process.is_running())
    }

    pub(crate) fn runs(&self) -> impl Iterator<Item = (&UnitName, &Run)> {
        self.units.iter().filter_map(|(name, entry)| {
            if let Entry::Started(run) = entry {
                Some((name, run))
            } else {
                None
            }
        })
    }

    pub(crate) fn run(&self, name: &UnitName) -> Option<&Run> {
        if let Some(Entry::Started(run)) = self.units.get(name) {
            Some(run)
        } else {
            None
        }
    }
}

/// The record while this process alone may change it.
#[derive(Debug)]
pub(crate) struct LockedRecord {
    pub(crate) record: Record,
    directory: PathBuf,
    _lock: File,
}

impl LockedRecord {
    /// Waits until no other command changes the machine's units.
    pub(crate) fn lock(directory: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(directory)
            .with_context(|| format!("cannot make the directory {}", directory.display()))?;
        let path = directory.join("lock");
        let lock =
            File::create(&path).with_context(|| format!("cannot open {}", path.display()))?;
        lock.lock()
            .with_context(|| format!("cannot lock {}", path.display()))?;
        Ok(Self {
            record: Record::read(directory)?,
            directory: directory.to_owned(),
            _lock: lock,
        })
    }

    /// Replaces the file: whoever reads it, and whenever this process is killed, it is whole.
    pub(crate) fn save(&self) -> anyhow::Result<()> {
        let path = self.directory.join("state.json");
        let new = self.directory.join("state.json.new");
        let json = serde_json::to_vec_pretty(&self.record)
            .context("cannot write the units' state as JSON")?;
        fs::write(&new, json)
            .and_then(|()| fs::rename(&new, &path))
            .with_context(|| format!("cannot write {}", path.display()))
    }
}
