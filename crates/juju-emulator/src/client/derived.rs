//! What Juju derives from the model when it shows it.

use crate::controller::model::{Application, Model, StatusSince, Unit};

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
    let severity = |status: &StatusSince| match status.status.status.as_str() {
        "error" => 7,
        "blocked" => 6,
        "waiting" => 5,
        "maintenance" => 4,
        "active" => 3,
        "terminated" => 2,
        _ => 1,
    };
    if let Some(status) = &application.status {
        return status.clone();
    }
    application
        .units
        .values()
        .map(workload_status)
        // The first of the worst.
        .rev()
        .max_by_key(|status| severity(status))
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
