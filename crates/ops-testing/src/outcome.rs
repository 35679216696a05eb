//! What a run of a charm has left.

use juju_emulator::LogLevel;
use ops::{Reboot, Status};
use serde_json::Value;

use crate::state::State;

/// Everything that a run of the charm left behind, also when the hook has failed.
///
/// ```no_run
/// # use ops::{Event, Status};
/// # use ops_testing::{Context, State};
/// # fn test(context: &Context) {
/// let then = context.run(&Event::ConfigChanged, &State::default());
/// assert!(then.succeeded(), "{then:#?}");
/// assert_eq!(then.state.unit_status, Some(Status::active()));
/// assert_eq!(then.hook_commands.last().unwrap(), "status-set active");
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Outcome {
    /// What is true afterwards. When the hook has failed, it has only what takes effect at once, such as the status.
    pub state: State,
    /// How the hook ended.
    pub exit: Exit,
    /// Whether the machine reboots afterwards, and when; `AfterHook` only when the hook has succeeded.
    pub reboot: Option<Reboot>,
    /// The hook commands that were run, in order, as one would type them: `open-port 6789/tcp`. Log lines are in `log`.
    pub hook_commands: Vec<String>,
    /// The commands among them that Juju dropped, because the hook failed.
    pub rolled_back: Vec<String>,
    /// Every status that was set, in order.
    pub status_history: Vec<Status>,
    /// What an action has told its operator; nothing in other events.
    pub action: ActionOutcome,
    /// What was logged by `juju-log`.
    pub log: Vec<LogLine>,
    /// What the process printed to its standard output and error; in process only why it cannot understand its environment.
    pub printed: String,
}

/// What an action tells the operator who runs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionOutcome {
    /// The results, which are texts, and maps of them: `json!({"file": {"size": "7"}})`.
    pub results: Value,
    /// What was logged by `action-log`, such as `["copying to /srv"]`.
    pub log: Vec<String>,
    /// The message, when it has failed: the charm's own, or Juju's `exit status 1`.
    pub failure: Option<String>,
}

/// How a hook ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// With this exit code; after 0 Juju does what the hook asked for.
    Code(i32),
    /// Killed by this signal, such as 9.
    Signal(i32),
    /// It exited with 0, and Juju could not do what it asked for; Juju's reason is in the log.
    CommitRefused,
}

/// One record of the unit's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// How important it is, such as [`LogLevel::Warning`].
    pub level: LogLevel,
    /// The text.
    pub message: String,
}

impl Outcome {
    /// Whether Juju takes the hook, or the action, as done.
    #[must_use]
    pub fn succeeded(&self) -> bool {
        self.exit == Exit::Code(0) && self.action.failure.is_none()
    }

    /// The messages that were logged as errors; of a hook that failed they are such as `["install failed: …"]`.
    #[must_use]
    pub fn errors(&self) -> Vec<&str> {
        self.log
            .iter()
            .filter(|line| line.level == LogLevel::Error)
            .map(|line| line.message.as_str())
            .collect()
    }
}
