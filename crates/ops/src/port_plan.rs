//! From the ports that are open to the ports that are wanted, in commands that Juju does not refuse.
//!
//! What counts is coverage, number by number, not the ranges in which it happens to be held. Three of Juju's rules
//! decide the rest:
//!
//! - A range is closed as a whole or not at all.
//! - Until the hook has ended, a new range may not overlap one that was open when the hook began, even if it has been
//!   closed since. It may only equal it. What has to be cut differently is closed in this hook and opened in the next.
//! - The endpoints of a range that is open for all cannot be taken away one by one, as nobody tells the charm which
//!   there are. Such a range, too, is closed in this hook and opened in the next.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;

use crate::port::{Endpoints, Port, PortRange, Protocol};

/// The commands that lead to the wanted ports, each list sorted.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) close: Vec<Port>,
    pub(crate) open: Vec<Port>,
    /// What is wanted and cannot be opened before the next hook.
    pub(crate) later: Vec<Port>,
}

/// What is open, and what was when the hook began; where nothing has changed since, the two are the same.
pub(crate) struct Opened<'a> {
    pub(crate) now: &'a BTreeMap<PortRange, Endpoints>,
    pub(crate) at_start: &'a BTreeMap<PortRange, Endpoints>,
}

/// Plans how to get from `opened` to `wanted`; on Kubernetes every port is opened by itself.
pub(crate) fn plan(opened: &Opened<'_>, wanted: &[Port], kubernetes: bool) -> Plan {
    let wanted = coverage(wanted);
    let mut plan = Plan::default();
    let mut new = Vec::new();
    let mut fixed = opened.fixed_ranges().peekable();
    for part in &wanted {
        let mut rest = Some(part.range);
        while let Some(range) = rest {
            let Some(&next) = fixed.peek() else { break };
            if next.is_before(range) {
                fixed.next();
                continue;
            }
            if range.is_before(next) {
                break;
            }
            new.extend(range.part_below(next));
            rest = range.part_above(next);
        }
        let pieces = mem::take(&mut new).into_iter().chain(rest);
        plan.open.extend(pieces.map(|range| Port {
            range,
            endpoints: part.endpoints.clone(),
        }));
    }
    if kubernetes {
        plan.open = plan.open.iter().flat_map(one_by_one).collect();
    }
    for range in opened.fixed_ranges() {
        plan.settle(range, opened, within(&wanted, range));
    }
    plan.close.sort();
    plan.open.sort();
    plan.later.sort();
    plan
}

impl Plan {
    /// Decides on one range that Juju holds to as it is, given the parts of it that are wanted.
    fn settle(&mut self, range: PortRange, opened: &Opened<'_>, wanted: Vec<Port>) {
        let now = opened.now.get(&range);
        let whole = match &wanted[..] {
            [only] if only.range == range => Some(&only.endpoints),
            _ => None,
        };
        match (now, whole) {
            (Some(now), Some(whole)) if now == whole => {}
            (Some(Endpoints::Named(now)), Some(Endpoints::Named(whole))) => {
                self.close.extend(named(range, now.difference(whole)));
                self.open.extend(named(range, whole.difference(now)));
            }
            // Opening for all takes the named ones in; closing them too would leave all the others.
            (Some(Endpoints::Named(_)), Some(Endpoints::All)) => self.open.push(range.into()),
            // Closed earlier in this hook: to open the very same again undoes that.
            (None, Some(whole)) if opened.at_start.get(&range) == Some(whole) => {
                self.open.extend(wanted);
            }
            _ => {
                self.close.extend(now.map(|endpoints| Port {
                    range,
                    endpoints: endpoints.clone(),
                }));
                self.later.extend(wanted);
            }
        }
    }
}

impl Opened<'_> {
    /// The ranges that nothing new may overlap, sorted. They do not overlap each other, as Juju has seen to that.
    fn fixed_ranges(&self) -> impl Iterator<Item = PortRange> {
        let both: BTreeSet<PortRange> = self
            .now
            .keys()
            .chain(self.at_start.keys())
            .copied()
            .collect();
        both.into_iter()
    }
}

impl PortRange {
    fn is_before(self, other: Self) -> bool {
        (self.protocol, self.to) < (other.protocol, other.from)
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

/// The parts of sorted, disjoint `ports` that lie in `range`.
fn within(ports: &[Port], range: PortRange) -> Vec<Port> {
    let first = ports.partition_point(|port| port.range.is_before(range));
    ports[first..]
        .iter()
        .take_while(|port| !range.is_before(port.range))
        .map(|port| Port {
            range: PortRange {
                from: port.range.from.max(range.from),
                to: port.range.to.min(range.to),
                ..range
            },
            endpoints: port.endpoints.clone(),
        })
        .collect()
}

fn named<'a>(range: PortRange, names: impl Iterator<Item = &'a String>) -> Option<Port> {
    let names: BTreeSet<String> = names.cloned().collect();
    (!names.is_empty()).then_some(Port {
        range,
        endpoints: Endpoints::Named(names),
    })
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
    // At each number where something begins or ends: what does, and how often.
    let mut steps: BTreeMap<(Protocol, u32), Vec<(&Endpoints, bool)>> = BTreeMap::new();
    for Port { range, endpoints } in ports {
        let mut step = |number, begins| {
            steps
                .entry((range.protocol, number))
                .or_default()
                .push((endpoints, begins));
        };
        step(u32::from(range.from), true);
        step(u32::from(range.to) + 1, false);
    }

    let mut covered: Vec<Port> = Vec::new();
    let mut open: BTreeMap<&Endpoints, usize> = BTreeMap::new();
    let mut steps = steps.into_iter().peekable();
    while let Some(((protocol, from), changes)) = steps.next() {
        for (endpoints, begins) in changes {
            let count = open.entry(endpoints).or_default();
            *count = if begins { *count + 1 } else { *count - 1 };
            if *count == 0 {
                open.remove(endpoints);
            }
        }
        let (Some(endpoints), Some(((_, end), _))) = (union(open.keys().copied()), steps.peek())
        else {
            continue;
        };
        push_or_extend(&mut covered, protocol, from, *end - 1, endpoints);
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

/// All the endpoints of several; none of none.
fn union<'a>(endpoints: impl Iterator<Item = &'a Endpoints>) -> Option<Endpoints> {
    endpoints.cloned().reduce(Endpoints::with)
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
