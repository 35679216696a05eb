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
    /// The SHA-384 of its content, in hexadecimal digits.
    #[serde(default)]
    pub(crate) fingerprint: String,
    pub(crate) uploaded: Timestamp,
}
