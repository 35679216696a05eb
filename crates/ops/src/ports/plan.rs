//! From the ports that are open to the ports that are wanted, in commands that Juju does not refuse.
//!
//! What counts is coverage, number by number, not the ranges in which it happens to be held. Three of Juju's rules
//! decide the rest:
//!
//! - A range is closed as a whole or not at all.
//! - Until the hook has ended, a new range may not overlap one that was open when the hook began, or has been opened in
//!   it, even if it has been closed since. It may only equal it. What has to be cut differently is closed in this hook
//!   and opened in the next.
//! - The endpoints of a range that is open for all cannot be taken away one by one, as nobody tells the charm which
//!   there are. Such a range, too, is closed in this hook and opened in the next.

use std::collections::BTreeMap;

use crate::ports::openness::{HookRange, Openness};
use crate::ports::port::{Endpoints, Port};
use crate::ports::port_range::{PortRange, Protocol};

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

/// What leads to the wanted ports, each list sorted.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// New ranges.
    pub(crate) open: Vec<Port>,
    /// Ranges that Juju holds, with what they are to be open for.
    pub(crate) change: Vec<(PortRange, Openness)>,
    /// What is wanted and cannot be opened before the next hook.
    pub(crate) later: Vec<Port>,
}

/// Plans how to get from the ranges that Juju holds to `wanted`; on Kubernetes every port is opened by itself.
pub(crate) fn plan(
    held: &BTreeMap<PortRange, HookRange>,
    wanted: &[Port],
    kubernetes: bool,
) -> Plan {
    let wanted = coverage(wanted);
    let mut plan = Plan::default();
    plan.open_between(held, &wanted);
    if kubernetes {
        plan.open = plan.open.iter().flat_map(one_by_one).collect();
    }
    let mut rest = &wanted[..];
    for (range, hook_range) in held {
        let before = rest.iter().take_while(|port| port.range.is_before(*range));
        rest = &rest[before.count()..];
        let overlapping = rest.iter().take_while(|port| !range.is_before(port.range));
        plan.settle(*range, &hook_range.told, &rest[..overlapping.count()]);
    }
    plan
}

impl Plan {
    /// Opens what is wanted and lies in no range that Juju holds.
    fn open_between(&mut self, held: &BTreeMap<PortRange, HookRange>, wanted: &[Port]) {
        let mut held = held.keys().peekable();
        for Port { range, endpoints } in wanted {
            let mut open =
                |range: PortRange| self.open.push(range.for_endpoints(endpoints.clone()));
            let mut rest = Some(*range);
            while let (Some(range), Some(&&next)) = (rest, held.peek()) {
                if next.is_before(range) {
                    held.next();
                } else if range.is_before(next) {
                    break;
                } else {
                    range.part_below(next).map(&mut open);
                    rest = range.part_above(next);
                }
            }
            rest.map(open);
        }
    }

    /// Decides on one range that Juju holds, given what is wanted and overlaps it.
    fn settle(&mut self, range: PortRange, told: &Openness, wanted: &[Port]) {
        let in_one_hook = match wanted {
            [] => Some(Openness::CLOSED),
            [only] if only.range.part_in(range) == range => {
                Some(Openness::from(only.endpoints.clone())).filter(|wanted| told.reaches(wanted))
            }
            _ => None,
        };
        let openness = in_one_hook.unwrap_or_else(|| {
            let part = |port: &Port| {
                port.range
                    .part_in(range)
                    .for_endpoints(port.endpoints.clone())
            };
            self.later.extend(wanted.iter().map(part));
            Openness::CLOSED
        });
        self.change.push((range, openness));
    }

    /// What it changes of what was wanted before.
    pub(crate) fn changes(&self, held: &BTreeMap<PortRange, HookRange>) -> PortChanges {
        let mut changes = PortChanges {
            opened: self.open.clone(),
            closed: Vec::new(),
            later: self.later.clone(),
        };
        for (range, wanted) in &self.change {
            if let Some(before) = held.get(range) {
                let (close, open) = before.wanted.difference(wanted);
                let port = |endpoints| range.for_endpoints(endpoints);
                changes.closed.extend(close.map(port));
                changes.opened.extend(open.map(port));
            }
        }
        changes.opened.sort();
        changes
    }
}

fn one_by_one(port: &Port) -> impl Iterator<Item = Port> {
    let Port { range, endpoints } = port.clone();
    (range.from..=range.to).map(move |number| {
        let single = PortRange {
            from: number,
            to: number,
            ..range
        };
        single.for_endpoints(endpoints.clone())
    })
}

/// The same ports as sorted ranges that do not overlap, neighbours with the same endpoints joined.
fn coverage(ports: &[Port]) -> Vec<Port> {
    // Where something begins and where it has ended, in order.
    let mut steps: Vec<(Protocol, u32, bool, &Endpoints)> = Vec::with_capacity(2 * ports.len());
    for Port { range, endpoints } in ports {
        steps.push((range.protocol, range.from.into(), true, endpoints));
        steps.push((range.protocol, u32::from(range.to) + 1, false, endpoints));
    }
    steps.sort_unstable();

    let mut covered: Vec<Port> = Vec::new();
    // How many of the ports that have begun and not ended are for these endpoints.
    let mut open: BTreeMap<&Endpoints, usize> = BTreeMap::new();
    let mut steps = steps.into_iter().peekable();
    while let Some((protocol, from, begins, endpoints)) = steps.next() {
        let count = open.entry(endpoints).or_default();
        *count = if begins { *count + 1 } else { *count - 1 };
        // What ends here and what begins here are steps of their own: nothing lies between them.
        if let Some((_, end, ..)) = steps.peek()
            && *end != from
            && let Some(endpoints) = union(&open)
        {
            push_or_extend(&mut covered, protocol, from, *end - 1, endpoints);
        }
    }
    covered
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "both numbers come from a u16"
)]
fn push_or_extend(
    covered: &mut Vec<Port>,
    protocol: Protocol,
    from: u32,
    to: u32,
    endpoints: Endpoints,
) {
    match covered.last_mut() {
        Some(last)
            if last.range.protocol == protocol
                && u32::from(last.range.to) + 1 == from
                && last.endpoints == endpoints =>
        {
            last.range.to = to as u16;
        }
        _ => covered.push(Port {
            range: PortRange {
                protocol,
                from: from as u16,
                to: to as u16,
            },
            endpoints,
        }),
    }
}

/// The endpoints of all ports that have begun and not ended; none when there are none.
fn union(counts: &BTreeMap<&Endpoints, usize>) -> Option<Endpoints> {
    let counted = counts.iter().filter(|(_, count)| **count > 0);
    counted
        .fold(Openness::CLOSED, |open, (endpoints, _)| {
            open.with(endpoints)
        })
        .endpoints()
}
