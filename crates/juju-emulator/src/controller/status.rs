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

impl Status {
    /// How bad it is: an application whose leader has set none has the worst status of its units.
    pub(crate) fn severity(&self) -> u8 {
        match self.status.as_str() {
            "error" => 7,
            "blocked" => 6,
            "waiting" => 5,
            "maintenance" => 4,
            "active" => 3,
            "terminated" => 2,
            _ => 1,
        }
    }
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
