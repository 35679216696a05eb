//! Statuses, as Juju holds them.

use serde::{Deserialize, Serialize};

/// A workload status with its message, for example `blocked` and `server-port: 22 is reserved for SSH`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Status {
    /// For example `active`.
    pub status: String,
    /// Empty when the charm gave none.
    #[serde(default)]
    pub message: String,
}

impl Default for Status {
    /// `unknown`, the status before a charm sets one.
    fn default() -> Self {
        Self {
            status: "unknown".to_owned(),
            message: String::new(),
        }
    }
}
