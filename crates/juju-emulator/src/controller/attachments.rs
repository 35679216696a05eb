//! Who has which storage of the model.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use jiff::Timestamp;

use crate::charm::storage::StorageDeclaration;
use crate::controller::application_storage::checked_pool;
use crate::controller::life::Life;
use crate::controller::model::{Model, application_of};
use crate::controller::storage::{ApplicationStorage, Attachment, StorageInstance};
use crate::controller::storage_directive::StorageDirective;

impl Model {
    /// Gives a unit more storage; hands back the ids.
    pub(crate) fn add_storage(
        &mut self,
        unit: &str,
        name: &str,
        asked: &StorageDirective,
        now: Timestamp,
    ) -> Result<Vec<String>> {
        let of_unit = self.application(application_of(unit))?;
        let Some(storage) = of_unit.provision.storage.get(name) else {
            bail!("charm storage \"{name}\" not found");
        };
        let mut storage = storage.clone();
        let count = asked.count.unwrap_or(1);
        self.check_more(unit, name, &storage.declared, count)?;
        if let Some(pool) = &asked.pool {
            storage.pool = checked_pool(pool, storage.declared.block)?;
        }
        storage.size = asked.size.unwrap_or(storage.size);
        let added = (0..count).map(|_| self.insert_storage(unit, name, &storage, now));
        added.collect()
    }

    /// Gives a unit all that its hook asked for, or nothing.
    pub(crate) fn add_storage_of_hook(
        &mut self,
        unit: &str,
        asked: &BTreeMap<String, u32>,
    ) -> Result<()> {
        if asked.is_empty() {
            return Ok(());
        }
        let mut model = self.clone();
        for (name, count) in asked {
            let asked = StorageDirective {
                count: Some(*count),
                ..StorageDirective::default()
            };
            let tag = unit.replace('/', "-");
            let of_application = &model.application(application_of(unit))?.provision.storage;
            if !of_application.contains_key(name) {
                bail!("adding storage {name} for unit-{tag}: storage \"{name}\" not found");
            }
            let added = model.add_storage(unit, name, &asked, Timestamp::now());
            added.with_context(|| format!("adding storage {name} for unit-{tag}"))?;
        }
        *self = model;
        Ok(())
    }

    /// Gives a unit storage that nobody has.
    pub(crate) fn attach_storage(&mut self, unit: &str, id: &str, now: Timestamp) -> Result<()> {
        let number = self.storage_number(id)?;
        let storage = &self.storage[&number];
        let name = storage.name.clone();
        if let Some(attachment) = &storage.attachment {
            bail!(
                "storage \"{id}\" is already attached to unit \"{}\"",
                attachment.unit
            );
        }
        let application = self.application(application_of(unit))?;
        let declared = application.provision.storage.get(&name).cloned();
        let Some(declared) = declared.map(|it| it.declared) else {
            bail!(
                "charm \"{}\" has no store called \"{name}\"",
                application.charm
            );
        };
        if declared.block != storage.block {
            bail!(
                "cannot attach {} storage \"{id}\": charm \"{}\" store \"{name}\" is another type",
                storage.kind(),
                application.charm
            );
        }
        self.check_more(unit, &name, &declared, 1)?;
        let attachment = self.attachment(unit, &name, number, &declared)?;
        if let Some(storage) = self.storage.get_mut(&number) {
            storage.attachment = Some(attachment);
            storage.since = now;
        }
        Ok(())
    }

    /// Adds a unit as [`add_unit`](Self::add_unit) does, with storage that nobody has instead of as many new ones.
    pub(crate) fn add_unit_with_storage(
        &mut self,
        application: &str,
        to: Option<u32>,
        ids: &[String],
        now: Timestamp,
    ) -> Result<()> {
        let numbers = ids.iter().map(|id| self.storage_number(id));
        let names = numbers.map(|number| Ok(self.storage[&number?].name.clone()));
        let names: Vec<_> = names.collect::<Result<_>>()?;
        let before = self.application(application)?.provision.storage.clone();
        for name in names {
            let storage = &mut self.application_mut(application)?.provision.storage;
            if let Some(storage) = storage.get_mut(&name) {
                storage.count = storage.count.saturating_sub(1);
            }
        }
        self.add_unit(application, to, now)?;
        let application = self.application_mut(application)?;
        application.provision.storage = before;
        let unit = application.units.keys().next_back().cloned();
        let unit = unit.context("the unit is gone")?;
        for id in ids {
            self.attach_storage(&unit, id, now)?;
        }
        Ok(())
    }

    /// Takes a storage from its unit, once the charm has been told.
    pub(crate) fn detach_storage(&mut self, id: &str, force: bool) -> Result<()> {
        let number = self.storage_number(id)?;
        let storage = &self.storage[&number];
        let Some(attachment) = &storage.attachment else {
            bail!("storage \"{id}\" is not attached");
        };
        let application = self.application(application_of(&attachment.unit))?;
        if let Some(of_application) = application.provision.storage.get(&storage.name)
            && !force
        {
            let declared = &of_application.declared;
            let left = self.count_storage(&attachment.unit, &storage.name) - 1;
            if declared.is_singular() {
                bail!("cannot detach, storage is singular");
            }
            if left < declared.minimum {
                bail!(
                    "detaching 1 storage instance brings the total to {left}, which is less than the minimum of {}",
                    declared.minimum
                );
            }
        }
        if let Some(storage) = self.storage.get_mut(&number)
            && let Some(attachment) = &mut storage.attachment
        {
            attachment.life = Life::Dying;
        }
        Ok(())
    }

