//! `refresh`

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::{Result, bail};
use jiff::Timestamp;
use serde_json::Value;

use crate::charm::metadata::Charm;
use crate::charm::name::is_name;
use crate::client::local_charm::stage_charm;
use crate::client::resources::{name_and_path, upload};
use crate::client::session::{Session, UsageError};
use crate::client::status::settle_and_show;
use crate::controller::model::Model;
use crate::controller::relation::Side;
use crate::controller::store::Store;
use crate::go::strconv::quote;

/// Replace the charm of an application.
#[derive(Debug, clap::Args)]
pub(crate) struct Refresh {
    application: String,
    /// The .charm file or the directory of the new charm, as for deploy.
    #[arg(long)]
    path: Option<PathBuf>,
    /// A new file for a resource, as NAME=FILE.
    #[arg(long, value_parser = name_and_path)]
    resource: Vec<(String, String)>,
    /// Units in error get the new charm too, and run their failed hook again at once.
    #[arg(long)]
    force_units: bool,
    /// Accepted: no charm is refused that could be forced.
    #[arg(long)]
    force: bool,
    /// Accepted: every base is this machine.
    #[arg(long)]
    force_base: bool,
}

impl Refresh {
    pub(crate) fn run(self, session: &Session) -> Result<()> {
        let store = session.store()?;
        let (revision, charm) = self.refresh(&store)?;
        writeln!(
            io::stderr(),
            "Added local charm \"{charm}\", revision {revision}, to the model"
        )?;
        settle_and_show(session, &store)?;
        // The charm before it is not needed any more.
        store.tidy_charms()?;
        store.tidy_resources()?;
        Ok(())
    }

    /// Gives the application its new charm; hands back the revision and the charm's name.
    pub(crate) fn refresh(&self, store: &Store) -> Result<(u64, String)> {
        let name = &self.application;
        if !is_name(name) {
            let message = format!("invalid application name {}", quote(name));
            return Err(UsageError(message).into());
        }
        let Some(path) = &self.path else {
            return Err(UsageError(format!(
                "\"{name}\" has a local charm: say where the new one is, with --path"
            ))
            .into());
        };
        store.read()?.application(name)?;
        let (staged, charm) = stage_charm(store, path, |charm| {
            self.settings(&*store.read()?, charm).map(drop)
        })?;
        let resources = upload(store, &charm, &self.resource)?;
        let revision = store.update(|model| {
            let settings = self.settings(model, &charm)?;
            let revision = staged.keep(model, &charm.name)?;
            let application = model.application_mut(name)?;
            application.settings = settings;
            application.revision = revision;
            application.charm_version += 1;
            application.config_version += 1;
            application.subordinate = charm.subordinate;
            application.provision.resources.extend(resources);
            if self.force_units {
                for unit in application.units.values_mut() {
                    // install or upgrade-charm brings the new charm; config-changed follows it in any case.
                    unit.again = None;
                }
            }
            model.refresh_storage(name, &charm, Timestamp::now())?;
            model.add_peer_relations(name, &charm, Timestamp::now());
            Ok(revision)
        })?;
        Ok((revision, charm.name))
    }

    /// The application's settings with the new charm, if it can have it.
    fn settings(&self, model: &Model, charm: &Charm) -> Result<BTreeMap<String, Value>> {
        let name = &self.application;
        let application = model.application(name)?;
        if application.charm != charm.name {
            bail!(
                "cannot refresh \"{name}\" from charm \"{}\" to charm \"{}\"",
                application.charm,
                charm.name
            );
        }
        let is_missing =
            |side: &Side| !side.is_implicit() && !charm.endpoints.contains_key(&side.endpoint);
        for (_, relation) in model.relations_of(name) {
            if relation.side(name).is_some_and(is_missing) {
                let names: Vec<_> = relation.sides.iter().map(Side::name).collect();
                bail!(
                    "cannot upgrade application \"{name}\" to charm \"{}\": would break relation \"{}\"",
                    charm.name,
                    names.join(" ")
                );
            }
        }
        Ok(charm.fitting(&application.settings))
    }
}
