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
    for slice in slices(wanted, held.keys()) {
        let at_most = PortRange::new(slice.protocol(), slice.range.from, u16::MAX);
        let before = held.range(..=at_most).next_back();
        let holder = before.map(|(range, _)| *range);
        let holder = holder.filter(|range| range.overlaps(slice.range));
        let parts = parts.entry(holder).or_default();
        match parts.last_mut() {
            Some(last) if last.is_continued_by(&slice) => last.range.to = slice.range.to,
            _ => parts.push(slice),
        }
    }
    parts
}

/// The wanted ports cut wherever one of them, or a held range, begins or ends.
fn slices<'a>(
    wanted: &'a [Port],
    held: impl Iterator<Item = &'a PortRange>,
) -> impl Iterator<Item = Port> {
    let mut starts: BTreeSet<(Protocol, u16)> = BTreeSet::new();
    for range in held.chain(wanted.iter().map(|port| &port.range)) {
        let numbers = [Some(range.from), range.to.checked_add(1)];
        for start in numbers.into_iter().flatten() {
            starts.insert((range.protocol, start));
        }
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
    let ports = slices.into_iter();
    ports.filter_map(|(slice, open)| Some(slice.for_endpoints(open.endpoints()?)))
}
