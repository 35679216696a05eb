//! What `status --format=json` and `--format=yaml` show.

use std::collections::BTreeMap;
use std::io::Write;
use std::thread;

use anyhow::Result;
use indexmap::IndexMap;
use jiff::Timestamp;
use serde::Serialize;

use crate::client::derived::{
    SPACE, agent_status, application_status, charm_of, endpoint_bindings, instance, life,
    port_ranges, time_of_day, workload_status,
};
use crate::client::format::Format;
use crate::client::relations::{Related, related_applications, subordinate_to};
use crate::client::storage::{CombinedStorage, all_storage};
use crate::client::version::architecture;
use crate::controller::data_directory::CONTROLLER;
use crate::controller::model::{Application, JUJU_VERSION, Machine, Model, StatusSince, Unit};
use crate::controller::store::Store;
use crate::machine::address::address;

/// A whole model: the fields, in the order of Juju.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Full {
    model: FullModel,
    machines: IndexMap<String, FullMachine>,
    applications: BTreeMap<String, FullApplication>,
    storage: CombinedStorage,
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
struct Machines {
    model: String,
    machines: IndexMap<String, FullMachine>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    modification_status: Option<BTreeMap<String, String>>,
    base: Base,
    network_interfaces: BTreeMap<&'static str, NetworkInterface>,
    hardware: String,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct NetworkInterface {
    ip_addresses: Vec<String>,
    mac_address: &'static str,
    space: &'static str,
    is_up: bool,
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
    life: &'static str,
    application_status: FullStatus,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    relations: BTreeMap<String, Vec<Related>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    subordinate_to: Vec<String>,
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    units: IndexMap<String, FullUnit>,
    #[serde(skip_serializing_if = "String::is_empty")]
    version: String,
    endpoint_bindings: BTreeMap<String, &'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct FullUnit {
    workload_status: FullStatus,
    juju_status: FullStatus,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    leader: bool,
    #[serde(skip_serializing_if = "String::is_empty")]
    machine: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    open_ports: Vec<String>,
    public_address: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    subordinates: BTreeMap<String, FullUnit>,
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

/// Shows a model as JSON; with `utc`, times as in ISO 8601.
pub(crate) fn print_json(
    store: &Store,
    model: &Model,
    utc: bool,
    out: &mut impl Write,
) -> Result<()> {
    Format::Json.print(&full(store, model, Format::Json, utc), out)
}

/// Shows a model as YAML; with `utc`, times as in ISO 8601.
pub(crate) fn print_yaml(
    store: &Store,
    model: &Model,
    utc: bool,
    out: &mut impl Write,
) -> Result<()> {
    Format::Yaml.print(&full(store, model, Format::Yaml, utc), out)
}

/// Shows machines, all unless some are named; with `utc`, times as in ISO 8601.
pub(crate) fn print_machines(
    store: &Store,
    model: &Model,
    format: Format,
    utc: bool,
    numbers: &[u32],
    out: &mut impl Write,
) -> Result<()> {
    let shown = Shown::new(store, model, format, utc);
    let asked = model.machines.iter();
    let asked = asked.filter(|(number, _)| numbers.is_empty() || numbers.contains(number));
    let machines = asked
        .map(|(number, machine)| (number.to_string(), shown.machine(*number, machine)))
        .collect();
    let model = model.name.clone();
    format.print(&Machines { model, machines }, out)
}

fn full(store: &Store, model: &Model, format: Format, utc: bool) -> Full {
    let shown = Shown::new(store, model, format, utc);
    Full {
        model: FullModel {
            name: model.name.clone(),
            kind: "iaas",
            controller: CONTROLLER,
            cloud: CONTROLLER,
            version: JUJU_VERSION,
            model_status: shown.since("available", "", model.created),
        },
        machines: model
            .machines
            .iter()
            .map(|(number, machine)| (number.to_string(), shown.machine(*number, machine)))
            .collect(),
        applications: model
            .applications
            .iter()
            .map(|(name, application)| (name.clone(), shown.application(name, application)))
            .collect(),
        storage: all_storage(store, model),
        controller: Controller {
            timestamp: time_of_day(utc),
        },
    }
}

/// What is shown, and how.
struct Shown<'a> {
    store: &'a Store,
    model: &'a Model,
    format: Format,
    utc: bool,
    /// What every machine has: this one's processor.
    hardware: String,
}

impl<'a> Shown<'a> {
    fn new(store: &'a Store, model: &'a Model, format: Format, utc: bool) -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Self {
            store,
            model,
            format,
            utc,
            hardware: format!("arch={} cores={cores}", architecture()),
        }
    }

