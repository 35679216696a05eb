//! Which ports a hook may open and close: at once, by what is open and what it has asked for, and when it has ended.

use std::iter;

use crate::controller::ports::{ALL_ENDPOINTS, OpenedPorts, PortRange};
use crate::go::strconv::quote;
use crate::hook::pending_changes::PendingChanges;
use crate::hook::unit_view::UnitView;

/// Why Juju refuses a hook's changes after the hook itself has succeeded; the texts are Juju 3.6's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// `--endpoints` named an endpoint that the charm does not have.
    #[error(
        "cannot open/close ports: {change} port range: endpoint {} for {owner} not found",
        quote(endpoint)
    )]
    UnknownEndpoint {
        /// `open` or `close`.
        change: &'static str,
        /// What `--endpoints` named, for example `website`.
        endpoint: String,
        /// `unit "hello-server/0"`; on Kubernetes `application "hello-server"`.
        owner: String,
    },
    /// `open-port icmp` on Kubernetes.
    #[error("protocol icmp on caas models not supported")]
    IcmpOnKubernetes,
    /// A unit of the machine has opened an overlapping range since the hook began.
    #[error(
        "cannot {change} ports {range}: port ranges {existing} ({}) and {range} ({}) conflict",
        quote(existing_unit),
        quote(unit)
    )]
    Conflict {
        /// `open` or `close`.
        change: &'static str,
        /// What this hook asked for.
        range: PortRange,
        /// The unit whose hook asked.
        unit: String,
        /// What is open.
        existing: PortRange,
        /// Who opened it.
        existing_unit: String,
    },
}

impl PendingChanges {
    /// Queues the opening of a range, unless it is open already. The error is the text of `open-port`.
    pub(crate) fn open_port(
        &mut self,
        unit: &UnitView,
        endpoint: &str,
        range: PortRange,
    ) -> Result<(), String> {
        refuse_range_on_kubernetes(unit, range)?;
        self.close.remove(range, endpoint);
        check_conflicts(unit, &self.open, range).map_err(|conflict| {
            format!(
                "cannot open {range} (unit {}): {conflict}",
                quote(&unit.name)
            )
        })?;
        if !unit.opened_ports.contains(range, endpoint) {
            self.open.insert(range, endpoint);
        }
        Ok(())
    }

    /// Queues the closing of a range. The error is the text of `close-port`.
    pub(crate) fn close_port(
        &mut self,
        unit: &UnitView,
        endpoint: &str,
        range: PortRange,
    ) -> Result<(), String> {
        refuse_range_on_kubernetes(unit, range)?;
        self.open.remove(range, endpoint);
        check_conflicts(unit, &self.close, range).map_err(|conflict| {
            format!(
                "cannot close {range} (unit {}): {conflict}",
                quote(&unit.name)
            )
        })?;
        let anything_open = !unit.opened_ports.is_empty()
            || unit.machine_ports.values().any(|ports| !ports.is_empty());
        if anything_open {
            self.close.insert(range, endpoint);
        }
        Ok(())
    }

    /// What `opened-ports` shows: the unit's ports with this hook's changes, each for the very endpoint name it was made for.
    pub(crate) fn opened_ports(&self, committed: &OpenedPorts) -> OpenedPorts {
        let mut opened = committed.clone();
        for (range, endpoint) in each_endpoint(&self.open) {
            opened.insert(range, endpoint);
        }
        for (range, endpoint) in each_endpoint(&self.close) {
            opened.remove(range, endpoint);
        }
        opened
    }

