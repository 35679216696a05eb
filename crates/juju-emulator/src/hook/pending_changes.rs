//! What a hook asked for and Juju does only once the hook has succeeded.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::controller::ports::OpenedPorts;
use crate::controller::secret_changes::SecretChanges;
use crate::hook::relation::view::RelationChanges;

/// What waits for the hook to exit with 0; dropped when it exits with anything else.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PendingChanges {
    /// Ports that `open-port` asked for.
    pub open: OpenedPorts,
    /// Ports that `close-port` asked for.
    pub close: OpenedPorts,
    /// What `relation-set` asked for, by the relation's number.
    pub relations: BTreeMap<u64, RelationChanges>,
    /// How many `storage-add` asked for, by the storage's name.
    pub storage: BTreeMap<String, u32>,
    /// What `state-set` asked for; `None` deletes.
    pub state: BTreeMap<String, Option<String>>,
    /// What `secret-add` and its like asked for.
    pub secrets: SecretChanges,
    /// Whether `juju-reboot` without `--now` was run.
    pub reboot: bool,
}
