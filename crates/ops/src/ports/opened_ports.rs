//! What a charm does with its unit's ports, in commands that Juju does not refuse.
//!
//! Three rules decide how to get from what is open to what is wanted:
//!
//! - A range is closed as a whole or not at all.
//! - Until the hook has ended, a new range may not overlap one that was open when the hook began, or has been opened in
//!   it, even if it has been closed since. It may only equal it. What has to be cut differently is closed in this hook
//!   and opened in the next.
//! - The endpoints of a range that is open for all cannot be taken away one by one, as nobody tells the charm which
//!   there are. Such a range, too, is closed in this hook and opened in the next.

use std::cell::RefMut;

use crate::error::Result;
use crate::ports::coverage;
use crate::ports::hook_ports::HookPorts;
use crate::ports::openness::Openness;
use crate::ports::port::{Endpoints, Port, PortError};
use crate::ports::port_range::Protocol;
use crate::unit::Unit;

/// What [`Unit::set_ports`](crate::Unit::set_ports) changes, once the hook has ended well.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PortChanges {
    /// What is opened, such as `6789/tcp`, sorted.
    pub opened: Vec<Port>,
    /// What is closed, such as `8000/tcp`, sorted.
    pub closed: Vec<Port>,
    /// What Juju does not open before the next hook: parts of a range that has to be closed in this one. The unit is
    /// then shown as waiting rather than active, without a word from the charm.
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
    /// range, except on Kubernetes, where Juju takes single ports only.
    ///
    /// Hook commands: `opened-ports`, then at once `open-port` for what is new, as in `open-port 8000-8009/tcp`, and
    /// `close-port` when the charm has returned `Ok`. On an error the new ones are taken back.
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
    /// [`Error::PortConflict`](crate::Error::PortConflict) when another unit of the machine holds a port;
    /// [`Error::Port`](crate::Error::Port) for icmp on Kubernetes. The ports are then wanted as before the call.
    pub fn set_ports<P: Into<Port>>(
        &self,
        ports: impl IntoIterator<Item = P>,
    ) -> Result<PortChanges> {
        let wanted: Vec<Port> = ports.into_iter().map(Into::into).collect();
        wanted
            .iter()
            .try_for_each(|port| self.check_protocol(port))?;
        let mut ports = self.hook_ports()?;
        let mut by_holder = coverage::by_holder(&wanted, &ports.ranges);
        let mut new = by_holder.remove(&None).unwrap_or_default();
        if self.is_on_kubernetes() {
            new = new.iter().flat_map(Port::one_by_one).collect();
        }
        let mut changes = PortChanges::default();
        let mut settled = Vec::new();
        for (range, held) in &ports.ranges {
            let inside = by_holder.remove(&Some(*range)).unwrap_or_default();
            let whole = inside.iter().find(|part| part.range == *range);
            let wanted = whole
                .map(|part| Openness::CLOSED.with(&part.endpoints))
                .filter(|wanted| held.told.reaches(wanted))
                .unwrap_or_else(|| {
                    changes.later.extend(inside);
                    Openness::CLOSED
                });
            let (close, open) = held.wanted.difference(&wanted);
            let port = |endpoints| range.for_endpoints(endpoints);
            changes.closed.extend(close.map(port));
            changes.opened.extend(open.map(port));
            settled.push((*range, wanted));
        }

        for port in new {
            ports.open(&port, self.hook_commands())?;
            settled.push((port.range, Openness::CLOSED.with(&port.endpoints)));
            changes.opened.push(port);
        }
        changes.opened.sort();
        for (range, wanted) in settled {
            if let Some(held) = ports.ranges.get_mut(&range) {
                held.wanted = wanted;
            }
        }
        ports.later.clone_from(&changes.later);
        if !changes.later.is_empty() {
            let texts: Vec<String> = changes.later.iter().map(Port::to_string).collect();
            tracing::warn!(
                "{} will be opened by the next hook: Juju does not cut a range in the hook that closes it",
                texts.join(", ")
            );
        }
        Ok(changes)
    }

    /// Opens a port beside those that are open: `open-port 8000/tcp`. Nothing is run when it is open already.
    ///
    /// Prefer [`set_ports`](Self::set_ports), which also closes what is no longer wanted.
    ///
    /// # Errors
    /// [`Error::PortConflict`](crate::Error::PortConflict) when another unit of the machine holds the port;
    /// [`Error::Port`](crate::Error::Port) when it overlaps a range that this unit has open, or has closed in this hook,
    /// and for icmp on Kubernetes.
    pub fn open_port(&self, port: impl Into<Port>) -> Result<()> {
        let port = port.into();
        self.check_protocol(&port)?;
        let mut ports = self.hook_ports()?;
        ports.check_overlap(&port)?;
        if !ports.ranges.contains_key(&port.range) {
            ports.open(&port, self.hook_commands())?;
        }
        if let Some(held) = ports.ranges.get_mut(&port.range) {
            let wanted = held.wanted.with(&port.endpoints);
            // Juju would take the command, and close the range for all endpoints nevertheless.
            if !held.told.reaches(&wanted) {
                let held = port.range.for_endpoints(Endpoints::All);
                return Err(PortError::Overlap { port, held }.into());
            }
            held.wanted = wanted;
        }
        Ok(())
    }

    /// Closes a port, which must be named as it was opened: `close-port 8000/tcp`. Nothing is run when it is not open.
    ///
    /// # Errors
    /// [`Error::Port`](crate::Error::Port) when it is a part of an open range, or overlaps one.
    pub fn close_port(&self, port: impl Into<Port>) -> Result<()> {
        let port = port.into();
        let mut ports = self.hook_ports()?;
        ports.check_overlap(&port)?;
        if let Some(held) = ports.ranges.get_mut(&port.range) {
            held.wanted = held.wanted.without(&port.endpoints);
        }
        Ok(())
    }

    /// The ports that are open for this unit, this hook's changes included, sorted: `opened-ports`.
    ///
    /// Port 0, which this crate never opens, is in it when somebody has opened it by hand.
    ///
    /// # Errors
    /// Only those of any hook command.
    pub fn opened_ports(&self) -> Result<Vec<Port>> {
        let ports = self.hook_ports()?;
        let wanted = ports.ranges.iter();
        Ok(wanted
            .filter_map(|(range, held)| Some(range.for_endpoints(held.wanted.endpoints()?)))
            .collect())
    }

    /// Refuses what Juju would refuse when the hook has ended.
    fn check_protocol(&self, port: &Port) -> Result<()> {
        if self.is_on_kubernetes() && port.protocol() == Protocol::Icmp {
            return Err(PortError::IcmpOnKubernetes.into());
        }
        Ok(())
    }

    fn is_on_kubernetes(&self) -> bool {
        self.context().machine_id().is_none()
    }

    /// Asks Juju once a hook; after that, all that changes is what we change.
    fn hook_ports(&self) -> Result<RefMut<'_, HookPorts>> {
        let mut ports = self.changes().ports.borrow_mut();
        if ports.is_none() {
            *ports = Some(HookPorts::read(self.hook_commands())?);
        }
        Ok(RefMut::map(ports, |ports| ports.get_or_insert_default()))
    }
}
