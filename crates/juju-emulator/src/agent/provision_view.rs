//! What a unit's hook sees of storage, resources and the cloud.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::charm::metadata::Charm;
use crate::controller::data_directory::CONTROLLER;
use crate::controller::model::{Application, Model};
use crate::controller::store::Store;
use crate::hook::storage::view::StorageView;

/// The storage that a unit has, by id, with what becomes of its location on its machine.
pub(crate) fn storages(
    model: &Model,
    unit: &str,
    locate: impl Fn(u32, &str) -> String,
) -> BTreeMap<String, StorageView> {
    let Some((_, state)) = model.unit(unit) else {
        return BTreeMap::new();
    };
    let storages = model.storage_of(unit).map(|(number, storage, attachment)| {
        let view = StorageView {
            block: storage.block,
            location: locate(state.machine, &attachment.location),
        };
        (storage.id(number), view)
    });
    storages.collect()
}

/// Where a unit finds the resources that have been supplied, by name.
pub(crate) fn resources(
    store: &Store,
    model: &Model,
    charm: &Charm,
    unit: &str,
) -> BTreeMap<String, String> {
    let Some((application, state)) = model.unit(unit) else {
        return BTreeMap::new();
    };
    let supplied = application.provision.resources.keys();
    let resources = supplied.filter_map(|name| {
        let file = charm.resources.get(name)?.file_name(name);
        let path = store.resource_of_unit(state.machine, unit, name, file);
        Some((name.clone(), path.display().to_string()))
    });
    resources.collect()
}

/// What a trusted application learns of the cloud: there is none to reach.
pub(crate) fn cloud(application: &Application) -> Option<Value> {
    let cloud = json!({
        "type": CONTROLLER,
        "name": CONTROLLER,
        "region": "default",
        "credential": {"auth-type": "empty", "redacted": []},
        "is-controller-cloud": true,
    });
    application.trust.unwrap_or_default().then_some(cloud)
}
