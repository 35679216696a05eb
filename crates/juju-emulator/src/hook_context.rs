//! One running hook: what its hook commands answer and change.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::flags::{self, Stop};
use crate::hook_commands::{Call, Failure, HookCommand, find};
use crate::pending_changes::PendingChanges;
use crate::unit_view::{Status, UnitView};

/// One running hook: answers its hook commands and keeps what they ask for until the hook ends.
#[derive(Clone, Debug)]
pub struct HookContext {
    pub(crate) unit: UnitView,
    pub(crate) pending: PendingChanges,
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
    /// `juju-log`: a record of the logger `unit.<unit>.juju-log`.
    Log {
        /// How important it is.
        level: LogLevel,
        /// One record, which may have several lines.
        message: String,
    },
    /// `juju-reboot --now`: the hook is killed, and runs again after the machine has rebooted.
    RebootNow,
}

/// How important a log record is, in ascending order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum LogLevel {
    /// Written `UNSPECIFIED`; Juju accepts it as a level.
    Unspecified,
    /// Written `TRACE`.
    Trace,
    /// Written `DEBUG`.
    Debug,
    /// Written `INFO`, the level of `juju-log` when none is given.
    Info,
    /// Written `WARNING`.
    Warning,
    /// Written `ERROR`.
    Error,
    /// Written `CRITICAL`.
    Critical,
}

/// A hook command that the agent does not know; the text is the one that the agent sends back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("bad request: unknown command: {0}")]
pub struct UnknownCommand(String);

impl HookContext {
    /// A hook that starts now.
    #[must_use]
    pub fn new(unit: UnitView) -> Self {
        Self {
            unit,
            pending: PendingChanges::default(),
            unit_status_read: None,
        }
    }

    /// Runs one hook command, for example `open-port` with `["8000/tcp"]`, as Juju's agent does.
    ///
    /// `dir` is the caller's working directory, where `--output` finds its file.
    ///
    /// # Errors
    ///
    /// Only for a command that is not in [`hook_command_names`](crate::hook_command_names). A command that fails is an [`Answer`].
    pub fn run(
        &mut self,
        command: &str,
        args: &[String],
        dir: &Path,
    ) -> Result<Answer, UnknownCommand> {
        let command = find(command).ok_or_else(|| UnknownCommand(command.to_owned()))?;
        let mut answer = Answer::default();
        if let Err(failure) = self.try_run(command, args, dir, &mut answer) {
            let (exit_code, message) = match failure {
                Failure::Usage(message) => (2, message),
                Failure::Refused(message) => (1, message),
            };
            answer.exit_code = exit_code;
            answer
                .stderr
                .extend(format!("ERROR {message}\n").into_bytes());
        }
        Ok(answer)
    }

    fn try_run(
        &mut self,
        command: &HookCommand,
        args: &[String],
        dir: &Path,
        answer: &mut Answer,
    ) -> Result<(), Failure> {
        let line = match flags::parse(command.flags, args) {
            Ok(line) => line,
            Err(Stop::Invalid(message)) => return Err(Failure::Usage(message)),
            Err(Stop::Help) => {
                answer.stdout = command.help().into_bytes();
                return Ok(());
            }
        };
        (command.run)(&mut Call {
            name: command.name,
            line,
            dir,
            hook: self,
            answer,
        })
    }

    /// What the hook has asked for and Juju does once the hook has succeeded.
    #[must_use]
    pub fn pending(&self) -> &PendingChanges {
        &self.pending
    }
}
