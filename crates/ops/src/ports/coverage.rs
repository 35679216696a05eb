//! What is wanted, number by number: it counts, and not the ranges in which it was asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound::{Excluded, Included};

use crate::ports::openness::Openness;
use crate::ports::port::Port;
use crate::ports::port_range::{PortRange, Protocol};

/// The wanted ports by the one of the held ranges that they lie in, if any.
///
/// Each list is sorted, has no overlaps, and neighbours with the same endpoints are one.
pub(crate) fn by_holder<T>(
    wanted: &[Port],
    held: &BTreeMap<PortRange, T>,
) -> BTreeMap<Option<PortRange>, Vec<Port>> {
    let mut parts: BTreeMap<Option<PortRange>, Vec<Port>> = BTreeMap::new();
    for (slice, open) in slices(wanted, held.keys()) {
        let at_most = PortRange::new(slice.protocol, slice.from, u16::MAX);
        let before = held.range(..=at_most).next_back();
        let holder = before.map(|(range, _)| *range);
        let parts = parts
            .entry(holder.filter(|range| range.overlaps(slice)))
            .or_default();
        let Some(endpoints) = open.endpoints() else {
            continue;
        };
        match parts.last_mut() {
            Some(last) if last.range.ends_before(slice) && last.endpoints == endpoints => {
                last.range.to = slice.to;
            }
            _ => parts.push(slice.for_endpoints(endpoints)),
        }
    }
    parts
}

/// The wanted ports cut wherever one of them, or a held range, begins or ends.
fn slices<'a>(
    wanted: &'a [Port],
    held: impl Iterator<Item = &'a PortRange>,
) -> BTreeMap<PortRange, Openness> {
    let mut starts: BTreeSet<(Protocol, u16)> = BTreeSet::new();
    for range in held.chain(wanted.iter().map(|port| &port.range)) {
        let numbers = [Some(range.from), range.to.checked_add(1)];
        starts.extend(
            numbers
                .iter()
                .flatten()
                .map(|start| (range.protocol, *start)),
        );
    }
    let mut slices: BTreeMap<PortRange, Openness> = BTreeMap::new();
    for Port { range, endpoints } in wanted {
        let PortRange { protocol, from, to } = *range;
        let inside = starts.range((Excluded((protocol, from)), Included((protocol, to))));
        let ends = inside.map(|(_, start)| start - 1).chain([to]);
        let mut from = from;
        for to in ends {
            let slice = PortRange::new(protocol, from, to);
            let open = slices.entry(slice).or_insert(Openness::CLOSED);
            *open = open.with(endpoints);
            from = to.saturating_add(1);
        }
    }
    slices
}
