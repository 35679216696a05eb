//! Storage of the unit in a state.

use std::collections::BTreeMap;
use std::path::PathBuf;

use juju_emulator::StorageView;
use juju_emulator::charm::metadata::{Charm, StorageDeclaration};
use ops::{Event, StorageEvent, StorageId};
use serde::Serialize;

/// One instance of storage that the unit has: `Storage::new("data", 0, "/srv/data")` is `data/0`.
///
/// [`Context::storage`](crate::Context::storage) makes one with a directory of its own.
///
/// ```no_run
/// # use ops_testing::{Context, State};
/// # fn test(context: &Context) {
/// let data = context.storage("data", 0);
/// let given = State::default().with_storage(data.clone());
/// let then = context.run(&data.detaching(), &given);
/// assert!(then.state.storages.is_empty());
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Storage {
    /// Its name in the charm's metadata, such as `data`.
    pub name: String,
    /// Its number in the model, such as 0.
    pub number: u64,
    /// Whether it is a block device rather than a filesystem.
    pub block: bool,
    /// Where it is, such as `/srv/data`.
    pub location: PathBuf,
}

impl Storage {
    /// A filesystem.
    #[must_use]
    pub fn new(name: &str, number: u64, location: impl Into<PathBuf>) -> Self {
        Self {
            name: name.to_owned(),
            number,
            block: false,
            location: location.into(),
        }
    }

    /// The same as a block device.
    #[must_use]
    pub fn as_block_device(mut self) -> Self {
        self.block = true;
        self
    }

    /// The event that tells the unit that it has it; the state need not have it yet.
    #[must_use]
    pub fn attached(&self) -> Event {
        Event::StorageAttached(self.event())
    }

    /// The event that tells the unit that it is to lose it; afterwards the state has it no more.
    #[must_use]
    pub fn detaching(&self) -> Event {
        Event::StorageDetaching(self.event())
    }

    fn event(&self) -> StorageEvent {
        StorageEvent {
            storage: self.name.clone(),
            id: self.id().parse().ok(),
            location: Some(self.location.display().to_string()),
        }
    }

    fn id(&self) -> String {
        format!("{}/{}", self.name, self.number)
    }

    fn is(&self, id: &StorageId) -> bool {
        (self.name.as_str(), self.number) == (id.name(), id.number())
    }
}

/// The storage that an event is about.
fn of_event(event: &Event, charm: &Charm) -> Option<Storage> {
    let (Event::StorageAttached(event) | Event::StorageDetaching(event)) = event else {
        return None;
    };
    let (id, location) = (event.id.as_ref()?, event.location.as_ref()?);
    let declared = charm.storages.get(id.name());
    let block = declared.is_some_and(|declared| declared.block);
    let storage = Storage::new(id.name(), id.number(), location);
    Some(Storage { block, ..storage })
}

/// The state as an event finds it: with the storage that it is about.
pub(crate) fn arrive(storages: &mut Vec<Storage>, event: &Event, charm: &Charm) {
    if let Some(storage) = of_event(event, charm)
        && !storages.iter().any(|it| it.id() == storage.id())
    {
        storages.push(storage);
    }
}

/// What is true once the hook of an event has succeeded.
pub(crate) fn leave(storages: &mut Vec<Storage>, event: &Event) {
    if let Event::StorageDetaching(StorageEvent { id: Some(id), .. }) = event {
        storages.retain(|storage| !storage.is(id));
    }
}

/// What is to come, with what a hook has asked for. The error is Juju's refusal.
pub(crate) fn with_added(
    to_come: &BTreeMap<String, u32>,
    storages: &[Storage],
    unit: &str,
    asked: &BTreeMap<String, u32>,
    declared: &BTreeMap<String, StorageDeclaration>,
) -> Result<BTreeMap<String, u32>, String> {
    let tag = unit.replace('/', "-");
    let mut to_come = to_come.clone();
    for (name, count) in asked {
        let Some(declared) = declared.get(name) else {
            return Err(format!(
                "adding storage {name} for unit-{tag}: storage \"{name}\" not found"
            ));
        };
        let there = storages.iter().filter(|it| it.name == *name).count();
        let there = u32::try_from(there).unwrap_or(u32::MAX);
        let coming = to_come.entry(name.clone()).or_default();
        *coming = coming.saturating_add(*count);
        let total = coming.saturating_add(there);
        if let Some(maximum) = declared.maximum.filter(|maximum| total > *maximum) {
            return Err(format!(
                "adding storage {name} for unit-{tag}: attaching {count} storage instances brings the total to {total}, exceeding the maximum of {maximum}"
            ));
        }
    }
    Ok(to_come)
}

pub(crate) fn views(storages: &[Storage]) -> BTreeMap<String, StorageView> {
    let views = storages.iter().map(|storage| {
        let view = StorageView {
            block: storage.block,
            location: storage.location.display().to_string(),
        };
        (storage.id(), view)
    });
    views.collect()
}

pub(crate) fn check(storages: &[Storage], charm: &Charm, reasons: &mut Vec<String>) {
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    let mut ids = Vec::new();
    for storage in storages {
        let (name, id) = (storage.name.as_str(), storage.id());
        let Some(declared) = charm.storages.get(name) else {
            reasons.push(format!("storages: the charm has no storage {name:?}"));
            continue;
        };
        if declared.block != storage.block {
            reasons.push(format!(
                "storages: {id} is not of the type that the charm declares"
            ));
        }
        if ids.contains(&storage.number) {
            reasons.push(format!("storages: {} is the number of two", storage.number));
        }
        ids.push(storage.number);
        let count = counts.entry(name).or_default();
        *count += 1;
        if declared.maximum.is_some_and(|maximum| *count > maximum) {
            reasons.push(format!("storages: {id} is one more than the charm allows"));
        }
    }
}
