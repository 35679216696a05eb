//! The ports of the unit and of its neighbours: as text, and whether Juju could have them open.

use std::collections::{BTreeMap, BTreeSet};

use juju_emulator::charm::metadata::Charm;
use juju_emulator::{ALL_ENDPOINTS, OpenedPorts, PortRange};
use ops::UnitName;

/// Reads ports as `opened-ports --endpoints` prints them; the error names those that it never would.
pub(crate) fn read_ports(texts: &[String]) -> Result<OpenedPorts, String> {
    let mut ports = OpenedPorts::default();
    for text in texts {
        let (range, endpoints) = match text
            .strip_suffix(')')
            .and_then(|text| text.split_once(" ("))
        {
            Some((range, "*")) => (range, ALL_ENDPOINTS),
            Some((range, endpoints)) => (range, endpoints),
            None => (text.as_str(), ALL_ENDPOINTS),
        };
        let range = range
            .parse()
            .map_err(|error| format!("{text:?}: {error}"))?;
        for endpoint in endpoints.split(", ") {
            ports.insert(range, endpoint);
        }
    }
    Ok(ports)
}

/// Writes ports as Juju does, leaving out that most are open for all endpoints.
pub(crate) fn write_ports(ports: &OpenedPorts) -> Vec<String> {
    ports
        .iter()
        .map(|(range, endpoints)| {
            if endpoints.contains(ALL_ENDPOINTS) {
                range.to_string()
            } else {
                let endpoints: Vec<&str> = endpoints.iter().map(String::as_str).collect();
                format!("{range} ({})", endpoints.join(", "))
            }
        })
        .collect()
}

/// The same with ranges that touch one another joined.
pub(crate) fn joined(texts: &[String]) -> Vec<String> {
    let Ok(ports) = read_ports(texts) else {
        return texts.to_vec();
    };
    let mut joined: Vec<(PortRange, &BTreeSet<String>)> = Vec::new();
    for (range, endpoints) in ports.iter() {
        match joined.last_mut() {
            Some((last, same))
                if *same == endpoints
                    && let Some(both) = last.joined_with(range) =>
            {
                *last = both;
            }
            _ => joined.push((range, endpoints)),
        }
    }
    let joined: OpenedPorts = joined
        .into_iter()
        .flat_map(|(range, endpoints)| endpoints.iter().map(move |name| (range, name)))
        .collect();
    write_ports(&joined)
}

/// Names what Juju would never have open.
pub(crate) fn check(
    opened_ports: &[String],
    machine_ports: &BTreeMap<String, Vec<String>>,
    kubernetes: bool,
    charm: &Charm,
    unit: &str,
    reasons: &mut Vec<String>,
) {
    let mut held: Vec<(&str, OpenedPorts)> = Vec::new();
    let own = [(unit, opened_ports)];
    let others = machine_ports
        .iter()
        .map(|(unit, ports)| (unit.as_str(), &ports[..]));
    for (holder, texts) in own.into_iter().chain(others) {
        match read_ports(texts) {
            Ok(ports) => held.push((holder, ports)),
            Err(error) => reasons.push(format!("ports of {holder}: {error}")),
        }
    }
    for neighbour in machine_ports.keys() {
        if neighbour == unit {
            reasons.push(format!(
                "machine-ports: {unit} is the unit itself, see opened-ports"
            ));
        } else if neighbour.parse::<UnitName>().is_err() {
            reasons.push(format!(
                "machine-ports: {neighbour:?} is not the name of a unit"
            ));
        }
    }
    if kubernetes && !machine_ports.is_empty() {
        reasons.push("machine-ports: units on Kubernetes share no machine".to_owned());
    }

    for (holder, ports) in &held {
        for (range, endpoints) in ports.iter().filter(|_| *holder == unit) {
            if kubernetes && !range.is_single() {
                reasons.push(format!(
                    "{range} is open, but Kubernetes has single ports only"
                ));
            }
            for endpoint in endpoints.iter().filter(|name| !name.is_empty()) {
                if !charm.endpoint_names().contains(endpoint) {
                    reasons.push(format!(
                        "{range} is open for {endpoint:?}, which is no endpoint of the charm"
                    ));
                }
            }
        }
    }

    let mut all: Vec<_> = held
        .iter()
        .flat_map(|(holder, ports)| ports.ranges().map(move |range| (range, *holder)))
        .collect();
    all.sort_unstable();
    for pair in all.windows(2) {
        let [(one, holder), (other, other_holder)] = pair else {
            continue;
        };
        if one.overlaps(*other) {
            reasons.push(format!(
                "{one} of {holder} and {other} of {other_holder} overlap"
            ));
        }
    }
}
