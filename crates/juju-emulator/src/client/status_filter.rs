//! The filters of `status`: what stays of a model when only some of it is asked for.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use glob::Pattern;

use crate::client::derived::port_ranges;
use crate::controller::model::{Application, Model, Unit, application_of};
use crate::machine::address::address;

/// Leaves in a model what `status` was asked for. As in Juju 3.6, a unit is shown with all others on its machine.
///
/// Asked for are machines by number, address or network; units by name, `app/leader`, workload or agent status or the beginning of
/// a port; all units of an application by its name; and what is `exposed`, or `not exposed`. In names `*` stands for anything.
pub(crate) fn keep_matching(model: &mut Model, patterns: &[String]) {
    if patterns.is_empty() {
        return;
    }
    let mut machines: BTreeSet<u32> = model.machines.keys().copied().collect();
    machines.retain(|number| {
        let mut patterns = patterns.iter();
        patterns.any(|pattern| machine_matches(*number, pattern))
    });
    for application in model.applications.values() {
        let matching = application
            .units
            .iter()
            .filter(|(name, unit)| unit_matches(application, name, unit, patterns));
        machines.extend(matching.map(|(_, unit)| unit.machine));
    }
    model.applications.retain(|name, application| {
        application
            .units
            .retain(|_, unit| machines.contains(&unit.machine));
        let is_named = patterns
            .iter()
            .any(|pattern| pattern.eq_ignore_ascii_case(name));
        is_named || is_asked_as_exposed(application, patterns) || !application.units.is_empty()
    });
    model.machines.retain(|number, _| machines.contains(number));
    let units: BTreeSet<_> = model.units().map(|(name, _)| name.clone()).collect();
    model.storage.retain(|_, storage| {
        let attachment = storage.attachment.as_ref();
        attachment.is_some_and(|it| units.contains(&it.unit))
    });
    let applications = &model.applications;
    model.relations.retain(|_, relation| {
        let mut sides = relation.sides.iter();
        sides.any(|side| applications.contains_key(&side.application))
    });
}

fn machine_matches(number: u32, pattern: &str) -> bool {
    let address = address(number);
    let in_network = || {
        let (network, bits) = pattern.split_once('/')?;
        let (network, bits): (Ipv4Addr, u32) = (network.parse().ok()?, bits.parse().ok()?);
        let different = network.to_bits() ^ address.to_bits();
        // A shift by all 32 bits is none.
        (bits <= 32).then(|| different.checked_shr(32 - bits).unwrap_or_default() == 0)
    };
    pattern == number.to_string()
        || pattern == address.to_string()
        || in_network().unwrap_or_default()
}

fn unit_matches(application: &Application, name: &str, unit: &Unit, patterns: &[String]) -> bool {
    let is_in_error = unit.failed_hook().is_some();
    let agent_status = &unit.agent_status.status.status;
    let workload_status = &unit.workload_status.status.status;
    let ports = port_ranges(unit);
    // As in Juju, one pattern that cannot be a name keeps all others from being one.
    let are_names = patterns.iter().all(|pattern| can_be_name(pattern));
    is_asked_as_exposed(application, patterns)
        || patterns.iter().any(|pattern| {
            are_names && name_matches(application, name, pattern)
                || pattern == agent_status
                || !is_in_error && pattern == workload_status
                || ports.iter().any(|range| range.starts_with(pattern))
        })
}

fn name_matches(application: &Application, name: &str, pattern: &str) -> bool {
    let pattern = match pattern.split_once('/') {
        Some((_, "leader")) if application.is_leader(name) => {
            pattern.replace("/leader", &name[application_of(name).len()..])
        }
        Some(_) => pattern.to_owned(),
        None => format!("{pattern}/*"),
    };
    Pattern::new(&pattern).is_ok_and(|pattern| pattern.matches(name))
}

/// Whether it may be the name of a unit or an application, or a pattern of one.
fn can_be_name(pattern: &str) -> bool {
    let is_part = |part: &str| {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-*".contains(c);
        !part.is_empty() && part.chars().all(allowed)
    };
    pattern.split('/').count() <= 2 && pattern.split('/').all(is_part)
}

fn is_asked_as_exposed(application: &Application, patterns: &[String]) -> bool {
    match patterns {
        [first, ..] if first == "exposed" => application.exposed,
        [first, second, ..] if first == "not" && second == "exposed" => !application.exposed,
        _ => false,
    }
}
