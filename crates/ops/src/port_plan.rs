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

use crate::held_range::{HeldRange, Way};
use crate::port::{Endpoints, Port, PortRange, Protocol};

/// The commands that lead to the wanted ports, each list sorted.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) close: Vec<Port>,
    pub(crate) open: Vec<Port>,
    /// Of the ranges for which that changes: whether they are to be opened for all endpoints when the hook ends.
    pub(crate) for_all_at_end: Vec<(PortRange, bool)>,
    /// What is wanted and cannot be opened before the next hook.
    pub(crate) later: Vec<Port>,
}

/// Plans how to get from the ranges that Juju `held` to `wanted`; on Kubernetes every port is opened by itself.
pub(crate) fn plan(
    held: &BTreeMap<PortRange, HeldRange>,
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
    for (range, held) in held {
        let before = rest.iter().take_while(|port| port.range.is_before(*range));
        rest = &rest[before.count()..];
        let overlapping = rest.iter().take_while(|port| !range.is_before(port.range));
        plan.settle(*range, held, &rest[..overlapping.count()]);
    }
    // The other lists have been made range by range, this one in two goes.
    plan.open.sort();
    plan
}

impl Plan {
    /// Opens what is wanted and lies in no range that Juju holds.
    fn open_between(&mut self, held: &BTreeMap<PortRange, HeldRange>, wanted: &[Port]) {
        let mut held = held.keys().peekable();
        for Port { range, endpoints } in wanted {
            let mut open = |range| {
                self.open.push(Port {
                    range,
                    endpoints: endpoints.clone(),
                });
            };
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
    fn settle(&mut self, range: PortRange, held: &HeldRange, wanted: &[Port]) {
        let way = match wanted {
            [] => Some(held.way_to_closed()),
            [only] if only.range.part_in(range) == range => held.way_to(&only.endpoints),
            _ => None,
        };
        let way = way.unwrap_or_else(|| {
            let parts = wanted.iter().map(|port| Port {
                range: port.range.part_in(range),
                endpoints: port.endpoints.clone(),
            });
            self.later.extend(parts);
            held.way_to_closed()
        });
        self.take(range, held, way);
    }

    /// Adds what is to be done with one range.
    pub(crate) fn take(&mut self, range: PortRange, held: &HeldRange, way: Way) {
        let port = |endpoints| Port { range, endpoints };
        self.close.extend(way.close.into_iter().map(port));
        self.open.extend(way.open.into_iter().map(port));
        if way.for_all_at_end != held.for_all_at_end {
            self.for_all_at_end.push((range, way.for_all_at_end));
        }
    }
}

impl PortRange {
    fn is_before(self, other: Self) -> bool {
        (self.protocol, self.to) < (other.protocol, other.from)
    }

    pub(crate) fn overlaps(self, other: Self) -> bool {
        !self.is_before(other) && !other.is_before(self)
    }

    /// What is in both of two ranges that overlap.
    fn part_in(self, other: Self) -> Self {
        Self {
            from: self.from.max(other.from),
            to: self.to.min(other.to),
            ..self
        }
    }

    fn part_below(self, other: Self) -> Option<Self> {
        (self.from < other.from).then(|| Self {
            to: other.from - 1,
            ..self
        })
    }

    fn part_above(self, other: Self) -> Option<Self> {
        (self.to > other.to).then(|| Self {
            from: other.to + 1,
            ..self
        })
    }
}

fn one_by_one(port: &Port) -> impl Iterator<Item = Port> {
    let Port { range, endpoints } = port.clone();
    (range.from..=range.to).map(move |number| Port {
        range: PortRange {
            from: number,
            to: number,
            ..range
        },
        endpoints: endpoints.clone(),
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

/// All the endpoints that are counted at least once; none of none.
fn union(counts: &BTreeMap<&Endpoints, usize>) -> Option<Endpoints> {
    let counted = counts.iter().filter(|(_, count)| **count > 0);
    counted
        .map(|(endpoints, _)| Endpoints::clone(endpoints))
        .reduce(Endpoints::with)
}

impl Endpoints {
    /// These and those.
    pub(crate) fn with(self, other: Self) -> Self {
        match (self, other) {
            (Self::Named(mut names), Self::Named(others)) => {
                names.extend(others);
                Self::Named(names)
            }
            _ => Self::All,
        }
    }
}
