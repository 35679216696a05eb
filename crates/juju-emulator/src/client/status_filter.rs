//! The filters of `status`: what stays of a model when only some of it is asked for.

use std::collections::BTreeSet;

use glob::Pattern;

use crate::client::derived::{agent_status, application_status, port_ranges, workload_status};
use crate::controller::model::{Application, Model, Unit, application_of};
use crate::machine::address::address;

/// Leaves in a model what `status` was asked for. A machine is shown with its units, a unit with its machine, and a
/// subordinate with its principal.
///
/// Asked for are machines by number; units by name, `app/leader`, workload or agent status, port or address; all units of an
/// application by its name; and what is `exposed`. In names `*` stands for anything.
pub(crate) fn keep_matching(model: &mut Model, patterns: &[String]) {
    if patterns.is_empty() {
        return;
    }
    let asked = |text: &str| patterns.iter().any(|pattern| pattern == text);
    let mut machines: BTreeSet<u32> = model.machines.keys().copied().collect();
    machines.retain(|number| {
        [&number.to_string(), "started", "running"]
            .into_iter()
            .any(asked)
    });
    let mut units = BTreeSet::new();
    for application in model.applications.values() {
        let matching = application.units.iter().filter(|(name, unit)| {
            machines.contains(&unit.machine)
                || patterns
                    .iter()
                    .any(|pattern| unit_matches(application, name, unit, pattern))
        });
        units.extend(matching.flat_map(|(name, unit)| [Some(name), unit.principal.as_ref()]));
    }
    let units: BTreeSet<String> = units.into_iter().flatten().cloned().collect();
    let is_shown = |name: &str, unit: &Unit| {
        let mut names = [Some(name), unit.principal.as_deref()]
            .into_iter()
            .flatten();
        names.any(|name| units.contains(name))
    };
    model.applications.retain(|name, application| {
        let is_asked = patterns.iter().any(|pattern| matches(pattern, name))
            || application.exposed && asked("exposed")
            || asked(&application_status(application).status.status)
                && application.units.is_empty();
        application.units.retain(|name, unit| is_shown(name, unit));
        machines.extend(application.units.values().map(|unit| unit.machine));
        is_asked || !application.units.is_empty()
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

fn unit_matches(application: &Application, name: &str, unit: &Unit, pattern: &str) -> bool {
    let leader = format!("{}/leader", application_of(name));
    matches(pattern, name)
        || matches(pattern, application_of(name))
        || pattern == leader && application.is_leader(name)
        || pattern == workload_status(unit).status.status
        || pattern == agent_status(unit)
        || pattern == "exposed" && application.exposed
        || pattern == address(unit.machine).to_string()
        || port_ranges(unit).iter().any(|range| range == pattern)
}

/// A pattern that is none is a name.
fn matches(pattern: &str, name: &str) -> bool {
    Pattern::new(pattern).map_or(pattern == name, |pattern| pattern.matches(name))
}
