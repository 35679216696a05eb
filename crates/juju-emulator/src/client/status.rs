//! `status`

use std::io::{self, IsTerminal as _, Write};
use std::rc::Rc;
use std::thread;
use std::time::Duration;

use anyhow::Result;

use crate::client::command_line::duration_flag;
use crate::client::derived::{
    agent_status, application_status, grouped, instance, port_ranges, shown_address, time_of_day,
    workload_status,
};
use crate::client::full_status::{print_json, print_yaml};
use crate::client::session::Session;
use crate::client::status_filter::keep_matching;
use crate::client::status_summary::{one_line_each, summary};
use crate::client::table::{layout, row};
use crate::controller::data_directory::CONTROLLER;
use crate::controller::model::{Application, JUJU_VERSION, Model, Reached};
use crate::controller::store::Store;

/// Beyond that many bytes a table cuts a message, or a version.
const LONGEST_MESSAGE: usize = 120;
const LONGEST_VERSION: usize = 15;

/// Show the applications, units and machines of a model, after doing what has become due.
#[derive(Debug, clap::Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "flags of a command line, one by one"
)]
pub(crate) struct Status {
    /// Only these: applications, units, machines, statuses, ports, addresses, what is exposed; in names * stands for anything.
    patterns: Vec<String>,
    /// How to show them.
    #[arg(long, value_enum, default_value_t = View::Tabular)]
    format: View,
    /// Accepted: there are no relations yet.
    #[arg(long, alias = "integrations")]
    relations: bool,
    /// Accepted: there is no storage yet.
    #[arg(long)]
    storage: bool,
    /// Times as in ISO 8601; they are UTC in any case.
    #[arg(long)]
    utc: bool,
    /// Show them again and again, after each such time, as `5s`; meanwhile time passes, and what becomes due is done.
    #[arg(long, value_parser = duration_flag)]
    watch: Option<Duration>,
    /// Accepted: there are no colours.
    #[arg(long)]
    no_color: bool,
}

/// The words of `--format`.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum View {
    Tabular,
    Json,
    Yaml,
    #[value(aliases = ["line", "short"])]
    Oneline,
    Summary,
}

impl Status {
    pub(crate) fn run(self, session: &Session, out: &mut impl Write) -> Result<()> {
        let store = session.store()?;
        let Some(pause) = self.watch.filter(|pause| !pause.is_zero()) else {
            return self.show(session, &store, out);
        };
        loop {
            // Clears a terminal.
            write!(out, "\x1bc")?;
            self.show(session, &store, out)?;
            out.flush()?;
            thread::sleep(pause);
        }
    }

    fn show(&self, session: &Session, store: &Store, out: &mut impl Write) -> Result<()> {
        session.settle_idle_machines(store)?;
        let mut model = Rc::unwrap_or_clone(store.read()?);
        keep_matching(&mut model, &self.patterns);
        let always = match (self.relations, self.storage) {
            (true, true) => Some("relations, storage options are"),
            (true, false) => Some("relations option is"),
            (false, true) => Some("storage option is"),
            (false, false) => None,
        };
        if let Some(always) = always
            && !matches!(self.format, View::Tabular)
        {
            writeln!(
                io::stderr(),
                "provided {always} always enabled in non tabular formats"
            )?;
        }
        match self.format {
            View::Tabular => writeln!(out, "{}", table(&model, self.utc))?,
            View::Json => print_json(store, &model, self.utc, out)?,
            View::Yaml => print_yaml(store, &model, self.utc, out)?,
            View::Oneline => write!(out, "{}", one_line_each(&model))?,
            View::Summary => write!(out, "{}", summary(&model))?,
        }
        if !model.applications.is_empty() || !model.machines.is_empty() {
            return Ok(());
        }
        match self.patterns.len() {
            0 => writeln!(io::stderr(), "Model \"admin/{}\" is empty.", model.name)?,
            1 => writeln!(io::stderr(), "Nothing matched specified filter.")?,
            _ => writeln!(io::stderr(), "Nothing matched specified filters.")?,
        }
        Ok(())
    }
}

/// The tables that `juju status` prints.
fn table(model: &Model, utc: bool) -> String {
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
    tables.join("\n").trim_end_matches('\n').to_owned()
}

/// Runs what has become due after a change, and shows somebody at a terminal what came of it.
pub(crate) fn settle_and_show(session: &Session, store: &Store) -> Result<()> {
    session.settle(store)?;
    if io::stderr().is_terminal() {
        writeln!(io::stderr(), "\n{}", table(&*store.read()?, false))?;
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
    for application in model.applications.values() {
        for (name, unit) in &application.units {
            let mark = if application.is_leader(name) { "*" } else { "" };
            let status = workload_status(unit);
            rows.push(row([
                &format!("{name}{mark}"),
                &status.status.status,
                agent_status(unit),
                &unit.machine.to_string(),
                &shown_address(unit.machine),
                &grouped(&port_ranges(unit)),
                &cut(&status.status.message, LONGEST_MESSAGE),
            ]));
        }
    }
    layout(&rows, &[])
}

fn machines_table(model: &Model) -> String {
    let mut rows = vec![row([
        "Machine", "State", "Address", "Inst id", "Base", "AZ", "Message",
    ])];
    for (number, machine) in &model.machines {
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
