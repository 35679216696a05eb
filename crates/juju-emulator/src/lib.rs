//! A stand-in for the `juju` client, the controller and the unit agent on one machine.
//!
//! The program `juju-emulator` is for people who write and try charms; this library is its parts that a test framework needs too:
//! [`charm`] reads what a charm declares, [`hook`] names what Juju dispatches, [`dispatch`] runs it in a real process.

pub mod charm;
pub mod dispatch;
pub mod hook;

mod agent_socket;
mod command_client;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

/// The names of the hook commands.
const HOOK_COMMANDS: [&str; 2] = ["status-set", "juju-log"];

/// The program: by the name it is started under a hook command, else the verbs of `juju`.
pub fn main(mut args: impl Iterator<Item = OsString>) -> ExitCode {
    let program = args.next().unwrap_or_default();
    let name = Path::new(&program)
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    if HOOK_COMMANDS.contains(&name.as_str()) {
        return command_client::main(&name, args);
    }
    ExitCode::from(2)
}
