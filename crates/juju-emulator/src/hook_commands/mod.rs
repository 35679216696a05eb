//! The commands that Juju puts on a hook's `PATH`: one file each, and one row each in [`TABLE`].

mod application_version_set;
mod call;
mod config_get;
mod is_leader;
mod juju_log;
mod juju_reboot;
mod open_port;
mod opened_ports;
mod relation_ids;
mod status_get;
mod status_set;
mod table;
mod unit_get;

pub(crate) use call::{Call, Failure};
pub use table::hook_command_names;
pub(crate) use table::{HookCommand, find};
