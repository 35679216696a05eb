//! Whether something of the model is to be.

use serde::{Deserialize, Serialize};

/// Whether a unit or a relation is to be. The client makes it dying, and a unit dead when told to by force; else its agent does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Life {
    /// It is to be there.
    Alive,
    /// It is to go, when its last hooks have succeeded.
    Dying,
    /// What is left of it is to be cleaned up, and no hook runs any more.
    Dead,
}
