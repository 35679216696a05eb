//! `status`

use std::io::{self, IsTerminal as _, Write};
use std::rc::Rc;

use anyhow::Result;
use glob::Pattern;
use jiff::Timestamp;

use crate::client::derived::{
    agent_status, application_status, grouped_ports, instance, workload_status,
};
use crate::client::format::{Format, words};
use crate::client::full_status::full;
use crate::client::relations::relations_table;
use crate::client::session::Session;
use crate::client::table::{layout, row};
use crate::controller::data_directory::CONTROLLER;
use crate::controller::model::{Application, JUJU_VERSION, Model, Reached, Unit};
use crate::controller::store::Store;
use crate::machine::address::address;

/// Show the applications, units and machines of a model, after doing what has become due.
#[derive(Debug, clap::Args)]
pub(crate) struct Status {
    /// Only these applications and units: names, in which * stands for anything.
    patterns: Vec<String>,
    /// How to show them.
    #[arg(long, value_parser = words(Some("tabular")), default_value = "tabular")]
    format: Format,
    /// Show the relations too.
    #[arg(long)]
    relations: bool,
    /// Accepted: times are always UTC.
    #[arg(long)]
    utc: bool,
}

impl Status {
    pub(crate) fn run(self, session: &Session, out: &mut impl Write) -> Result<()> {
        let store = session.store()?;
        session.settle_idle_machines(&store)?;
        let mut model = Rc::unwrap_or_clone(store.read()?);
        keep_matching(&mut model, &self.patterns);
        match self.format {
            Format::Json | Format::Yaml => self.format.print(&full(&model), out)?,
            Format::ForPeople => {
                writeln!(out, "{}", table(&model))?;
                if let Some(relations) = relations_table(&model).filter(|_| self.relations) {
                    write!(out, "\n{relations}")?;
                }
                if model.applications.is_empty() && self.patterns.is_empty() {
                    writeln!(io::stderr(), "Model \"admin/{}\" is empty.", model.name)?;
                }
            }
        }
        Ok(())
    }
}

/// Leaves in a model what `status` was asked for.
fn keep_matching(model: &mut Model, patterns: &[String]) {
    if patterns.is_empty() {
        return;
    }
    let asked = |name: &str| patterns.iter().any(|pattern| matches(pattern, name));
    model.applications.retain(|name, application| {
        if !asked(name) {
            application.units.retain(|unit, _| asked(unit));
        }
        asked(name) || !application.units.is_empty()
    });
    model.relations.retain(|_, relation| {
        let mut sides = relation.sides.iter();
        sides.any(|side| model.applications.contains_key(&side.application))
    });
    let used: Vec<_> = model.units().map(|(_, unit)| unit.machine).collect();
    model.machines.retain(|number, _| used.contains(number));
}

/// A pattern that is none is a name.
fn matches(pattern: &str, name: &str) -> bool {
    Pattern::new(pattern).map_or(pattern == name, |pattern| pattern.matches(name))
}

/// The tables that `juju status` prints.
pub(crate) fn table(model: &Model) -> String {
    let time = Timestamp::now().strftime("%H:%M:%SZ").to_string();
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
        tables.push(machines_table(model));
    }
    tables.join("\n").trim_end_matches('\n').to_owned()
}

/// Runs what has become due after a change, and shows somebody at a terminal what came of it.
pub(crate) fn settle_and_show(session: &Session, store: &Store) -> Result<()> {
    session.settle(store)?;
    if io::stderr().is_terminal() {
        writeln!(io::stderr(), "\n{}", table(&*store.read()?))?;
    }
    Ok(())
}

fn applications_table(model: &Model) -> String {
    let mut rows = vec![row([
        "App", "Version", "Status", "Scale", "Charm", "Channel", "Rev", "Exposed", "Message",
    ])];
    for (name, application) in &model.applications {
        let status = application_status(application);
        rows.push(row([
            name,
            &application.workload_version,
            &status.status.status,
            &scale(application),
            &application.charm,
            "",
            &application.revision.to_string(),
            if application.exposed { "yes" } else { "no" },
            &status.status.message,
        ]));
    }
    layout(&rows, &[3, 6])
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
        &address(unit.machine).to_string(),
        &grouped_ports(unit),
        &status.status.message,
    ])
}

fn machines_table(model: &Model) -> String {
    let mut rows = vec![row([
        "Machine", "State", "Address", "Inst id", "Base", "AZ", "Message",
    ])];
    for (number, machine) in &model.machines {
        rows.push(row([
            &number.to_string(),
            "started",
            &address(*number).to_string(),
            &instance(model, *number),
            &machine.base,
            "",
            "Running",
        ]));
    }
    layout(&rows, &[])
}
