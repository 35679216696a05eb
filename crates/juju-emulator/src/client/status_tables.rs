//! The tables of `status`.

use crate::client::derived::{
    agent_status, application_status, grouped, instance, port_ranges, shown_address, time_of_day,
    workload_status,
};
use crate::client::relations::relations_table;
use crate::client::screen::{Color, Screen};
use crate::client::table::{fitted, row};
use crate::controller::data_directory::CONTROLLER;
use crate::controller::model::{Application, JUJU_VERSION, Model, Reached, Unit};

/// Beyond that many bytes a table cuts a message, or a version.
const LONGEST_MESSAGE: usize = 120;
const LONGEST_VERSION: usize = 15;

/// The tables that `juju status` prints.
pub(crate) fn tables(model: &Model, utc: bool, with_relations: bool, screen: Screen) -> String {
    let time = time_of_day(utc);
    let header = [
        "Model",
        "Controller",
        "Cloud/Region",
        "Version",
        "Timestamp",
    ];
    let rows = [
        screen.header(header),
        row([&model.name, CONTROLLER, CONTROLLER, JUJU_VERSION, &time]),
    ];
    let mut tables = vec![fitted(&rows, &[], screen.width)];
    if !model.applications.is_empty() {
        tables.push(applications_table(model, screen));
    }
    if model.units().next().is_some() {
        tables.push(units_table(model, screen));
    }
    if !model.machines.is_empty() {
        tables.push(machines_table(model, screen));
    }
    if with_relations {
        tables.extend(relations_table(model, screen));
    }
    tables.join("\n").trim_end_matches('\n').to_owned()
}

fn applications_table(model: &Model, screen: Screen) -> String {
    let mut rows = vec![screen.header([
        "App", "Version", "Status", "Scale", "Charm", "Channel", "Rev", "Exposed", "Message",
    ])];
    for (name, application) in &model.applications {
        let status = application_status(application);
        let (scale, is_whole) = scale(application);
        let message = cut(&status.status.message, LONGEST_MESSAGE);
        rows.push(screen.row([
            (None, name),
            (None, &version(&application.workload_version)),
            (
                Color::of_status(&status.status.status),
                &status.status.status,
            ),
            ((!is_whole).then_some(Color::Warning), &scale),
            (None, &application.charm),
            (None, ""),
            (None, &application.revision.to_string()),
            if application.exposed {
                (Some(Color::Good), "yes")
            } else {
                (None, "no")
            },
            (None, &screen.part(Color::Message, &message)),
        ]));
    }
    fitted(&rows, &[3, 6], screen.width)
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

/// How many units there are, and out of how many that should be: `1`, or `0/1` before the first hook. And whether it is all.
fn scale(application: &Application) -> (String, bool) {
    let all = application.units.len();
    let ready = application
        .units
        .values()
        .filter(|unit| unit.reached > Reached::Machine)
        .count();
    if ready == all {
        (all.to_string(), true)
    } else {
        (format!("{ready}/{all}"), false)
    }
}

fn units_table(model: &Model, screen: Screen) -> String {
    let mut rows = vec![screen.header([
        "Unit",
        "Workload",
        "Agent",
        "Machine",
        "Public address",
        "Ports",
        "Message",
    ])];
    for (name, unit) in model.units().filter(|(_, unit)| unit.principal.is_none()) {
        rows.push(unit_row(model, name, unit, "", screen));
        for name in model.subordinates(name) {
            if let Some((_, unit)) = model.unit(name) {
                rows.push(unit_row(model, name, unit, "  ", screen));
            }
        }
    }
    fitted(&rows, &[], screen.width)
}

/// A unit, indented below its principal.
fn unit_row(model: &Model, name: &str, unit: &Unit, indent: &str, screen: Screen) -> Vec<String> {
    let leads = model.unit(name).is_some_and(|(it, _)| it.is_leader(name));
    let mark = if leads { "*" } else { "" };
    let status = workload_status(unit);
    let machine = match unit.principal {
        None => unit.machine.to_string(),
        Some(_) => String::new(),
    };
    let (workload, agent) = (status.status.status.as_str(), agent_status(unit));
    let ports = grouped(&port_ranges(unit), |ports| screen.part(Color::Port, ports));
    let message = cut(&status.status.message, LONGEST_MESSAGE);
    screen.row([
        (None, &format!("{indent}{name}{mark}")),
        (Color::of_status(workload), workload),
        (Color::of_status(agent), agent),
        (None, &machine),
        (Some(Color::Address), &shown_address(unit.machine)),
        (None, &ports),
        (None, &screen.part(Color::Message, &message)),
    ])
}

/// The table of the machines.
pub(crate) fn machines_table(model: &Model, screen: Screen) -> String {
    let mut rows = vec![screen.header([
        "Machine", "State", "Address", "Inst id", "Base", "AZ", "Message",
    ])];
    for (number, machine) in &*model.machines {
        rows.push(screen.row([
            (None, &number.to_string()),
            (Color::of_status("started"), "started"),
            (Some(Color::Address), &shown_address(*number)),
            (None, &instance(model, *number)),
            (None, &machine.base),
            (None, ""),
            (None, &screen.part(Color::Message, "Running")),
        ]));
    }
    fitted(&rows, &[], screen.width)
}
