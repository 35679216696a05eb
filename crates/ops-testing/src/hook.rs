//! The hook that Juju dispatches for an event.

use juju_emulator::HookKind;
use juju_emulator::charm::hook::{
    self, Hook, RelationEvent as Relation, SecretEvent as Secret, StorageEvent as Storage,
    StorageLocation, WorkloadEvent,
};
use ops::{Event, RelationEvent, SecretEvent, StorageEvent, StorageId};
use serde_json::{Map, Value};

/// The hook with its variables, and what it is about: an action with its parameters.
pub(crate) fn hook(event: &Event, unit: &str, params: Map<String, Value>) -> (Hook, HookKind) {
    let hook = match event {
        Event::RelationCreated(payload) => relation(Relation::Created, payload, unit),
        Event::RelationJoined(payload) => relation(Relation::Joined, payload, unit),
        Event::RelationChanged(payload) => relation(Relation::Changed, payload, unit),
        Event::RelationDeparted(payload) => relation(Relation::Departed, payload, unit),
        Event::RelationBroken(payload) => relation(Relation::Broken, payload, unit),
        Event::StorageAttached(payload) => storage(Storage::Attached, payload),
        Event::StorageDetaching(payload) => storage(Storage::Detaching, payload),
        Event::SecretChanged(payload) => secret(Secret::Changed, payload),
        Event::SecretExpired(payload) => secret(Secret::Expired, payload),
        Event::SecretRemove(payload) => secret(Secret::Remove, payload),
        Event::SecretRotate(payload) => secret(Secret::Rotate, payload),
        Event::PebbleReady { container } => workload(container, WorkloadEvent::Ready),
        Event::PebbleCustomNotice(notice) => workload(
            &notice.container,
            WorkloadEvent::CustomNotice {
                id: notice.id.clone(),
                key: notice.key.clone(),
            },
        ),
        Event::PebbleCheckFailed(payload) => workload(
            &payload.container,
            WorkloadEvent::CheckFailed {
                check: payload.check.clone(),
            },
        ),
        Event::PebbleCheckRecovered(payload) => workload(
            &payload.container,
            WorkloadEvent::CheckRecovered {
                check: payload.check.clone(),
            },
        ),
        Event::Action(action) => Hook::Action {
            name: action.name.clone(),
            id: action.id.number(),
        },
        event => Hook::unit(&event.to_string()),
    };
    let kind = HookKind::of(&hook, params);
    (hook, kind)
}

fn relation(event: hook::RelationEvent, payload: &RelationEvent, unit: &str) -> Hook {
    let ours = || unit.split('/').next().unwrap_or_default().to_owned();
    Hook::Relation {
        endpoint: payload.id.endpoint().to_owned(),
        event,
        id: payload.id.number(),
        // Among peers it is the unit's own.
        remote_application: payload.remote_application.clone().unwrap_or_else(ours),
        remote_unit: payload.remote_unit.as_ref().map(ToString::to_string),
        departing_unit: payload.departing_unit.as_ref().map(ToString::to_string),
    }
}

fn storage(event: hook::StorageEvent, payload: &StorageEvent) -> Hook {
    Hook::Storage {
        name: payload.storage.clone(),
        event,
        id: payload
            .id
            .as_ref()
            .map(StorageId::number)
            .unwrap_or_default(),
        location: payload
            .location
            .clone()
            .map(|path| StorageLocation { path, block: false }),
    }
}

fn secret(event: hook::SecretEvent, payload: &SecretEvent) -> Hook {
    Hook::Secret {
        event,
        id: payload.id.to_string(),
        label: payload.label.clone().unwrap_or_default(),
        revision: payload.revision,
    }
}

fn workload(container: &str, event: WorkloadEvent) -> Hook {
    Hook::Workload {
        container: container.to_owned(),
        event,
    }
}
