//! What Juju derives from the model when it shows it.

use std::collections::BTreeMap;

use crate::controller::model::{Application, Model, StatusSince, Unit};

/// A unit in error shows it as its workload's status.
pub(crate) fn workload_status(unit: &Unit) -> &StatusSince {
    if unit.failed_hook().is_some() {
        &unit.agent_status
    } else {
        &unit.workload_status
    }
}

pub(crate) fn agent_status(unit: &Unit) -> &str {
    if unit.failed_hook().is_some() {
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
        .map(workload_status)
        // The first of the worst.
        .rev()
        .max_by_key(|status| status.status.severity())
        .cloned()
        .unwrap_or_else(|| StatusSince::new("unknown", "", application.created))
}

pub(crate) fn instance(model: &Model, machine: u32) -> String {
    format!("{}-{machine}", model.name)
}

/// What the unit has opened, as Juju shows it: `8000/tcp`.
pub(crate) fn port_ranges(unit: &Unit) -> Vec<String> {
    let ranges = unit.opened_ports.ranges();
    ranges.map(|range| range.to_string()).collect()
}

/// The ports that a unit has opened as the table shows them, those of one protocol together: `22,8000-8010/tcp 53/udp`.
pub(crate) fn grouped_ports(unit: &Unit) -> String {
    let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for range in unit.opened_ports.ranges() {
        let range = range.to_string();
        let (numbers, protocol) = range.split_once('/').unwrap_or(("", &range));
        let group = groups.entry(protocol.to_owned()).or_default();
        group.push(numbers.to_owned());
    }
    let groups = groups.into_iter().map(|(protocol, numbers)| {
        let separator = if protocol == "icmp" { "" } else { "/" };
        format!("{}{separator}{protocol}", numbers.join(","))
    });
    groups.collect::<Vec<_>>().join(" ")
}
