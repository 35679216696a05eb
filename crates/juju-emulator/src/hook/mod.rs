//! One hook: what it sees, what it asks for, and its process.

pub(crate) mod action;
pub(crate) mod client;
pub(crate) mod command;
pub(crate) mod config;
pub(crate) mod context;
pub(crate) mod credential;
pub mod dispatch;
pub(crate) mod leader;
pub(crate) mod log;
pub(crate) mod network;
pub(crate) mod output;
pub(crate) mod pending_changes;
pub(crate) mod ports;
pub(crate) mod process;
pub(crate) mod reboot;
pub(crate) mod relation;
pub(crate) mod resource;
pub(crate) mod secret;
pub(crate) mod server;
pub(crate) mod state;
pub(crate) mod status;
pub(crate) mod storage;
pub(crate) mod unit_view;
pub(crate) mod workload_version;

use std::path::Path;

use crate::go::flags::{self, Stop};
use crate::hook::command::{Call, Failure, HookCommand, TakesEffect};
use crate::hook::context::{Answer, CallRefused, HookContext};

/// Sorted by name.
const TABLE: &[HookCommand] = &[
    action::commands::ACTION_FAIL,
    action::commands::ACTION_GET,
    action::commands::ACTION_LOG,
    action::commands::ACTION_SET,
    workload_version::COMMAND,
    ports::commands::CLOSE_PORT,
    config::COMMAND,
    credential::COMMAND,
    relation::commands::GOAL_STATE,
    leader::IS_LEADER,
    log::COMMAND,
    reboot::COMMAND,
    leader::LEADER_GET,
    leader::LEADER_SET,
    network::NETWORK_GET,
    ports::commands::OPEN_PORT,
    ports::commands::OPENED_PORTS,
    relation::commands::RELATION_GET,
    relation::commands::RELATION_IDS,
    relation::commands::RELATION_LIST,
    relation::commands::RELATION_MODEL_GET,
    relation::commands::RELATION_SET,
    resource::COMMAND,
    secret::commands::SECRET_ADD,
    secret::read::SECRET_GET,
    secret::access::SECRET_GRANT,
    secret::read::SECRET_IDS,
    secret::read::SECRET_INFO_GET,
    secret::commands::SECRET_REMOVE,
    secret::access::SECRET_REVOKE,
    secret::commands::SECRET_SET,
    state::STATE_DELETE,
    state::STATE_GET,
    state::STATE_SET,
    status::STATUS_GET,
    status::STATUS_SET,
    storage::commands::STORAGE_ADD,
    storage::commands::STORAGE_GET,
    storage::commands::STORAGE_LIST,
    network::UNIT_GET,
];

/// The name of every hook command, sorted: what an agent puts on a hook's `PATH`.
pub fn hook_command_names() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|command| command.name)
}

/// When what the command of this name asks for takes effect; none for a name that Juju does not know.
#[must_use]
pub fn takes_effect(command: &str) -> Option<TakesEffect> {
    find(command).map(|command| command.takes_effect)
}

fn find(name: &str) -> Option<&'static HookCommand> {
    TABLE.iter().find(|command| command.name == name)
}

impl HookContext {
    /// Runs one hook command, for example `open-port` with `["8000/tcp"]`, as Juju's agent does.
    ///
    /// `dir` is the caller's working directory, where `--output` finds its file; `stdin` is what the caller has sent of
    /// its standard input.
    ///
    /// # Errors
    ///
    /// For a command that is not in [`hook_command_names`], and for one that needs its standard input and has none. A
    /// command that fails is an [`Answer`].
    pub fn run(
        &mut self,
        command: &str,
        args: &[String],
        dir: &Path,
        stdin: Option<&[u8]>,
    ) -> Result<Answer, CallRefused> {
        let command =
            find(command).ok_or_else(|| CallRefused::UnknownCommand(command.to_owned()))?;
        let mut answer = Answer::default();
        if let Err(failure) = self.try_run(command, args, dir, stdin, &mut answer) {
            let (exit_code, message) = match failure {
                Failure::Usage(message) => (2, message),
                Failure::Refused(message) => (1, message),
                Failure::NeedsStdin => return Err(CallRefused::NeedsStdin),
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
        stdin: Option<&[u8]>,
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
            stdin,
            hook: self,
            answer,
        })
    }
}
