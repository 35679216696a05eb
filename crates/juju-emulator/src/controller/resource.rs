//! Resources: the files that operators supply for charms.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A file that an operator has supplied for an application.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Resource {
    /// What its data is called among those of the model.
    pub(crate) id: String,
    /// In bytes.
    pub(crate) size: u64,
    pub(crate) uploaded: Timestamp,
}