    /// The unit's ports after these changes, by the rules of Juju 3.6; all of them or none.
    ///
    /// `now` is the unit as the controller sees it when the hook has ended, which may differ from what the hook saw.
    ///
    /// # Errors
    ///
    /// Juju then counts the hook as failed, although it exited with 0, and logs `cannot apply changes:` and the error.
    pub fn commit(&self, now: &UnitView) -> Result<OpenedPorts, CommitError> {
        if now.kubernetes && self.open.iter().any(|(range, _)| range.is_icmp()) {
            return Err(CommitError::IcmpOnKubernetes);
        }
        check_endpoints(now, &self.open, "open")?;
        check_endpoints(now, &self.close, "close")?;
        if now.kubernetes {
            return Ok(self.opened_ports(&now.opened_ports));
        }

        let mut opened = now.opened_ports.clone();
        for (range, endpoint) in each_endpoint(&self.open) {
            if opened.endpoints(range).is_none() {
                check_conflicts_now(now, &opened, "open", range)?;
            }
            opened.insert(range, endpoint);
        }
        opened.drop_covered_endpoints();
        for (range, endpoint) in each_endpoint(&self.close) {
            if opened.endpoints(range).is_none() {
                check_conflicts_now(now, &opened, "close", range)?;
            } else if endpoint == ALL_ENDPOINTS {
                opened.remove_range(range);
            } else {
                opened.remove(range, endpoint);
                if opened.remove(range, ALL_ENDPOINTS) {
                    let others = now.endpoints.iter().filter(|other| *other != endpoint);
                    others.for_each(|other| opened.insert(range, other));
                }
            }
        }
        Ok(opened)
    }
}

fn each_endpoint(ports: &OpenedPorts) -> impl Iterator<Item = (PortRange, &str)> {
    ports.iter().flat_map(|(range, endpoints)| {
        endpoints
            .iter()
            .map(move |endpoint| (range, endpoint.as_str()))
    })
}

fn refuse_range_on_kubernetes(unit: &UnitView, range: PortRange) -> Result<(), String> {
    if unit.kubernetes && !range.is_single() {
        return Err(
            "port ranges are not supported for k8s applications, please specify a single port"
                .to_owned(),
        );
    }
    Ok(())
}

/// Refuses a range that overlaps another of this hook's changes, of the unit's ports, or of the machine's.
fn check_conflicts(
    unit: &UnitView,
    requested: &OpenedPorts,
    range: PortRange,
) -> Result<(), String> {
    let conflict = |existing, unit: &str| {
        Err(format!(
            "port range conflicts with {existing} (unit {})",
            quote(unit)
        ))
    };
    let different = |existing: &PortRange| *existing != range;

    if let Some(existing) = requested.overlapping(range).find(different) {
        return conflict(existing, &unit.name).map_err(|text| text + " requested earlier");
    }
    if unit.kubernetes {
        return Ok(());
    }
    if let Some(existing) = unit.opened_ports.overlapping(range).find(different) {
        return conflict(existing, &unit.name);
    }
    for (other, ports) in &unit.machine_ports {
        if let Some(existing) = ports.overlapping(range).next() {
            return conflict(existing, other);
        }
    }
    Ok(())
}

fn check_endpoints(
    now: &UnitView,
    ports: &OpenedPorts,
    change: &'static str,
) -> Result<(), CommitError> {
    let unknown = each_endpoint(ports)
        .map(|(_, endpoint)| endpoint)
        .find(|endpoint| *endpoint != ALL_ENDPOINTS && !now.endpoints.contains(*endpoint));
    let Some(endpoint) = unknown else {
        return Ok(());
    };
    let owner = if now.kubernetes {
        format!("application {}", quote(now.application()))
    } else {
        format!("unit {}", quote(&now.name))
    };
    Err(CommitError::UnknownEndpoint {
        change,
        endpoint: endpoint.to_owned(),
        owner,
    })
}

/// Refuses a range that overlaps what is open on the machine by now, `opened` being the unit's own.
fn check_conflicts_now(
    now: &UnitView,
    opened: &OpenedPorts,
    change: &'static str,
    range: PortRange,
) -> Result<(), CommitError> {
    for (existing_unit, ports) in iter::once((&now.name, opened)).chain(&now.machine_ports) {
        if let Some(existing) = ports.overlapping(range).next() {
            return Err(CommitError::Conflict {
                change,
                range,
                unit: now.name.clone(),
                existing,
                existing_unit: existing_unit.clone(),
            });
        }
    }
    Ok(())
}
