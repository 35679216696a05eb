//! The ports that a unit has opened, and how they are changed.

use std::cell::RefMut;
use std::collections::BTreeMap;

use crate::error::{Error, Result};
use crate::hook_command::{self, HookCommandError, HookCommands, Problem};
use crate::port::{Endpoints, Port, PortError, PortRange, Protocol};
use crate::port_plan::{self, Opened, Plan};
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
    /// range, except on Kubernetes, where Juju takes single ports only. If a command is refused, those before it are
    /// undone, so that a charm that answers with blocked leaves its ports as they were.
    ///
    /// Hook commands: `opened-ports`, then `close-port` and `open-port`, as in `open-port 8000-8009/tcp`.
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
        let Plan { close, open, later } = port_plan::plan(&ports.opened(), &wanted, kubernetes);
        let before = ports.done.len();
        let closes = close.iter().map(|port| (Change::Close, port));
        let opens = open.iter().map(|port| (Change::Open, port));
        for (change, port) in closes.chain(opens) {
            if let Err(error) = ports.make(change, port, self.hook_commands()) {
                ports.undo_after(before, self.hook_commands())?;
                return Err(error);
            }
        }
        if !later.is_empty() {
            let texts: Vec<String> = later.iter().map(Port::to_string).collect();
            tracing::warn!(
                "{} will be opened by the next hook: Juju does not cut a range that was open when this one began",
                texts.join(", ")
            );
        }
        Ok(PortChanges {
            opened: open,
            closed: close,
            later,
        })
    }

    /// Opens a port beside those that are open: `open-port 8000/tcp`. Nothing is run when it is open already.
    ///
    /// Prefer [`set_ports`](Self::set_ports), which also closes what is no longer wanted.
    ///
    /// # Errors
    /// [`Error::PortConflict`] when another unit of the machine holds the port; [`Error::HookCommand`] when it overlaps
    /// a range that this unit has open.
    pub fn open_port(&self, port: impl Into<Port>) -> Result<()> {
        self.hook_ports()?
            .make(Change::Open, &port.into(), self.hook_commands())
    }

    /// Closes a port, which must be named as it was opened: `close-port 8000/tcp`.
    ///
    /// # Errors
    /// [`Error::HookCommand`] when it is a part of an open range, or overlaps one.
    pub fn close_port(&self, port: impl Into<Port>) -> Result<()> {
        self.hook_ports()?
            .make(Change::Close, &port.into(), self.hook_commands())
    }

    /// The ports that are open for this unit, this hook's changes included, sorted: `opened-ports`.
    ///
    /// Port 0, which this crate never opens, is in it when somebody has opened it by hand.
    ///
    /// # Errors
    /// Only those of any hook command.
    pub fn opened_ports(&self) -> Result<Vec<Port>> {
        Ok(self
            .hook_ports()?
            .now
            .iter()
            .map(|(range, endpoints)| Port {
                range: *range,
                endpoints: endpoints.clone(),
            })
            .collect())
    }

    /// Takes back what this hook has changed, for a hook that ends well without having done what it was to do.
    pub(crate) fn undo_port_changes(&self) -> Result<()> {
        match &mut *self.ports().borrow_mut() {
            Some(ports) => ports.undo_after(0, self.hook_commands()),
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
    at_start: BTreeMap<PortRange, Endpoints>,
    now: BTreeMap<PortRange, Endpoints>,
    /// Each command that changed something, and for which endpoints its range was open before.
    done: Vec<(Change, Port, Option<Endpoints>)>,
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
        let at_start: BTreeMap<PortRange, Endpoints> = texts
            .iter()
            .map(|text| Port::from_juju(text).map(|port| (port.range, port.endpoints)))
            .collect::<Result<_, PortError>>()?;
        Ok(Self {
            now: at_start.clone(),
            at_start,
            done: Vec::new(),
        })
    }

    fn opened(&self) -> Opened<'_> {
        Opened {
            now: &self.now,
            at_start: &self.at_start,
        }
    }

    fn make(
        &mut self,
        change: Change,
        port: &Port,
        hook_commands: &dyn HookCommands,
    ) -> Result<()> {
        let before = self.now.get(&port.range).cloned();
        let after = change.applied_to(before.as_ref(), &port.endpoints);
        if matches!(change, Change::Open) && after == before {
            return Ok(());
        }
        change.run(port, hook_commands)?;
        if after != before {
            self.put(port.range, after);
            self.done.push((change, port.clone(), before));
        }
        Ok(())
    }

    fn undo_after(&mut self, count: usize, hook_commands: &dyn HookCommands) -> Result<()> {
        while self.done.len() > count
            && let Some((change, port, before)) = self.done.pop()
        {
            change.opposite().run(&port, hook_commands)?;
            self.put(port.range, before);
        }
        Ok(())
    }

    fn put(&mut self, range: PortRange, endpoints: Option<Endpoints>) {
        match endpoints {
            Some(endpoints) => self.now.insert(range, endpoints),
            None => self.now.remove(&range),
        };
    }
}

impl Change {
    fn opposite(self) -> Self {
        match self {
            Self::Open => Self::Close,
            Self::Close => Self::Open,
        }
    }

    /// For which endpoints a range is open after the change, as `opened-ports` shows it in the same hook.
    fn applied_to(self, before: Option<&Endpoints>, changed: &Endpoints) -> Option<Endpoints> {
        match (self, before, changed) {
            (Self::Open, None, changed) => Some(changed.clone()),
            (Self::Open, Some(before), changed) => Some(before.clone().with(changed.clone())),
            (Self::Close, None, _) | (Self::Close, Some(Endpoints::All), Endpoints::All) => None,
            (Self::Close, Some(Endpoints::Named(before)), Endpoints::Named(changed)) => {
                Some(before - changed)
                    .filter(|names| !names.is_empty())
                    .map(Endpoints::Named)
            }
            // Shown from the next hook on only.
            (Self::Close, Some(before), _) => Some(before.clone()),
        }
    }

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