    fn machine(&self, number: u32, machine: &Machine) -> FullMachine {
        let address = address(number).to_string();
        let status = |current, message| FullStatus {
            life: life(false),
            ..self.since(current, message, machine.created)
        };
        let loopback = NetworkInterface {
            ip_addresses: vec![format!("{address}/8")],
            mac_address: "00:00:00:00:00:00",
            space: SPACE,
            is_up: true,
        };
        FullMachine {
            juju_status: status("started", ""),
            hostname: instance(self.model, number),
            dns_name: address.clone(),
            ip_addresses: vec![address],
            instance_id: instance(self.model, number),
            machine_status: status("running", "Running"),
            // Which has nothing to say, and which YAML then leaves out.
            modification_status: (self.format == Format::Json).then(BTreeMap::new),
            base: base(&machine.base),
            network_interfaces: [("lo", loopback)].into(),
            hardware: self.hardware.clone(),
        }
    }

    fn application(&self, name: &str, application: &Application) -> FullApplication {
        // Subordinates are shown below their principals.
        let units = application.units.iter();
        let units = units.filter(|(_, unit)| unit.principal.is_none());
        // What is wrong with a charm's files is no reason to show nothing.
        let charm = charm_of(self.store, self.model, name).ok();
        FullApplication {
            charm: application.charm_url(),
            base: base(&application.base),
            charm_origin: "local",
            charm_name: application.charm.clone(),
            charm_rev: application.revision,
            exposed: application.exposed,
            life: life(application.dying),
            application_status: self.status(&application_status(application)),
            relations: related_applications(self.model, name),
            subordinate_to: if application.subordinate {
                subordinate_to(self.model, name)
            } else {
                Vec::new()
            },
            units: units
                .map(|(name, unit)| (name.clone(), self.unit(application, name, unit)))
                .collect(),
            version: application.workload_version.clone(),
            endpoint_bindings: charm.as_ref().map(endpoint_bindings).unwrap_or_default(),
        }
    }

    fn unit(&self, application: &Application, name: &str, unit: &Unit) -> FullUnit {
        let beside = self.model.subordinates(name).filter_map(|name| {
            let (application, unit) = self.model.unit(name)?;
            Some((name.clone(), self.unit(application, name, unit)))
        });
        FullUnit {
            workload_status: self.status(workload_status(unit)),
            juju_status: FullStatus {
                version: JUJU_VERSION,
                life: if unit.is_dying() { "dying" } else { "" },
                ..self.since(agent_status(unit), "", unit.agent_status.since)
            },
            leader: application.is_leader(name),
            machine: match unit.principal {
                None => unit.machine.to_string(),
                Some(_) => String::new(),
            },
            open_ports: port_ranges(unit),
            public_address: address(unit.machine).to_string(),
            subordinates: beside.collect(),
        }
    }

    fn status(&self, status: &StatusSince) -> FullStatus {
        self.since(&status.status.status, &status.status.message, status.since)
    }

    fn since(&self, current: &str, message: &str, since: Timestamp) -> FullStatus {
        let form = if self.utc {
            "%Y-%m-%d %H:%M:%SZ"
        } else {
            "%d %b %Y %H:%M:%SZ"
        };
        FullStatus {
            current: current.to_owned(),
            message: message.to_owned(),
            since: since.strftime(form).to_string(),
            version: "",
            life: "",
        }
    }
}

fn base(base: &str) -> Base {
    let (name, channel) = base.split_once('@').unwrap_or((base, ""));
    Base {
        name: name.to_owned(),
        channel: channel.to_owned(),
    }
}
