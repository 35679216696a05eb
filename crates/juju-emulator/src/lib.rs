//! A stand-in for the `juju` client, the controller and the unit agent on one machine.
//!
//! The program `juju-emulator` is for people who write and try charms; this library is its parts that a test framework needs too:
//! [`charm`] reads what a charm declares, [`hook`] names what Juju dispatches, [`dispatch`] runs it in a real process, and
//! [`HookContext`] answers the hook commands.

pub mod charm;
pub mod dispatch;
pub mod hook;
pub mod stage;

mod agent;
mod agent_socket;
mod charm_archive;
mod cli;
mod command_client;
mod config_option;
mod debug_log;
mod flags;
mod go_strconv;
mod hook_commands;
mod hook_context;
mod interrupt;
mod model;
mod model_config;
mod output;
mod pending_changes;
mod ports;
mod running_hook;
mod store;
mod unit_view;
mod uniter;
mod verbs;
mod yaml;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

pub use hook_commands::hook_command_names;
pub use hook_context::{Answer, Effect, HookContext, LogLevel, UnknownCommand};
pub use pending_changes::{CommitError, PendingChanges};
pub use ports::{ALL_ENDPOINTS, InvalidPortRange, OpenedPorts, PortRange};
pub use unit_view::{HookKind, Status, UnitView};

/// The program: by the name it is started under a hook command or a command of an emulated machine, else the verbs of `juju`.
pub fn main(mut args: impl Iterator<Item = OsString>) -> ExitCode {
    let program = args.next().unwrap_or_default();
    let name = Path::new(&program).file_name().unwrap_or_default();
    let name = &*name.to_string_lossy();
    if let Some(exit_code) = systemd_emulator::main(name, &mut args) {
        return exit_code;
    }
    match name {
        name if hook_command_names().any(|command| command == name) => {
            command_client::main(name, args)
        }
        _ => cli::main(args),
    }
}
