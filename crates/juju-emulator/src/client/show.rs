//! `show-unit` and `show-application`

use std::collections::BTreeMap;
use std::io::Write;
use std::rc::Rc;

use anyhow::Result;
use serde::Serialize;

use crate::client::config::charm_of;
use crate::client::derived::port_ranges;
use crate::client::format::{Format, words};
use crate::client::relations::{RelationInfo, relation_info};
use crate::client::session::Session;
use crate::controller::model::{Application, Model, Unit};
use crate::controller::store::Store;
use crate::machine::address::address;

/// The space of all endpoints; the emulator has no other.
const SPACE: &str = "alpha";

/// Show what is known of units.
#[derive(Debug, clap::Args)]
pub(crate) struct ShowUnit {
    /// Such as `app/0` or `app/leader`.
    #[arg(required = true)]
    units: Vec<String>,
    /// How to print it.
    #[arg(long, value_parser = words(None), default_value = "yaml")]
    format: Format,
}

/// Show what is known of applications.
#[derive(Debug, clap::Args)]
pub(crate) struct ShowApplication {
    #[arg(required = true)]
    applications: Vec<String>,
    /// How to print it.
    #[arg(long, value_parser = words(None), default_value = "yaml")]
    format: Format,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct UnitInfo {
    #[serde(skip_serializing_if = "String::is_empty")]
    workload_version: String,
    machine: String,
    opened_ports: Vec<String>,
    public_address: String,
    charm: String,
    leader: bool,
    life: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    relation_info: Vec<RelationInfo>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct ApplicationInfo {
    charm: String,
    base: String,
    channel: String,
    principal: bool,
    exposed: bool,
    remote: bool,
    life: &'static str,
    endpoint_bindings: BTreeMap<String, &'static str>,
}

impl ShowUnit {
    pub(crate) fn run(self, session: &Session, out: &mut impl Write) -> Result<()> {
        let (_, model) = settled(session)?;
        let mut all = BTreeMap::new();
        for name in &self.units {
            let name = model.unit_name(name)?;
            if let Some((application, unit)) = model.unit(&name) {
                let info = unit_info(&model, application, &name, unit);
                all.insert(name, info);
            }
        }
        self.format.print(&all, out)
    }
}

impl ShowApplication {
    pub(crate) fn run(self, session: &Session, out: &mut impl Write) -> Result<()> {
        let (store, model) = settled(session)?;
        let mut all = BTreeMap::new();
        for name in self.applications {
            let info = application_info(&store, &model, &name)?;
            all.insert(name, info);
        }
        self.format.print(&all, out)
    }
}

fn settled(session: &Session) -> Result<(Store, Rc<Model>)> {
    let store = session.store()?;
    session.settle_idle_machines(&store)?;
    let model = store.read()?;
    Ok((store, model))
}

fn unit_info(model: &Model, application: &Application, name: &str, unit: &Unit) -> UnitInfo {
    UnitInfo {
        workload_version: application.workload_version.clone(),
        machine: unit.machine.to_string(),
        opened_ports: port_ranges(unit),
        public_address: address(unit.machine).to_string(),
        charm: application.charm_url(),
        leader: application.is_leader(name),
        life: life(unit.is_dying()),
        relation_info: relation_info(model, name),
    }
}

fn application_info(store: &Store, model: &Model, name: &str) -> Result<ApplicationInfo> {
    let application = model.application(name)?;
    let charm = charm_of(store, model, name)?;
    // The empty name stands for all that have no space of their own.
    let endpoints = [String::new()].into_iter().chain(charm.endpoint_names());
    Ok(ApplicationInfo {
        charm: application.charm.clone(),
        base: application.base.clone(),
        channel: application.channel.clone(),
        principal: !application.subordinate,
        exposed: application.exposed,
        remote: false,
        life: life(application.dying),
        endpoint_bindings: endpoints.map(|endpoint| (endpoint, SPACE)).collect(),
    })
}

fn life(dying: bool) -> &'static str {
    if dying { "dying" } else { "alive" }
}
