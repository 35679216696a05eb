//! One running hook: what its hook commands answer and change.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::controller::debug_log::LogLevel;
use crate::controller::secret::SecretConsumer;
use crate::controller::status::Status;
use crate::hook::action::view::ActionOutcome;
use crate::hook::pending_changes::PendingChanges;
use crate::hook::server::NEEDS_STDIN;
use crate::hook::unit_view::UnitView;

/// One running hook: answers its hook commands and keeps what they ask for until the hook ends.
#[derive(Clone, Debug)]
pub struct HookContext {
    pub(crate) unit: UnitView,
    pub(crate) pending: PendingChanges,
    pub(crate) action: ActionOutcome,
    /// Juju reads the unit's status once per hook, at the first `status-get`.
    pub(crate) unit_status_read: Option<Status>,
}

/// What a hook command leaves: its exit code, what it prints, and what it changed at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// 0 when it worked, 1 when Juju refused, 2 when the command line is wrong.
    pub exit_code: u8,
    /// What it writes to its standard output.
    pub stdout: Vec<u8>,
    /// What it writes to its standard error, `ERROR ...` when it failed.
    pub stderr: Vec<u8>,
    /// What takes effect at once, whatever becomes of the hook.
    pub effects: Vec<Effect>,
}

/// A change that takes effect at once, whatever becomes of the hook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// `status-set`: the unit's workload status.
    UnitStatus(Status),
    /// `status-set --application`: the application's status.
    ApplicationStatus(Status),
    /// `application-version-set`: the version of the workload.
    WorkloadVersion(String),
    /// `leader-set`: settings for all units of the application; an empty text deletes the key.
    LeaderSettings(BTreeMap<String, String>),
    /// `resource-get`: the resource is at its path from now on.
    Resource {
        /// The resource's name, such as `blob`.
        name: String,
        /// Where it is to be.
        path: String,
    },
    /// `secret-get`: the unit reads a secret, from now on this revision of it.
    SecretRead {
        /// The bare id.
        id: String,
        /// What the unit has of it.
        consumer: SecretConsumer,
    },
    /// `juju-log`: a record of the logger `unit.<unit>.juju-log`.
    Log {
        /// How important it is.
        level: LogLevel,
        /// One record, which may have several lines.
        message: String,
    },
    /// `action-log`: a line for the operator who runs the action.
    ActionLog(String),
    /// `juju-reboot --now`: the hook is killed, and runs again after the machine has rebooted.
    RebootNow,
}

/// Why the agent does not answer a call of a hook command; the text is the one that the agent sends back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallRefused {
    /// It does not know the command of this name.
    #[error("bad request: unknown command: {0}")]
    UnknownCommand(String),
    /// The command has to be called again, with its standard input.
    #[error("{NEEDS_STDIN}")]
    NeedsStdin,
}

impl HookContext {
    /// A hook that starts now.
    #[must_use]
    pub fn new(unit: UnitView) -> Self {
        Self {
            unit,
            pending: PendingChanges::default(),
            action: ActionOutcome::default(),
            unit_status_read: None,
        }
    }

    /// What the hook has asked for and Juju does once the hook has succeeded.
    #[must_use]
    pub fn pending(&self) -> &PendingChanges {
        &self.pending
    }

    /// What the action has told so far; nothing in other hooks.
    #[must_use]
    pub fn action(&self) -> &ActionOutcome {
        &self.action
    }
}
