//! The storage of a model, as the controller keeps it: each instance, and what an application's units get.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::charm::storage::StorageDeclaration;
use crate::controller::life::Life;

/// One instance of storage: a directory, or a file for a block device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct StorageInstance {
    /// As the charm calls it: `data` of `data/0`.
    pub(crate) name: String,
    pub(crate) block: bool,
    pub(crate) pool: String,
    /// In MiB.
    pub(crate) size: u64,
    /// It is dying when it is to go with its attachment.
    pub(crate) life: Life,
    /// Since when it is attached, or detached.
    pub(crate) since: Timestamp,
    pub(crate) attachment: Option<Attachment>,
}

/// What a unit has of a storage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Attachment {
    pub(crate) unit: String,
    /// Where it is on the unit's machine, such as `/srv/data`.
    pub(crate) location: String,
    pub(crate) life: Life,
    /// Whether `storage-attached` has succeeded.
    pub(crate) told: bool,
}

impl StorageInstance {
    pub(crate) fn id(&self, number: u64) -> String {
        format!("{}/{number}", self.name)
    }

    /// `filesystem` or `block`.
    pub(crate) fn kind(&self) -> &'static str {
        if self.block { "block" } else { "filesystem" }
    }

    /// Whether it, or what a unit has of it, is to go.
    pub(crate) fn is_dying(&self) -> bool {
        let attachment = self.attachment.as_ref();
        self.life != Life::Alive || attachment.is_some_and(|it| it.life != Life::Alive)
    }
}

/// What the units of an application get of one storage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ApplicationStorage {
    pub(crate) declared: StorageDeclaration,
    pub(crate) pool: String,
    pub(crate) count: u32,
    /// In MiB.
    pub(crate) size: u64,
}

impl StorageInstance {
    pub(crate) fn is_of(&self, application: &str) -> bool {
        let attachment = self.attachment.as_ref();
        attachment.is_some_and(|it| it.is_of(application))
    }
}

impl Attachment {
    fn is_of(&self, application: &str) -> bool {
        let of = self.unit.split_once('/').map(|(of, _)| of);
        of == Some(application)
    }
}
