//! `status`

use std::collections::BTreeMap;
use std::io::{self, Write};

use anyhow::Result;
use clap::ValueEnum;
use jiff::Timestamp;
use serde::Serialize;

use super::table::{layout, row};
use crate::cli::Session;
use crate::model::{
    Application, JUJU_VERSION, Machine, Model, Reached, StatusSince, Unit, address,
};
use crate::ports::{OpenedPorts, PortRange};
use crate::store::CONTROLLER;

/// Show the applications, units and machines of a model, after doing what has become due.
#[derive(Debug, clap::Args)]
pub(crate) struct Status {
    /// Only these applications and units: names, in which * stands for anything.
    patterns: Vec<String>,
    /// How to show them.
    #[arg(long, value_enum, default_value = "tabular")]
    format: Format,
    /// Accepted: there are no relations yet.
    #[arg(long)]
    relations: bool,
    /// Accepted: times are always UTC.
    #[arg(long)]
    utc: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Tabular,
    Json,
    Yaml,
}

impl Status {
    pub(crate) fn run(self, session: &Session, out: &mut impl Write) -> Result<()> {
        let store = session.store()?;
        session.settle(&store)?;
        let mut model = store.read()?;
        keep_matching(&mut model, &self.patterns);
        match self.format {
            Format::Json => writeln!(out, "{}", serde_json::to_string(&full(&model))?)?,
            Format::Yaml => write!(out, "{}", serde_yaml::to_string(&full(&model))?)?,
            Format::Tabular => {
                writeln!(out, "{}", table(&model))?;
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
    let used: Vec<_> = model.units().map(|(_, unit)| unit.machine).collect();
    model.machines.retain(|number, _| used.contains(number));
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, rest)) => name.strip_prefix(start).is_some_and(|name| {
            name.char_indices()
                .map(|(at, _)| &name[at..])
                .chain([""])
                .any(|name| matches(rest, name))
        }),
    }
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
    for application in model.applications.values() {
        for (name, unit) in &application.units {
            let mark = if application.is_leader(name) { "*" } else { "" };
            let status = workload_status(unit);
            rows.push(row([
                &format!("{name}{mark}"),
                &status.status.status,
                agent_status(unit),
                &unit.machine.to_string(),
                &address(unit.machine).to_string(),
                &grouped(&unit.opened_ports),
                &status.status.message,
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
            &address(*number).to_string(),
            &instance(model, *number),
            &machine.base,
            "",
            "Running",
        ]));
    }
    layout(&rows, &[])
}

/// Ports as the table shows them, those of one protocol together: `22,8000-8010/tcp 53/udp`.
fn grouped(ports: &OpenedPorts) -> String {
    let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for range in ports.ranges() {
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

/// A unit in error shows it as its workload's status.
fn workload_status(unit: &Unit) -> &StatusSince {
    if unit.failed_hook().is_some() {
        &unit.agent_status
    } else {
        &unit.workload_status
    }
}

fn agent_status(unit: &Unit) -> &str {
    if unit.failed_hook().is_some() {
        "idle"
    } else {
        &unit.agent_status.status.status
    }
}

/// What the leader has set, else the worst of the units.
fn application_status(application: &Application) -> StatusSince {
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

fn instance(model: &Model, machine: u32) -> String {
    format!("{}-{machine}", model.name)
}

/// `status --format=json`: the fields, in the order of Juju.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Full {
    model: FullModel,
    machines: BTreeMap<String, FullMachine>,
    applications: BTreeMap<String, FullApplication>,
    storage: BTreeMap<String, String>,
    controller: Controller,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct FullModel {
    name: String,
    #[serde(rename = "type")]
    kind: &'static str,
    controller: &'static str,
    cloud: &'static str,
    version: &'static str,
    model_status: FullStatus,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct FullMachine {
    juju_status: FullStatus,
    hostname: String,
    dns_name: String,
    ip_addresses: Vec<String>,
    instance_id: String,
    machine_status: FullStatus,
    modification_status: FullStatus,
    base: Base,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct FullApplication {
    charm: String,
    base: Base,
    charm_origin: &'static str,
    charm_name: String,
    charm_rev: u64,
    exposed: bool,
    #[serde(skip_serializing_if = "str::is_empty")]
    life: &'static str,
    application_status: FullStatus,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    units: BTreeMap<String, FullUnit>,
    #[serde(skip_serializing_if = "String::is_empty")]
    version: String,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct FullUnit {
    workload_status: FullStatus,
    juju_status: FullStatus,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    leader: bool,
    machine: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    open_ports: Vec<String>,
    public_address: String,
}

/// A status in Juju's words.
#[derive(Serialize)]
struct FullStatus {
    current: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    message: String,
    since: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    version: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    life: &'static str,
}

#[derive(Serialize)]
struct Base {
    name: String,
    channel: String,
}

#[derive(Serialize)]
struct Controller {
    timestamp: String,
}

fn full(model: &Model) -> Full {
    Full {
        model: FullModel {
            name: model.name.clone(),
            kind: "iaas",
            controller: CONTROLLER,
            cloud: CONTROLLER,
            version: JUJU_VERSION,
            model_status: since("available", "", model.created),
        },
        machines: model
            .machines
            .iter()
            .map(|(number, machine)| (number.to_string(), full_machine(model, *number, machine)))
            .collect(),
        applications: model
            .applications
            .iter()
            .map(|(name, application)| (name.clone(), full_application(application)))
            .collect(),
        storage: BTreeMap::new(),
        controller: Controller {
            timestamp: Timestamp::now().strftime("%H:%M:%SZ").to_string(),
        },
    }
}

fn full_machine(model: &Model, number: u32, machine: &Machine) -> FullMachine {
    let address = address(number).to_string();
    FullMachine {
        juju_status: FullStatus {
            version: JUJU_VERSION,
            ..since("started", "", machine.created)
        },
        hostname: instance(model, number),
        dns_name: address.clone(),
        ip_addresses: vec![address],
        instance_id: instance(model, number),
        machine_status: since("running", "Running", machine.created),
        modification_status: since("applied", "", machine.created),
        base: base(&machine.base),
    }
}

fn full_application(application: &Application) -> FullApplication {
    let units = application.units.iter();
    FullApplication {
        charm: application.charm_url(),
        base: base(&application.base),
        charm_origin: "local",
        charm_name: application.charm.clone(),
        charm_rev: application.revision,
        exposed: application.exposed,
        life: if application.dying { "dying" } else { "" },
        application_status: full_status(&application_status(application)),
        units: units
            .map(|(name, unit)| (name.clone(), full_unit(application, name, unit)))
            .collect(),
        version: application.workload_version.clone(),
    }
}

fn full_unit(application: &Application, name: &str, unit: &Unit) -> FullUnit {
    FullUnit {
        workload_status: full_status(workload_status(unit)),
        juju_status: FullStatus {
            version: JUJU_VERSION,
            life: if unit.dying { "dying" } else { "" },
            ..since(agent_status(unit), "", unit.agent_status.since)
        },
        leader: application.is_leader(name),
        machine: unit.machine.to_string(),
        open_ports: sorted(&unit.opened_ports),
        public_address: address(unit.machine).to_string(),
    }
}

fn sorted(ports: &OpenedPorts) -> Vec<String> {
    ports
        .ranges()
        .map(|range: PortRange| range.to_string())
        .collect()
}

fn full_status(status: &StatusSince) -> FullStatus {
    since(&status.status.status, &status.status.message, status.since)
}

fn since(current: &str, message: &str, since: Timestamp) -> FullStatus {
    FullStatus {
        current: current.to_owned(),
        message: message.to_owned(),
        since: since.strftime("%d %b %Y %H:%M:%SZ").to_string(),
        version: "",
        life: "",
    }
}

fn base(base: &str) -> Base {
    let (name, channel) = base.split_once('@').unwrap_or((base, ""));
    Base {
        name: name.to_owned(),
        channel: channel.to_owned(),
    }
}
