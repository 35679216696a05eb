//! The ports that a unit has opened, and how they are changed.

use std::cell::RefMut;
use std::collections::BTreeMap;

use crate::error::{Error, Result};
use crate::held_range::{HeldRange, Way};
use crate::hook_command::{self, HookCommandError, HookCommands, Problem};
use crate::port::{Endpoints, Port, PortError, PortRange, Protocol};
use crate::port_plan::{self, Plan};
use crate::unit::Unit;

/// What [`Unit::set_ports`] has asked Juju for, to take effect when the hook has ended well.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PortChanges {
    /// What was opened, such as `6789/tcp`, in the order of the commands.
    pub opened: Vec<Port>,
    /// What was closed, such as `8000/tcp`, in the order of the commands.
    pub closed: Vec<Port>,
    /// What Juju does not open before the next hook: parts of a range that had to be closed in this one. A charm that
    /// sets its ports at every event need not look at it.
    pub later: Vec<Port>,
}

/// # Opened ports
///
/// Juju opens and closes ports when the hook has ended well. On machines they can be reached from outside once the
/// operator has run `juju expose`.
impl Unit {
    /// Makes these the unit's opened ports, and closes all others, with no more commands than the difference needs.
    ///
    /// What is open and wanted stays open, in whatever ranges Juju holds it. Consecutive new ports are opened as one
    /// range, except on Kubernetes, where Juju takes single ports only. If a command is refused, all that this hook has
    /// asked for is undone, so that a charm that answers with blocked leaves its ports as they were.
    ///
    /// Hook commands: `opened-ports`, then `close-port` and `open-port`, as in `open-port 8000-8009/tcp`. A range that
    /// was open for some endpoints and is now wanted for all is opened when the charm has returned, as that cannot be
    /// undone.
    ///
    /// ```no_run
    /// use ops::{Port, Protocol};
    ///
    /// # fn reconcile(unit: &ops::Unit) -> ops::Result<()> {
    /// unit.set_ports([Port::tcp(80)?, Port::range(Protocol::Udp, 8000..=8009)?])?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// To close them all: `unit.set_ports::<Port>([])?`.
    ///
    /// # Errors
    /// [`Error::PortConflict`] when another unit of the machine holds a port; [`Error::Port`] for icmp on Kubernetes.
    #[must_use = "it says whether Juju took the ports, and which of them have to wait for the next hook"]
    pub fn set_ports<P: Into<Port>>(
        &self,
        ports: impl IntoIterator<Item = P>,
    ) -> Result<PortChanges> {
        let wanted: Vec<Port> = ports.into_iter().map(Into::into).collect();
        let kubernetes = self.context().machine_id().is_none();
        if kubernetes && wanted.iter().any(|port| port.protocol() == Protocol::Icmp) {
            return Err(PortError::IcmpOnKubernetes.into());
        }

        let mut ports = self.hook_ports()?;
        let mut plan = port_plan::plan(&ports.held, &wanted, kubernetes);
        if let Err(error) = ports.carry_out(&plan, self.hook_commands()) {
            return Err(match ports.undo(self.hook_commands()) {
                Ok(()) => error,
                Err(undo) => error.with_failed_undo(undo),
            });
        }
        let at_end = plan.for_all_at_end.iter().filter(|(_, at_end)| *at_end);
        plan.open
            .extend(at_end.map(|(range, _)| Port::from(*range)));
        if !plan.later.is_empty() {
            let texts: Vec<String> = plan.later.iter().map(Port::to_string).collect();
            tracing::warn!(
                "{} will be opened by the next hook: Juju does not cut a range in the hook that closes it",
                texts.join(", ")
            );
        }
        Ok(PortChanges {
            opened: plan.open,
            closed: plan.close,
            later: plan.later,
        })
    }

