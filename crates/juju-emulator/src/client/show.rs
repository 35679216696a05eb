//! `show-unit` and `show-application`

use std::collections::BTreeMap;
use std::io::Write;
use std::rc::Rc;

use anyhow::Result;
use serde::Serialize;
use serde_json::{Value, json};

use crate::charm::name::{is_name, is_unit_or_leader};
use crate::client::derived::{charm_of, endpoint_bindings, life, port_ranges};
use crate::client::format::{Format, empty_beside_an_error, words};
use crate::client::relations::{RelationInfo, relation_info};
use crate::client::session::{Session, UsageError};
use crate::client::version::architecture;
use crate::controller::model::{Application, Model, Unit};
use crate::controller::store::Store;
use crate::machine::address::address;

/// Show what is known of units.
#[derive(Debug, clap::Args)]
pub(crate) struct ShowUnit {
    /// Such as `app/0` or `app/leader`.
    #[arg(required = true)]
    units: Vec<String>,
    /// How to print it.
    #[arg(long, value_parser = words(Some("smart")), default_value = "yaml")]
    format: Format,
    /// Only the relations of this endpoint.
    #[arg(long)]
    endpoint: Option<String>,
    /// Only what this unit has published.
    #[arg(long)]
    related_unit: Option<String>,
    /// Only what applications have published.
    #[arg(long)]
    app: bool,
}

/// Show what is known of applications.
#[derive(Debug, clap::Args)]
pub(crate) struct ShowApplication {
    #[arg(required = true)]
    applications: Vec<String>,
    /// How to print it.
    #[arg(long, value_parser = words(Some("smart")), default_value = "yaml")]
    format: Format,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct UnitInfo {
    #[serde(skip_serializing_if = "String::is_empty")]
    workload_version: String,
    machine: String,
    opened_ports: Value,
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
    constraints: BTreeMap<String, Value>,
    principal: bool,
    exposed: bool,
    remote: bool,
    life: &'static str,
    endpoint_bindings: BTreeMap<String, &'static str>,
}

impl ShowUnit {
    pub(crate) fn run(self, session: &Session, out: &mut impl Write) -> Result<()> {
        if let Some(name) = self.units.iter().find(|name| !is_unit_or_leader(name)) {
            return Err(UsageError(format!("unit name {name} not valid")).into());
        }
        let (_, model) = settled(session)?;
        empty_beside_an_error(out, |out| {
            let mut all = BTreeMap::new();
            for name in &self.units {
                let name = model.unit_name(name)?;
                if let Some((application, unit)) = model.unit(&name) {
                    let info = self.info(&model, application, &name, unit);
                    all.insert(name, info);
                }
            }
            self.format.print(&all, out)
        })
    }

    fn info(&self, model: &Model, application: &Application, name: &str, unit: &Unit) -> UnitInfo {
        let ports = port_ranges(unit);
        // A list of Go that has nothing in it.
        let no_ports = ports.is_empty() && self.format == Format::Json;
        UnitInfo {
            workload_version: application.workload_version.clone(),
            machine: unit.machine.to_string(),
            opened_ports: if no_ports { Value::Null } else { json!(ports) },
            public_address: address(unit.machine).to_string(),
            charm: application.charm_url(),
            leader: application.is_leader(name),
            life: life(unit.is_dying()),
            relation_info: self.relation_info(model, name),
        }
    }
}

impl ShowUnit {
    fn relation_info(&self, model: &Model, unit: &str) -> Vec<RelationInfo> {
        let mut all = relation_info(model, unit);
        if let Some(endpoint) = &self.endpoint {
            all.retain(|info| info.endpoint == *endpoint);
        }
        for info in &mut all {
            if self.app {
                info.local_unit = None;
                info.related_units.clear();
            }
            if let Some(unit) = &self.related_unit {
                info.related_units.retain(|name, _| name == unit);
            }
        }
        all
    }
}

impl ShowApplication {
    pub(crate) fn run(self, session: &Session, out: &mut impl Write) -> Result<()> {
        if let Some(name) = self.applications.iter().find(|name| !is_name(name)) {
            return Err(UsageError(format!("application name {name} not valid")).into());
        }
        let (store, model) = settled(session)?;
        empty_beside_an_error(out, |out| {
            let mut all = BTreeMap::new();
            for name in self.applications {
                let info = application_info(&store, &model, &name)?;
                all.insert(name, info);
            }
            self.format.print(&all, out)
        })
    }
}

fn settled(session: &Session) -> Result<(Store, Rc<Model>)> {
    let store = session.store()?;
    session.settle_idle_machines(&store)?;
    let model = store.read()?;
    Ok((store, model))
}

fn application_info(store: &Store, model: &Model, name: &str) -> Result<ApplicationInfo> {
    let application = model.application(name)?;
    let charm = charm_of(store, model, name)?;
    Ok(ApplicationInfo {
        charm: application.charm.clone(),
        base: application.base.clone(),
        constraints: [("arch".to_owned(), architecture().into())]
            .into_iter()
            .chain(application.provision.constraints.clone())
            .collect(),
        principal: !application.subordinate,
        exposed: application.exposed,
        remote: false,
        life: life(application.dying),
        endpoint_bindings: endpoint_bindings(&charm),
    })
}
