//! The storage that the unit has, and more of it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::Error as _;

use crate::error::Result;
use crate::event::Event;
use crate::hook_command::HookCommand;
use crate::storage::id::StorageId;
use crate::unit::Unit;

/// One instance of storage that the unit has, such as `data/0` at `/srv/data`.
///
/// ```no_run
/// use ops::{Result, Status, Unit};
///
/// fn reconcile(unit: &Unit) -> Result<Status> {
///     let Some(data) = unit.storages("data")?.into_iter().next() else {
///         return Ok(Status::waiting("for storage"));
///     };
///     std::fs::create_dir_all(data.location().join("uploads"))?;
///     Ok(Status::active())
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Storage {
    id: StorageId,
    kind: StorageKind,
    location: PathBuf,
}

/// What a storage is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StorageKind {
    /// A directory for files, which is mounted.
    Filesystem,
    /// A block device, which the charm formats and mounts itself.
    Block,
}

impl Storage {
    /// Its id, such as `data/0`.
    #[must_use]
    pub fn id(&self) -> &StorageId {
        &self.id
    }

    /// Whether it is a filesystem or a block device.
    #[must_use]
    pub fn kind(&self) -> StorageKind {
        self.kind
    }

    /// Its directory or device, such as `/srv/data` or `/dev/sdb`.
    #[must_use]
    pub fn location(&self) -> &Path {
        &self.location
    }
}

/// How many the hook asks for, by the storage's name.
#[derive(Default)]
pub(crate) struct AddedStorage(RefCell<BTreeMap<String, u32>>);

impl AddedStorage {
    /// The command that asks for all of it.
    pub(crate) fn held(&self) -> Option<HookCommand> {
        let asked = self.0.borrow();
        let command = asked
            .iter()
            .fold(HookCommand::new("storage-add"), |command, (name, count)| {
                command.arg(&format!("{name}={count}"))
            });
        (!asked.is_empty()).then_some(command)
    }
}

impl Unit {
    /// What the unit has of a storage that the charm declares, such as `data`, sorted: `storage-list`, and `storage-get`
    /// for each.
    ///
    /// What is being detached in this very hook is left out, since no hook follows in which the charm could let go of it;
    /// a charm that must do something with it first finds it in [`Unit::event`].
    ///
    /// # Errors
    /// Only those of any hook command.
    pub fn storages(&self, name: &str) -> Result<Vec<Storage>> {
        #[derive(Deserialize)]
        struct Attributes {
            kind: StorageKind,
            location: PathBuf,
        }
        let leaving = match self.event() {
            Event::StorageDetaching(storage) => storage.id.as_ref(),
            _ => None,
        };
        let command = HookCommand::new("storage-list").arg(name);
        let ids: Vec<String> = command.clone().read_json(self.hook_commands())?;
        let ids = ids.iter().map(|id| id.parse());
        let ids: Result<Vec<StorageId>, _> = ids.collect();
        let mut ids = ids.map_err(|error| command.misread(serde_json::Error::custom(error)))?;
        ids.retain(|id| Some(id) != leaving);
        ids.sort();
        let storages = ids.into_iter().map(|id| {
            let command = HookCommand::new("storage-get")
                .arg("-s")
                .arg(&id.to_string());
            let Attributes { kind, location } = command.read_json(self.hook_commands())?;
            Ok(Storage { id, kind, location })
        });
        storages.collect()
    }

    /// Asks for so many more of a storage, when the charm has returned `Ok`: `storage-add data=2`.
    ///
    /// They come with events of their own. Ask for what is missing only, or every hook asks for more:
    ///
    /// ```no_run
    /// # fn reconcile(unit: &ops::Unit) -> ops::Result<()> {
    /// if unit.storages("data")?.is_empty() {
    ///     unit.add_storage("data", 1);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// A name that the charm does not declare, or more than it allows, is refused at the end of the hook, which then fails.
    pub fn add_storage(&self, name: &str, count: u32) {
        if count > 0 {
            let mut asked = self.changes().storage.0.borrow_mut();
            let asked = asked.entry(name.to_owned()).or_default();
            *asked = asked.saturating_add(count);
        }
    }
}