    /// Opens a port beside those that are open: `open-port 8000/tcp`. Nothing is run when it is open already.
    ///
    /// Prefer [`set_ports`](Self::set_ports), which also closes what is no longer wanted.
    ///
    /// # Errors
    /// [`Error::PortConflict`] when another unit of the machine holds the port; [`Error::Port`] when it overlaps a range
    /// that this unit has open, or has closed in this hook.
    pub fn open_port(&self, port: impl Into<Port>) -> Result<()> {
        let port = port.into();
        let mut ports = self.hook_ports()?;
        ports.check_overlap(&port)?;
        let held = ports.held_range(port.range);
        // Juju would take the command, and close the range for all endpoints nevertheless.
        let way = held
            .way_to_open(&port.endpoints)
            .ok_or_else(|| overlap(&port, port.range))?;
        ports.go(port.range, &held, way, self.hook_commands())
    }

    /// Closes a port, which must be named as it was opened: `close-port 8000/tcp`. Nothing is run when it is not open.
    ///
    /// # Errors
    /// [`Error::Port`] when it is a part of an open range, or overlaps one.
    pub fn close_port(&self, port: impl Into<Port>) -> Result<()> {
        let port = port.into();
        let mut ports = self.hook_ports()?;
        ports.check_overlap(&port)?;
        let held = ports.held_range(port.range);
        let way = held.way_to_close(&port.endpoints);
        ports.go(port.range, &held, way, self.hook_commands())
    }

    /// The ports that are open for this unit, this hook's changes included, sorted: `opened-ports`.
    ///
    /// Port 0, which this crate never opens, is in it when somebody has opened it by hand.
    ///
    /// # Errors
    /// Only those of any hook command.
    pub fn opened_ports(&self) -> Result<Vec<Port>> {
        let ports = self.hook_ports()?;
        let open = ports.held.iter().filter_map(|(range, held)| {
            held.open_now().map(|endpoints| Port {
                range: *range,
                endpoints,
            })
        });
        Ok(open.collect())
    }

    /// Asks for what could not have been undone, for a hook that has done what it was to do.
    pub(crate) fn finish_port_changes(&self) -> Result<()> {
        match &*self.ports().borrow() {
            Some(ports) => ports.finish(self.hook_commands()),
            None => Ok(()),
        }
    }

    /// Takes back what this hook has changed, for a hook that ends well without having done what it was to do.
    pub(crate) fn undo_port_changes(&self) -> Result<()> {
        match &mut *self.ports().borrow_mut() {
            Some(ports) => ports.undo(self.hook_commands()),
            None => Ok(()),
        }
    }

    /// Asks Juju once a hook; after that, all that changes is what we change.
    fn hook_ports(&self) -> Result<RefMut<'_, HookPorts>> {
        let mut ports = self.ports().borrow_mut();
        if ports.is_none() {
            *ports = Some(HookPorts::read(self.hook_commands())?);
        }
        Ok(RefMut::map(ports, |ports| ports.get_or_insert_default()))
    }
}

/// The ports of the unit in the course of one hook.
#[derive(Debug, Default)]
pub(crate) struct HookPorts {
    held: BTreeMap<PortRange, HeldRange>,
}

#[derive(Clone, Copy, Debug)]
enum Change {
    Open,
    Close,
}

impl HookPorts {
    fn read(hook_commands: &dyn HookCommands) -> Result<Self> {
        let texts: Vec<String> =
            hook_command::read_json(hook_commands, "opened-ports", &["--endpoints"])?;
        let held = texts.iter().map(|text| {
            let Port { range, endpoints } = Port::from_juju(text)?;
            Ok((range, HeldRange::open_at_start(endpoints)))
        });
        Ok(Self {
            held: held.collect::<Result<_, PortError>>()?,
        })
    }

    /// Refuses what Juju would refuse, at once or when the hook has ended.
    fn check_overlap(&self, port: &Port) -> Result<(), PortError> {
        let overlaps = |held: &&PortRange| held.overlaps(port.range) && **held != port.range;
        match self.held.keys().find(overlaps) {
            Some(held) => Err(overlap(port, *held)),
            None => Ok(()),
        }
    }

    fn held_range(&self, range: PortRange) -> HeldRange {
        self.held.get(&range).cloned().unwrap_or_default()
    }

