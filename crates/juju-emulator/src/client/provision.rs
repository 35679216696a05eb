//! What `deploy` gives an application beside its config.

use std::collections::BTreeMap;

use anyhow::{Error, Result, bail};

use crate::charm::metadata::Charm;
use crate::client::constraints::Constraints;
use crate::client::derived::{SPACE, endpoint_bindings};
use crate::client::resources::{name_and_path, upload};
use crate::controller::model::Model;
use crate::controller::resource::Resource;
use crate::controller::storage_directive::StorageDirective;
use crate::controller::store::Store;

/// The flags of `deploy` for what an application is given.
#[derive(Debug, clap::Args)]
pub(crate) struct ProvisionFlags {
    /// Storage for each unit, as `data=rootfs,2,1G`: a pool, how many, how large, each optional.
    #[arg(long, value_parser = storage)]
    storage: Vec<(String, StorageDirective)>,
    /// The file of a resource, as NAME=FILE.
    #[arg(long, value_parser = name_and_path)]
    resource: Vec<(String, String)>,
    /// The space of the endpoints, or as ENDPOINT=SPACE of one; there is one space, `alpha`.
    #[arg(long)]
    bind: Option<String>,
    /// Shown: every machine is this one.
    #[arg(long)]
    constraints: Option<String>,
}

fn storage(text: &str) -> Result<(String, StorageDirective), String> {
    let parts = text.split_once('=').filter(|(name, _)| !name.contains(':'));
    let (name, directive) = parts.ok_or("expected <store>=<directive>")?;
    let directive = StorageDirective::parse(directive);
    let directive =
        directive.map_err(|why| format!("cannot parse disk storage directives: {why}"))?;
    Ok((name.to_owned(), directive))
}

impl ProvisionFlags {
    /// Refuses spaces and constraints that Juju does not have.
    pub(crate) fn check(&self, charm: &Charm) -> Result<()> {
        let bindings = self.bind.iter().flat_map(|bind| bind.split_whitespace());
        for binding in bindings {
            let (endpoint, space) = binding.split_once('=').unwrap_or(("", binding));
            if space != SPACE {
                bail!("space \"{space}\" not found");
            }
            if !endpoint_bindings(charm).contains_key(endpoint) {
                bail!(
                    "charm \"{}\" has no endpoint \"{endpoint}\" to bind",
                    charm.name
                );
            }
        }
        self.constraints().map(drop)
    }

    fn constraints(&self) -> Result<Constraints> {
        let text = self.constraints.as_deref().unwrap_or_default();
        Constraints::parse(text).map_err(Error::msg)
    }

    /// Takes in what is to be uploaded.
    pub(crate) fn upload(
        &self,
        store: &Store,
        charm: &Charm,
    ) -> Result<BTreeMap<String, Resource>> {
        upload(store, charm, &self.resource)
    }

    /// Gives it to an application.
    pub(crate) fn apply(
        &self,
        model: &mut Model,
        name: &str,
        charm: &Charm,
        resources: BTreeMap<String, Resource>,
    ) -> Result<()> {
        let storage: BTreeMap<_, _> = self.storage.iter().cloned().collect();
        model.set_storage(name, charm, &storage)?;
        let provision = &mut model.application_mut(name)?.provision;
        provision.resources = resources;
        provision.constraints = self.constraints()?.0;
        if self.constraints.is_some() {
            Constraints::say_that_they_mean_nothing()?;
        }
        Ok(())
    }
}
