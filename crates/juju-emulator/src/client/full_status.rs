//! What `status --format=json` and `--format=yaml` show.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::client::derived::{
    agent_status, application_status, instance, port_ranges, workload_status,
};
use crate::client::relations::{Related, related_applications, subordinate_to};
use crate::controller::data_directory::CONTROLLER;
use crate::controller::model::{Application, JUJU_VERSION, Machine, Model, StatusSince, Unit};
use crate::machine::address::address;

/// A whole model: the fields, in the order of Juju.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Full {
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
    relations: BTreeMap<String, Vec<Related>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    subordinate_to: Vec<String>,
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

pub(crate) fn full(model: &Model) -> Full {
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
            .map(|(name, application)| (name.clone(), full_application(model, name, application)))
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

fn full_application(model: &Model, name: &str, application: &Application) -> FullApplication {
    // Subordinates are shown below their principals.
    let units = application.units.iter();
    let units = units.filter(|(_, unit)| unit.principal.is_none());
    FullApplication {
        charm: application.charm_url(),
        base: base(&application.base),
        charm_origin: "local",
        charm_name: application.charm.clone(),
        charm_rev: application.revision,
        exposed: application.exposed,
        life: if application.dying { "dying" } else { "" },
        application_status: full_status(&application_status(application)),
        relations: related_applications(model, name),
        subordinate_to: if application.subordinate {
            subordinate_to(model, name)
        } else {
            Vec::new()
        },
        units: units
            .map(|(name, unit)| (name.clone(), full_unit(model, application, name, unit)))
            .collect(),
        version: application.workload_version.clone(),
    }
}

fn full_unit(model: &Model, application: &Application, name: &str, unit: &Unit) -> FullUnit {
    let beside = model.subordinates(name).filter_map(|name| {
        let (application, unit) = model.unit(name)?;
        Some((name.clone(), full_unit(model, application, name, unit)))
    });
    FullUnit {
        workload_status: full_status(workload_status(unit)),
        juju_status: FullStatus {
            version: JUJU_VERSION,
            life: if unit.is_dying() { "dying" } else { "" },
            ..since(agent_status(unit), "", unit.agent_status.since)
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
