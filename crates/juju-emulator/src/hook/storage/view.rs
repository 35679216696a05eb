//! What a hook sees of a storage.

use serde::{Deserialize, Serialize};

/// One instance of storage that a unit has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StorageView {
    /// A block device rather than a filesystem.
    pub block: bool,
    /// Where it is, such as `/srv/data`.
    pub location: String,
}

impl StorageView {
    /// `filesystem` or `block`.
    pub(crate) fn kind(&self) -> &'static str {
        if self.block { "block" } else { "filesystem" }
    }
}