    fn carry_out(&mut self, plan: &Plan, hook_commands: &dyn HookCommands) -> Result<()> {
        for port in &plan.close {
            Change::Close.run(port, hook_commands)?;
            let held = self.held.entry(port.range).or_default();
            held.closed(&port.endpoints);
        }
        for port in &plan.open {
            Change::Open.run(port, hook_commands)?;
            let held = self.held.entry(port.range).or_default();
            held.opened(&port.endpoints);
        }
        for (range, at_end) in &plan.for_all_at_end {
            if let Some(held) = self.held.get_mut(range) {
                held.for_all_at_end = *at_end;
            }
        }
        Ok(())
    }

    fn go(
        &mut self,
        range: PortRange,
        held: &HeldRange,
        way: Way,
        hook_commands: &dyn HookCommands,
    ) -> Result<()> {
        let mut plan = Plan::default();
        plan.take(range, held, way);
        self.carry_out(&plan, hook_commands)
    }

    fn finish(&self, hook_commands: &dyn HookCommands) -> Result<()> {
        let ranges = self.held.iter().filter(|(_, held)| held.for_all_at_end);
        ranges
            .map(|(range, _)| Port::from(*range))
            .try_for_each(|port| Change::Open.run(&port, hook_commands))
    }

    fn undo(&mut self, hook_commands: &dyn HookCommands) -> Result<()> {
        let mut plan = Plan::default();
        for (range, held) in &self.held {
            plan.take(*range, held, held.way_back());
        }
        self.carry_out(&plan, hook_commands)
    }
}

impl Change {
    fn run(self, port: &Port, hook_commands: &dyn HookCommands) -> Result<()> {
        let command = match self {
            Self::Open => "open-port",
            Self::Close => "close-port",
        };
        let range = port.range.to_string();
        let result = match &port.endpoints {
            Endpoints::All => hook_command::run(hook_commands, command, &[&range]),
            Endpoints::Named(names) => {
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                let args = ["--endpoints", &names.join(","), &range];
                hook_command::run(hook_commands, command, &args)
            }
        };
        result.map(drop).map_err(|error| conflict(port, error))
    }
}

fn overlap(port: &Port, held: PortRange) -> PortError {
    PortError::Overlap {
        port: port.to_string(),
        held: held.to_string(),
    }
}

/// Juju tells only in words that another unit of the machine is in the way:
/// `cannot open 80/tcp (unit "web/0"): port range conflicts with 80-90/tcp (unit "other/0")`.
fn conflict(port: &Port, error: HookCommandError) -> Error {
    let Problem::Failed { stderr, .. } = &error.problem else {
        return error.into();
    };
    let unit_in = |text: &str| Some(text.split_once("(unit \"")?.1.split_once('"')?.0.to_owned());
    let held = || {
        let (ours, theirs) = stderr.split_once("port range conflicts with ")?;
        let unit = unit_in(theirs)?;
        let range = theirs.split_once(' ')?.0.to_owned();
        (unit_in(ours)? != unit).then_some((range, unit))
    };
    match held() {
        Some((held, unit)) => Error::PortConflict {
            port: port.clone(),
            held,
            unit,
        },
        None => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::ExitStatus;

    use super::*;

    #[test]
    fn only_the_range_of_another_unit_is_a_conflict() {
        let refused_by = |holder: &str| {
            let problem = Problem::Failed {
                status: ExitStatus::from_raw(1 << 8),
                stderr: format!(
                    "ERROR cannot open 80/tcp (unit \"web/0\"): port range conflicts with 80-90/tcp (unit \"{holder}\")"
                ),
            };
            let error = HookCommandError {
                command: "open-port".to_owned(),
                args: vec!["80/tcp".to_owned()],
                problem,
            };
            conflict(&"80/tcp".parse().unwrap(), error)
        };
        assert!(matches!(
            refused_by("other/0"),
            Error::PortConflict { port, held, unit }
                if port.to_string() == "80/tcp" && held == "80-90/tcp" && unit == "other/0"
        ));
        assert!(matches!(refused_by("web/0"), Error::HookCommand(_)));
    }
}
