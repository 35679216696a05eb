//! `attach-resource` and `resources`

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use anyhow::{Result, anyhow, bail};
use jiff::Timestamp;
use serde::Serialize;

use crate::charm::metadata::Charm;
use crate::client::derived::charm_of;
use crate::client::format::{Format, words};
use crate::client::session::{Session, UsageError};
use crate::client::status::settle_and_show;
use crate::client::table::{layout, row};
use crate::controller::model::application_of;
use crate::controller::resource::Resource;
use crate::controller::store::Store;
use crate::go::error::os_error;

/// Supply a file for a resource of an application's charm.
#[derive(Debug, clap::Args)]
pub(crate) struct AttachResource {
    application: String,
    /// NAME=FILE
    resource: String,
}

/// List the resources of an application or of a unit.
#[derive(Debug, clap::Args)]
pub(crate) struct Resources {
    application_or_unit: String,
    /// How to print them.
    #[arg(long, value_parser = words(Some("tabular")), default_value = "tabular")]
    format: Format,
}

#[derive(Serialize)]
struct Listed {
    resources: Vec<ResourceInfo>,
}

/// A resource: the fields, in the order of Juju.
#[derive(Serialize)]
struct ResourceInfo {
    resourceid: String,
    #[serde(rename = "applicationId")]
    application_id: String,
    name: String,
    #[serde(rename = "type")]
    kind: String,
    path: String,
    description: String,
    revision: &'static str,
    fingerprint: String,
    size: u64,
    origin: &'static str,
    used: bool,
    timestamp: String,
}

/// Reads `name=path`.
pub(crate) fn name_and_path(text: &str) -> Result<(String, String), String> {
    let parts = text.split_once('=');
    match parts.filter(|(name, path)| !name.is_empty() && !path.is_empty()) {
        Some((name, path)) => Ok((name.to_owned(), path.to_owned())),
        None => Err(format!(
            "bad resource arg \"{text}\": expected name=path format"
        )),
    }
}

/// Takes in the files of resources that a charm declares.
pub(crate) fn upload(
    store: &Store,
    charm: &Charm,
    files: &[(String, String)],
) -> Result<BTreeMap<String, Resource>> {
    if let Some((name, _)) = files
        .iter()
        .find(|(name, _)| !charm.resources.contains_key(name))
    {
        bail!("unrecognized resource \"{name}\"");
    }
    let mut resources = BTreeMap::new();
    for (name, path) in files {
        let resource = store.upload(Path::new(path)).map_err(|error| {
            anyhow!(
                "file for resource \"{name}\": open {path}: {}",
                os_error(&error)
            )
        })?;
        resources.insert(name.clone(), resource);
    }
    Ok(resources)
}

impl AttachResource {
    pub(crate) fn run(self, session: &Session) -> Result<()> {
        let (name, path) = name_and_path(&self.resource).map_err(UsageError)?;
        let store = session.store()?;
        let application = &self.application;
        let failed = |why: String| anyhow!("failed to upload resource \"{name}\": {why}");
        let model = store.read()?;
        let charm = charm_of(&store, &model, application)?;
        if !charm.resources.contains_key(&name) {
            return Err(failed(format!(
                "Put https://127.0.0.1:17070/model/{}/applications/{application}/resources/{name}: application \"{application}\", resource \"{name}\" not found",
                model.uuid
            )));
        }
        let resource = store.upload(Path::new(&path));
        let resource =
            resource.map_err(|error| failed(format!("open {path}: {}", os_error(&error))))?;
        store.update(|model| {
            let application = model.application_mut(application)?;
            application
                .provision
                .resources
                .insert(name.clone(), resource);
            // As with another charm, the units run upgrade-charm and config-changed.
            application.charm_version += 1;
            Ok(())
        })?;
        store.tidy_resources()?;
        settle_and_show(session, &store)
    }
}

impl Resources {
    pub(crate) fn run(self, session: &Session, out: &mut impl Write) -> Result<()> {
        let store = session.store()?;
        session.settle_idle_machines(&store)?;
        let model = store.read()?;
        let asked = &self.application_or_unit;
        if asked.contains('/') {
            model.unit_name(asked)?;
        }
        let name = application_of(asked);
        let supplied = &model.application(name)?.provision.resources;
        let charm = charm_of(&store, &model, name)?;
        if self.format == Format::ForPeople {
            if charm.resources.is_empty() {
                writeln!(out, "No resources to display.")?;
                return Ok(());
            }
            let mut rows = vec![row(["Resource", "Supplied by", "Revision"])];
            for name in charm.resources.keys() {
                let revision = supplied.get(name).map_or_else(
                    || "-".to_owned(),
                    |it| it.uploaded.strftime("%Y-%m-%dT%H:%M").to_string(),
                );
                rows.push(row([name, "upload", &revision]));
            }
            write!(out, "{}", layout(&rows, &[]))?;
            return Ok(());
        }
        let info = charm.resources.iter().map(|(resource, declared)| {
            let supplied = supplied.get(resource);
            ResourceInfo {
                resourceid: format!("{name}/{resource}"),
                application_id: name.to_owned(),
                name: resource.clone(),
                kind: match declared.kind.as_str() {
                    "" => "file".to_owned(),
                    kind => kind.to_owned(),
                },
                path: declared.filename.clone(),
                description: declared.description.clone(),
                revision: "0",
                fingerprint: supplied.map_or_else(String::new, |it| it.fingerprint.clone()),
                size: supplied.map_or(0, |it| it.size),
                origin: "upload",
                used: supplied.is_some(),
                timestamp: supplied.map_or_else(
                    || "0001-01-01T00:00:00Z".to_owned(),
                    |it: &Resource| time(it.uploaded),
                ),
            }
        });
        let listed = Listed {
            resources: info.collect(),
        };
        self.format.print(&listed, out)
    }
}

fn time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S.%9fZ").to_string()
}
