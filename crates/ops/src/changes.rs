//! The change set of a hook: what Juju is asked for only when the charm has returned `Ok`.

use std::cell::{Cell, RefCell};

use crate::hook_command::{HookCommand, HookCommandError, HookCommands};
use crate::ports::hook_ports::HookPorts;
use crate::ports::port::Port;
use crate::relation::hook_relations::HookRelations;
use crate::status::Status;
use crate::storage::instance::AddedStorage;

/// What a hook has asked for and Juju has not been told yet, a field for each concept.
///
/// A concept keeps what is wanted, and says by which commands to get there, and by which to take back what could not be
/// held. So a hook asks for all or for nothing.
#[derive(Default)]
pub(crate) struct Changes {
    /// None until the charm asks for them.
    pub(crate) ports: RefCell<Option<HookPorts>>,
    pub(crate) relations: HookRelations,
    /// What the leader wants the application's status to be.
    pub(crate) application_status: RefCell<Option<Status>>,
    pub(crate) storage: AddedStorage,
    /// Whether the machine is to reboot when the hook has ended well.
    pub(crate) reboot: Cell<bool>,
}

impl Changes {
    /// Tells Juju all that is held.
    pub(crate) fn send(&self, hook_commands: &dyn HookCommands) -> Result<(), HookCommandError> {
        let mut commands = self.of_ports(HookPorts::held);
        commands.extend(self.relations.held());
        commands.extend(self.storage.held());
        let status = self.application_status.borrow();
        commands.extend(status.as_ref().map(Status::of_application));
        commands.extend(self.reboot.get().then(|| HookCommand::new("juju-reboot")));
        run_all(&commands, hook_commands)
    }

    /// Tells Juju what is to be published in relations, by a unit that waits: the other side may wait for just that, and
    /// both would wait for ever.
    pub(crate) fn publish(&self, hook_commands: &dyn HookCommands) -> Result<(), HookCommandError> {
        run_all(&self.relations.held(), hook_commands)
    }

    /// Drops all that is held, and takes back what Juju has been told at once: it would do that after a hook that ends
    /// well without having done what it was to do.
    pub(crate) fn take_back(
        &self,
        hook_commands: &dyn HookCommands,
    ) -> Result<(), HookCommandError> {
        run_all(&self.of_ports(HookPorts::undo), hook_commands)
    }

    /// The status of a unit that is active, but has a port that Juju does not open before the next hook.
    pub(crate) fn waiting(&self) -> Option<Status> {
        let ports = self.ports.borrow();
        let later = ports.as_ref()?.later();
        let texts: Vec<String> = later.iter().map(Port::to_string).collect();
        // As operators name them: 8000 for 8000/tcp.
        let texts: Vec<&str> = texts
            .iter()
            .map(|text| text.strip_suffix("/tcp").unwrap_or(text))
            .collect();
        (!texts.is_empty()).then(|| {
            Status::waiting(format!(
                "for the next hook to open port {}",
                texts.join(", ")
            ))
        })
    }

    fn of_ports(&self, commands: impl Fn(&HookPorts) -> Vec<HookCommand>) -> Vec<HookCommand> {
        self.ports
            .borrow()
            .as_ref()
            .map(commands)
            .unwrap_or_default()
    }
}

fn run_all(
    commands: &[HookCommand],
    hook_commands: &dyn HookCommands,
) -> Result<(), HookCommandError> {
    commands
        .iter()
        .try_for_each(|command| command.run(hook_commands).map(drop))
}
