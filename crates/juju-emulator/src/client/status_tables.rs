//! The tables of `status`.

use crate::client::derived::{
    agent_status, application_status, grouped, instance, port_ranges, shown_address, time_of_day,
    workload_status,
};
use crate::client::relations::relations_table;
use crate::client::table::{layout, row};
use crate::controller::data_directory::CONTROLLER;
use crate::controller::model::{Application, JUJU_VERSION, Model, Reached, Unit};

/// Beyond that many bytes a table cuts a message, or a version.
const LONGEST_MESSAGE: usize = 120;
const LONGEST_VERSION: usize = 15;

/// The tables that `juju status` prints.
pub(crate) fn tables(model: &Model, utc: bool, with_relations: bool) -> String {
    let time = time_of_day(utc);
    let mut tables = vec![layout(
        &[
            row([
                "Model",
                "Controller",
                "Cloud/Region",
                "Version",
                "Timestamp",
            ]),
            row([&model.name, CONTROLLER, CONTROLLER, JUJU_VERSION, &time]),
        ],
        &[],
    )];
    if !model.applications.is_empty() {
        tables.push(applications_table(model));
    }
    if model.units().next().is_some() {
        tables.push(units_table(model));
    }
    if !model.machines.is_empty() {
        tables.push(machines_table(model));
    }
    if with_relations {
        tables.extend(relations_table(model));
    }
    tables.join("\n").trim_end_matches('\n').to_owned()
}

fn applications_table(model: &Model) -> String {
    let mut rows = vec![row([
        "App", "Version", "Status", "Scale", "Charm", "Channel", "Rev", "Exposed", "Message",
    ])];
    for (name, application) in &model.applications {
        let status = application_status(application);
        rows.push(row([
            name,
            &version(&application.workload_version),
            &status.status.status,
            &scale(application),
            &application.charm,
            "",
            &application.revision.to_string(),
            if application.exposed { "yes" } else { "no" },
            &cut(&status.status.message, LONGEST_MESSAGE),
        ]));
    }
    layout(&rows, &[3, 6])
}

/// Of a version what the table shows, its first line.
fn version(version: &str) -> String {
    cut(
        version.split('\n').next().unwrap_or(version),
        LONGEST_VERSION,
    )
}

/// A text of at most so many bytes; of a longer one the beginning, and dots.
fn cut(text: &str, longest: usize) -> String {
    if text.len() <= longest {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(longest - 3);
    format!("{}...", &text[..end])
}

/// How many units there are, and out of how many that should be: `1`, or `0/1` before the first hook.
fn scale(application: &Application) -> String {
    let all = application.units.len();
    let ready = application
        .units
        .values()
        .filter(|unit| unit.reached > Reached::Machine)
        .count();
    if ready == all {
        all.to_string()
    } else {
        format!("{ready}/{all}")
    }
}

fn units_table(model: &Model) -> String {
    let mut rows = vec![row([
        "Unit",
        "Workload",
        "Agent",
        "Machine",
        "Public address",
        "Ports",
        "Message",
    ])];
    for (name, unit) in model.units().filter(|(_, unit)| unit.principal.is_none()) {
        rows.push(unit_row(model, name, unit, ""));
        for name in model.subordinates(name) {
            if let Some((_, unit)) = model.unit(name) {
                rows.push(unit_row(model, name, unit, "  "));
            }
        }
    }
    layout(&rows, &[])
}

/// A unit, indented below its principal.
fn unit_row(model: &Model, name: &str, unit: &Unit, indent: &str) -> Vec<String> {
    let leads = model.unit(name).is_some_and(|(it, _)| it.is_leader(name));
    let mark = if leads { "*" } else { "" };
    let status = workload_status(unit);
    let machine = match unit.principal {
        None => unit.machine.to_string(),
        Some(_) => String::new(),
    };
    row([
        &format!("{indent}{name}{mark}"),
        &status.status.status,
        agent_status(unit),
        &machine,
        &shown_address(unit.machine),
        &grouped(&port_ranges(unit)),
        &cut(&status.status.message, LONGEST_MESSAGE),
    ])
}

/// The table of the machines.
pub(crate) fn machines_table(model: &Model) -> String {
    let mut rows = vec![row([
        "Machine", "State", "Address", "Inst id", "Base", "AZ", "Message",
    ])];
    for (number, machine) in &*model.machines {
        rows.push(row([
            &number.to_string(),
            "started",
            &shown_address(*number),
            &instance(model, *number),
            &machine.base,
            "",
            "Running",
        ]));
    }
    layout(&rows, &[])
}
