//! juju-emulator

mod flags;
mod go_strconv;
mod hook_commands;
mod hook_context;
mod output;
mod pending_changes;
mod ports;
mod unit_view;
mod yaml;

pub use hook_commands::hook_command_names;
pub use hook_context::{Answer, Effect, HookContext, LogLevel, UnknownCommand};
pub use pending_changes::{CommitError, PendingChanges};
pub use ports::{ALL_ENDPOINTS, InvalidPortRange, OpenedPorts, PortRange};
pub use unit_view::{HookKind, Status, UnitView};
