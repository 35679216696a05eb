//! States and events as the Rust code that makes them.

use std::collections::BTreeMap;

use ops::{Event, RelationEvent, SecretContent, SecretEvent, Status, StorageEvent};
use serde_json::Value;

use crate::state::State;
use crate::state::relation::Relation;
use crate::state::secret::{Owner, Secret};
use crate::state::storage::Storage;

/// A state as the test would build it: `State::default().with_config("server-port", 6789)`.
pub(super) fn state(state: &State) -> String {
    let mut calls = vec!["State::default()".to_owned()];
    let config = state.config.iter();
    calls.extend(config.map(|(option, value)| with_config(option, value)));
    if !state.opened_ports.is_empty() {
        calls.push(format!(".with_opened_ports({:?})", state.opened_ports));
    }
    for (unit, ports) in &state.machine_ports {
        calls.push(format!(".with_machine_ports({unit:?}, {ports:?})"));
    }
    if let Some(status) = &state.unit_status {
        calls.push(format!(".with_unit_status({})", self::status(status)));
    }
    if !state.workload_version.is_empty() {
        let version = &state.workload_version;
        calls.push(format!(".with_workload_version({version:?})"));
    }
    if !state.relations.is_empty() {
        calls.push(with_relations(&state.relations));
    }
    calls.extend(state.secrets.iter().map(with_secret));
    calls.extend(state.storages.iter().map(with_storage));
    for (name, path) in &state.resources {
        calls.push(format!(
            ".with_resource({name:?}, {:?})",
            path.to_string_lossy()
        ));
    }
    if state.planned_units != 1 {
        calls.push(format!(".with_planned_units({})", state.planned_units));
    }
    if state.leader {
        calls.push(".as_leader()".to_owned());
    }
    if state.kubernetes {
        calls.push(".on_kubernetes()".to_owned());
    }
    calls.concat()
}

/// An option set by the operator: `.with_config("server-port", 6789)`.
pub(super) fn with_config(option: &str, value: &Value) -> String {
    // A literal is an i32 where nothing else is said.
    let too_large = value
        .as_i64()
        .is_some_and(|number| i32::try_from(number).is_err());
    let suffix = if too_large { "_i64" } else { "" };
    format!(".with_config({option:?}, {value}{suffix})")
}

/// The relations of a state: `.with_relations([Relation::new("db", 7, "mysql")])`.
pub(super) fn with_relations(relations: &[Relation]) -> String {
    let relations: Vec<_> = relations.iter().map(relation_of).collect();
    format!(".with_relations([{}])", relations.join(", "))
}

/// A secret, with dots for its content, which nothing shows: `.with_secret(Secret::of_unit("key", [("key", "...")]))`.
fn with_secret(secret: &Secret) -> String {
    let keys = secret.content().into_iter().flat_map(SecretContent::keys);
    let content: Vec<_> = keys.map(|key| format!("({key:?}, \"...\")")).collect();
    let content = content.join(", ");
    let label = &secret.label;
    let made = match secret.owner {
        Owner::Unit => format!("of_unit({label:?}, [{content}])"),
        Owner::Application => format!("of_application({label:?}, [{content}])"),
        Owner::Others => format!("of_others([{content}])"),
    };
    format!(".with_secret(Secret::{made})")
}

/// A storage of a state: `.with_storage(Storage::new("data", 0, "/srv/data"))`.
fn with_storage(storage: &Storage) -> String {
    let block = if storage.block {
        ".as_block_device()"
    } else {
        ""
    };
    let (name, number) = (&storage.name, storage.number);
    let location = storage.location.to_string_lossy();
    format!(".with_storage(Storage::new({name:?}, {number}, {location:?}){block})")
}

fn relation_of(relation: &Relation) -> String {
    let Relation {
        endpoint, number, ..
    } = relation;
    let pairs = |data: &BTreeMap<String, String>| format!("{:?}", data.iter().collect::<Vec<_>>());
    let mut calls = vec![match &relation.remote_application {
        Some(application) => format!("Relation::new({endpoint:?}, {number}, {application:?})"),
        None => format!("Relation::among_peers({endpoint:?}, {number})"),
    }];
    for (unit, data) in &relation.remote_units {
        calls.push(format!(".with_unit({unit:?}, {})", pairs(data)));
    }
    for (builder, data) in [
        (
            "with_remote_application_data",
            &relation.remote_application_data,
        ),
        ("with_application_data", &relation.application_data),
        ("with_unit_data", &relation.unit_data),
    ] {
        if !data.is_empty() {
            calls.push(format!(".{builder}({})", pairs(data)));
        }
    }
    calls.concat()
}

fn status(status: &Status) -> String {
    match (status.name(), status.message()) {
        ("active", "") => "Status::active()".to_owned(),
        ("active", message) => format!("Status::active().with_message({message:?})"),
        (name, message) => format!("Status::{name}({message:?})"),
    }
}

/// An event as the test would write it: `Event::ConfigChanged`.
pub(super) fn event(event: &Event) -> String {
    match event {
        Event::RelationCreated(payload) => relation("RelationCreated", payload),
        Event::RelationJoined(payload) => relation("RelationJoined", payload),
        Event::RelationChanged(payload) => relation("RelationChanged", payload),
        Event::RelationDeparted(payload) => relation("RelationDeparted", payload),
        Event::RelationBroken(payload) => relation("RelationBroken", payload),
        Event::SecretChanged(payload) => secret("SecretChanged", payload),
        Event::SecretExpired(payload) => secret("SecretExpired", payload),
        Event::SecretRemove(payload) => secret("SecretRemove", payload),
        Event::SecretRotate(payload) => secret("SecretRotate", payload),
        Event::StorageAttached(payload) => storage(payload, "attached"),
        Event::StorageDetaching(payload) => storage(payload, "detaching"),
        Event::Other(name) => format!("Event::Other({name:?}.into())"),
        event => format!("Event::{event:?}"),
    }
}

fn secret(variant: &str, event: &SecretEvent) -> String {
    let id = event.id.to_string();
    let label = match &event.label {
        Some(label) => format!("Some({label:?}.into())"),
        None => "None".to_owned(),
    };
    let revision = event.revision;
    format!(
        "Event::{variant}(SecretEvent {{ id: {id:?}.parse().unwrap(), label: {label}, revision: {revision:?} }})"
    )
}

fn storage(event: &StorageEvent, what: &str) -> String {
    match (&event.id, &event.location) {
        (Some(id), Some(location)) => {
            let (name, number) = (id.name(), id.number());
            format!("Storage::new({name:?}, {number}, {location:?}).{what}()")
        }
        _ => format!("{event:?}"),
    }
}

fn relation(variant: &str, event: &RelationEvent) -> String {
    let RelationEvent {
        id,
        remote_application,
        remote_unit,
        departing_unit,
    } = event;
    let unit = |unit: &Option<ops::UnitName>| match unit {
        Some(name) => format!("Some({:?}.parse().unwrap())", name.to_string()),
        None => "None".to_owned(),
    };
    let application = match remote_application {
        Some(name) => format!("Some({name:?}.into())"),
        None => "None".to_owned(),
    };
    format!(
        "Event::{variant}(RelationEvent {{ id: RelationId::new({:?}, {}), remote_application: {application}, \
         remote_unit: {}, departing_unit: {} }})",
        id.endpoint(),
        id.number(),
        unit(remote_unit),
        unit(departing_unit),
    )
}
