//! What `deploy` gives an application beside its config.

use std::collections::BTreeMap;

use anyhow::Result;

use crate::charm::metadata::Charm;
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
        model.application_mut(name)?.provision.resources = resources;
        Ok(())
    }
}