    /// Makes a storage go: at once when no unit has it, by force else once its charm has been told.
    pub(crate) fn remove_storage(&mut self, id: &str, force: bool) -> Result<()> {
        let number = self.storage_number(id)?;
        if self.storage[&number].attachment.is_none() {
            self.storage.remove(&number);
            return Ok(());
        }
        if !force {
            bail!("storage is attached");
        }
        self.detach_storage(id, true)?;
        if let Some(storage) = self.storage.get_mut(&number) {
            storage.life = Life::Dying;
        }
        Ok(())
    }

    /// Lets the storage of a unit, or of an application's units, go with them.
    pub(crate) fn destroy_storage_with(&mut self, unit_or_application: &str) {
        for storage in self.storage.values_mut() {
            let is_theirs = storage.attachment.as_ref().is_some_and(|it| {
                [it.unit.as_str(), application_of(&it.unit)].contains(&unit_or_application)
            });
            if is_theirs {
                storage.life = Life::Dying;
            }
        }
    }

    /// What a unit has, by number.
    pub(crate) fn storage_of<'a>(
        &'a self,
        unit: &'a str,
    ) -> impl Iterator<Item = (u64, &'a StorageInstance, &'a Attachment)> {
        self.storage.iter().filter_map(move |(number, storage)| {
            let attachment = storage.attachment.as_ref()?;
            (attachment.unit == unit).then_some((*number, storage, attachment))
        })
    }

    /// Notes that a unit no longer has a storage, which then goes if it is to.
    pub(crate) fn end_attachment(&mut self, number: u64, now: Timestamp) {
        let Some(storage) = self.storage.get_mut(&number) else {
            return;
        };
        storage.attachment = None;
        storage.since = now;
        if storage.life != Life::Alive {
            self.storage.remove(&number);
        }
    }

    /// The number of a storage: 0 of `data/0`.
    pub(crate) fn storage_number(&self, id: &str) -> Result<u64> {
        let found = self
            .storage
            .iter()
            .find(|(number, it)| it.id(**number) == id);
        let (number, _) = found.with_context(|| format!("storage instance \"{id}\" not found"))?;
        Ok(*number)
    }

    /// Whether a unit can have so many more.
    fn check_more(
        &self,
        unit: &str,
        name: &str,
        declared: &StorageDeclaration,
        more: u32,
    ) -> Result<()> {
        let total = self.count_storage(unit, name).saturating_add(more);
        if declared.is_singular() && total != 1 {
            bail!("cannot attach, storage is singular");
        }
        match declared.maximum {
            Some(maximum) if total > maximum => bail!(
                "attaching {more} storage instance{} brings the total to {total}, exceeding the maximum of {maximum}",
                if more == 1 { "" } else { "s" }
            ),
            _ => Ok(()),
        }
    }

    pub(crate) fn count_storage(&self, unit: &str, name: &str) -> u32 {
        let of_unit = self.storage_of(unit).filter(|(_, it, _)| it.name == name);
        u32::try_from(of_unit.count()).unwrap_or(u32::MAX)
    }

    pub(crate) fn insert_storage(
        &mut self,
        unit: &str,
        name: &str,
        storage: &ApplicationStorage,
        now: Timestamp,
    ) -> Result<String> {
        let number = self.next_storage;
        let attachment = self.attachment(unit, name, number, &storage.declared)?;
        self.next_storage += 1;
        let instance = StorageInstance {
            name: name.to_owned(),
            block: storage.declared.block,
            pool: storage.pool.clone(),
            size: storage.size,
            life: Life::Alive,
            since: now,
            attachment: Some(attachment),
        };
        let id = instance.id(number);
        self.storage.insert(number, instance);
        Ok(id)
    }

    fn attachment(
        &self,
        unit: &str,
        name: &str,
        number: u64,
        declared: &StorageDeclaration,
    ) -> Result<Attachment> {
        let location = declared.location_of(name, number);
        let (_, state) = self.unit(unit).context("the unit is gone")?;
        let attached = self.storage.iter().filter_map(|(number, storage)| {
            Some((storage.id(*number), storage.attachment.as_ref()?))
        });
        let is_below = |one: &str, other: &str| {
            let rest = one.strip_prefix(other);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        for (id, other) in attached {
            let (theirs, ours) = (other.location.as_str(), location.as_str());
            let is_here = self
                .unit(&other.unit)
                .is_some_and(|(_, it)| it.machine == state.machine);
            if is_here && (is_below(theirs, ours) || is_below(ours, theirs)) {
                bail!(
                    "cannot place storage \"{name}/{number}\" at {location} on machine {}: storage \"{id}\" of unit \"{}\" is at {}",
                    state.machine,
                    other.unit,
                    other.location
                );
            }
        }
        Ok(Attachment {
            unit: unit.to_owned(),
            location,
            life: Life::Alive,
            told: false,
        })
    }
}
