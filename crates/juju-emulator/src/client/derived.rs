//! What Juju derives from the model when it shows it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use jiff::Timestamp;

use crate::charm::metadata::Charm;
use crate::controller::model::{Application, Model, StatusSince, Unit};
use crate::controller::store::Store;
use crate::machine::address::address;

/// The space of all endpoints and addresses; the emulator has no other.
pub(crate) const SPACE: &str = "alpha";

/// Whether a hook of the unit has failed, or its agent cannot work.
pub(crate) fn is_in_error(unit: &Unit) -> bool {
    unit.agent_status.status.status == "error"
}

/// A unit in error shows it as its workload's status.
pub(crate) fn workload_status(unit: &Unit) -> &StatusSince {
    if is_in_error(unit) {
        &unit.agent_status
    } else {
        &unit.workload_status
    }
}

pub(crate) fn agent_status(unit: &Unit) -> &str {
    if is_in_error(unit) {
        "idle"
    } else {
        &unit.agent_status.status.status
    }
}

/// What the leader has set, else the worst of the units.
pub(crate) fn application_status(application: &Application) -> StatusSince {
    if let Some(status) = &application.status {
        return status.clone();
    }
    application
        .units
        .values()
        .map(|unit| workload_status(unit))
        // The first of the worst.
        .rev()
        .max_by_key(|status| status.status.severity())
        .cloned()
        .unwrap_or_else(|| StatusSince::new("unknown", "", application.created))
}

pub(crate) fn instance(model: &Model, machine: u32) -> String {
    format!("{}-{machine}", model.name)
}

/// A machine's address as it is shown.
pub(crate) fn shown_address(machine: u32) -> String {
    address(machine).to_string()
}

/// What the unit has opened, as Juju shows it: `8000/tcp`.
pub(crate) fn port_ranges(unit: &Unit) -> Vec<String> {
    let ranges = unit.opened_ports.ranges();
    ranges.map(|range| range.to_string()).collect()
}

/// Ports as a table shows them, those of one protocol together: `22,8000-8010/tcp 53/udp`; `shown` is how it shows some, as `22`.
pub(crate) fn grouped(ranges: &[String], shown: impl Fn(&str) -> String) -> String {
    let mut protocols: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for range in ranges {
        let (ports, protocol) = range.split_at(range.find('/').unwrap_or(0));
        protocols.entry(protocol).or_default().insert(ports);
    }
    let protocols = protocols.into_iter().map(|(protocol, ports)| {
        // In the order of text, as in Juju: so 9 and 10 are not neighbours, 10 and 11 are.
        let mut runs: Vec<(&str, &str)> = Vec::new();
        for port in ports {
            let before = |n: u32| n.checked_sub(1).map(|n| n.to_string());
            let before = port.parse().ok().and_then(before);
            match runs
                .iter_mut()
                .find(|(_, last)| Some(*last) == before.as_deref())
            {
                Some((_, last)) => *last = port,
                None => runs.push((port, port)),
            }
        }
        runs.sort_by_key(|(first, _)| (first.len(), *first));
        let runs = runs.into_iter().map(|(first, last)| {
            // As of icmp.
            if first.is_empty() {
                String::new()
            } else if first == last {
                shown(first)
            } else {
                shown(&format!("{first}-{last}"))
            }
        });
        runs.collect::<Vec<_>>().join(",") + protocol
    });
    protocols.collect::<Vec<_>>().join(" ")
}

/// When `status` was made: `14:03:11Z`, or without the zone when the user asked for UTC.
pub(crate) fn time_of_day(utc: bool) -> String {
    let form = if utc { "%H:%M:%S" } else { "%H:%M:%SZ" };
    Timestamp::now().strftime(form).to_string()
}

/// The charm that an application has now.
pub(crate) fn charm_of(store: &Store, model: &Model, application: &str) -> Result<Charm> {
    let staged = model.application(application)?.staged_charm();
    Ok(Charm::read(&store.charms().join(staged))?)
}

/// The space of each endpoint of an application; the emulator has one space. The empty name stands for endpoints to come.
pub(crate) fn endpoint_bindings(charm: &Charm) -> BTreeMap<String, &'static str> {
    let implicit = ["", "juju-info"].map(str::to_owned);
    let endpoints = charm.endpoint_names().into_iter().chain(implicit);
    endpoints.map(|endpoint| (endpoint, SPACE)).collect()
}

/// Whether what is not wholly there any more is still wanted, as Juju says it.
pub(crate) fn life(dying: bool) -> &'static str {
    if dying { "dying" } else { "alive" }
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn ports_are_grouped_by_protocol_and_neighbours_joined() {
        for (ranges, then) in [
            (&[][..], ""),
            (&["8000/tcp"], "8000/tcp"),
            (
                &["22/tcp", "8000-8010/tcp", "53/udp"],
                "22,8000-8010/tcp 53/udp",
            ),
            (&["80/tcp", "81/tcp", "82/tcp", "443/tcp"], "80-82,443/tcp"),
            (&["9/tcp", "10/tcp", "11/tcp"], "9,10-11/tcp"),
            (&["80/tcp", "81/udp", "icmp"], "80/tcp 81/udp icmp"),
        ] {
            let ranges: Vec<_> = ranges.iter().map(|range| (*range).to_owned()).collect();
            assert_eq!(grouped(&ranges, str::to_owned), then);
        }
    }
}
