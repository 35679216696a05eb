//! Decides which hook about storage a unit's agent runs next, and notes that it has run.

use jiff::Timestamp;

use crate::charm::hook::{Hook, StorageEvent, StorageLocation};
use crate::controller::life::Life;
use crate::controller::model::Model;

/// The next hook about storage that a unit has got, or is to lose.
pub(crate) fn next_storage_hook(model: &Model, unit: &str) -> Option<Hook> {
    let (_, state) = model.unit(unit)?;
    model
        .storage_of(unit)
        .find_map(|(id, storage, attachment)| {
            let hook = |event| Hook::Storage {
                name: storage.name.clone(),
                event,
                id,
                location: Some(StorageLocation {
                    path: attachment.location.clone(),
                    block: storage.block,
                }),
            };
            if state.is_dying() || attachment.life != Life::Alive {
                return Some(hook(StorageEvent::Detaching));
            }
            (!attachment.told).then(|| hook(StorageEvent::Attached))
        })
}

/// Notes that a hook about storage has succeeded, or was skipped.
pub(crate) fn advance_storage(model: &mut Model, hook: &Hook, now: Timestamp) {
    let Hook::Storage { event, id, .. } = hook else {
        return;
    };
    match event {
        StorageEvent::Attached => {
            let storage = model.storage.get_mut(id);
            if let Some(attachment) = storage.and_then(|it| it.attachment.as_mut()) {
                attachment.told = true;
            }
        }
        StorageEvent::Detaching => model.end_attachment(*id, now),
    }
}
