//! A stand-in for the `juju` client, the controller and the unit agent on one machine.
//!
//! The program `juju-emulator` is for people who write and try charms; this library is its parts that a test framework needs too:
//! [`charm`] reads what a charm declares and names the hooks that Juju dispatches, [`hook::dispatch`] runs one in a real process,
//! and [`HookContext`] answers its hook commands.

mod agent;
pub mod charm;
mod client;
mod controller;
mod go;
pub mod hook;
mod machine;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

pub use agent::in_memory::model::{BegunHook, InMemoryModel};
pub use agent::in_memory::state::{
    ApplicationState, RelationSide, RelationState, TaskState, UnitState,
};
pub use controller::debug_log::LogLevel;
pub use controller::ports::{ALL_ENDPOINTS, InvalidPortRange, OpenedPorts, PortRange};
pub use controller::secret::{
    RotatePolicy, Secret, SecretConsumer, SecretGrant, SecretOwner, SecretRevision,
};
pub use controller::secret_changes::{NewSecret, SecretChanges, SecretUpdate};
pub use controller::secret_content::SecretContent;
pub use controller::status::Status;
pub use hook::action::view::ActionOutcome;
pub use hook::command::TakesEffect;
pub use hook::context::{Answer, CallRefused, Effect, HookContext};
pub use hook::pending_changes::PendingChanges;
pub use hook::ports::conflicts::CommitError;
pub use hook::relation::view::{Goal, GoalState, RelationChanges, RelationData, RelationView};
pub use hook::storage::view::StorageView;
pub use hook::unit_view::{HookKind, UnitView};
pub use hook::{hook_command_names, takes_effect};
pub use machine::path::link_commands;

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
            hook::client::main(name, args)
        }
        _ => client::main(args),
    }
}
