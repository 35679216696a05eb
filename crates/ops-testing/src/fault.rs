//! What may go wrong with a hook command, through no fault of the charm.

/// Something that goes wrong with one of a hook's commands: `Fault::refused(0)` with the first.
///
/// `juju-log` is not counted, and never goes wrong.
///
/// ```no_run
/// # use ops::Event;
/// # use ops_testing::{Context, Fault, State};
/// # fn test(context: &Context) {
/// let then = context.run_with_fault(&Event::ConfigChanged, &State::default(), Fault::refused(0));
/// assert!(!then.succeeded());
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fault {
    /// Which of the hook's commands it happens to, counted from 0.
    pub command: usize,
    /// What happens.
    pub kind: FaultKind,
}

/// What goes wrong with a hook command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// Juju does not carry it out and exits with 1, as when the agent is going down.
    Refused,
    /// The command's process is killed before Juju has heard of it.
    CommandKilled,
    /// Juju carries it out, and then the charm is killed, as when the machine goes down.
    CharmKilled,
}

impl FaultKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Refused, Self::CommandKilled, Self::CharmKilled];
}

impl Fault {
    /// The hook's command number `command`, counted from 0, is refused.
    #[must_use]
    pub fn refused(command: usize) -> Self {
        Self {
            command,
            kind: FaultKind::Refused,
        }
    }
}
