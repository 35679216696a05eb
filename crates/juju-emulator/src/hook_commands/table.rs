//! All hook commands.

use super::{
    Call, Failure, application_version_set, config_get, is_leader, juju_log, juju_reboot,
    open_port, opened_ports, relation_ids, status_get, status_set, unit_get,
};
use crate::flags::{self, Flag};

/// A hook command: how it is called, what `--help` says, and what it does.
#[derive(Debug)]
pub(crate) struct HookCommand {
    pub(crate) name: &'static str,
    /// Its arguments as `--help` shows them; may be empty.
    pub(crate) arguments: &'static str,
    pub(crate) purpose: &'static str,
    pub(crate) flags: &'static [Flag],
    pub(crate) run: fn(&mut Call<'_>) -> Result<(), Failure>,
}

/// Sorted by name.
const TABLE: &[HookCommand] = &[
    application_version_set::COMMAND,
    open_port::CLOSE_PORT,
    config_get::COMMAND,
    is_leader::COMMAND,
    juju_log::COMMAND,
    juju_reboot::COMMAND,
    open_port::OPEN_PORT,
    opened_ports::COMMAND,
    relation_ids::COMMAND,
    status_get::COMMAND,
    status_set::COMMAND,
    unit_get::COMMAND,
];

/// The name of every hook command, sorted: what an agent puts on a hook's `PATH`.
pub fn hook_command_names() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|command| command.name)
}

pub(crate) fn find(name: &str) -> Option<&'static HookCommand> {
    TABLE.iter().find(|command| command.name == name)
}

impl HookCommand {
    /// What `--help` prints.
    pub(crate) fn help(&self) -> String {
        let mut usage = vec!["Usage:", self.name];
        let mut options = String::new();
        if !self.flags.is_empty() {
            usage.push("[options]");
            options = format!("\nOptions:\n{}", flags::help(self.flags));
        }
        if !self.arguments.is_empty() {
            usage.push(self.arguments);
        }
        format!(
            "{}\n\nSummary:\n{}\n{options}",
            usage.join(" "),
            self.purpose
        )
    }
}
