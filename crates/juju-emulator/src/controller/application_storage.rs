//! What the units of an application get as storage: what its charm declares, and what the operator asks for.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::charm::metadata::Charm;
use crate::charm::storage::StorageDeclaration;
use crate::controller::model::{Model, application_of};
use crate::controller::storage_directive::StorageDirective;

/// What the units of an application get of one storage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ApplicationStorage {
    pub(crate) declared: StorageDeclaration,
    pub(crate) pool: String,
    pub(crate) count: u32,
    /// In MiB.
    pub(crate) size: u64,
}

impl Model {
    /// Says what an application's units get: of each storage that its charm declares, what the operator asks for.
    pub(crate) fn set_storage(
        &mut self,
        application: &str,
        charm: &Charm,
        asked: &BTreeMap<String, StorageDirective>,
    ) -> Result<()> {
        if let Some(name) = asked
            .keys()
            .find(|name| !charm.storages.contains_key(*name))
        {
            bail!("charm \"{}\" has no store called \"{name}\"", charm.name);
        }
        let mut all = BTreeMap::new();
        for (name, declared) in &charm.storages {
            let asked = asked.get(name).cloned().unwrap_or_default();
            let storage = resolve(declared, &asked)
                .and_then(|storage| check_count(declared, storage.count).map(|()| storage))
                .with_context(|| format!("charm \"{}\" store \"{name}\"", charm.name))?;
            all.insert(name.clone(), storage);
        }
        self.application_mut(application)?.provision.storage = all;
        Ok(())
    }

    /// Takes over what a new charm declares; its units then have at least as many as it wants.
    pub(crate) fn refresh_storage(
        &mut self,
        application: &str,
        charm: &Charm,
        now: Timestamp,
    ) -> Result<()> {
        let units: Vec<_> = self
            .application(application)?
            .units
            .keys()
            .cloned()
            .collect();
        let mut before = self.application(application)?.provision.storage.clone();
        let in_use = self.storage.values().filter(|it| it.is_of(application));
        for name in in_use.map(|storage| &storage.name) {
            if !charm.storages.contains_key(name) {
                bail!(
                    "cannot upgrade application \"{application}\" to charm \"{}\": in-use storage \"{name}\" removed",
                    charm.name
                );
            }
        }
        let mut all = BTreeMap::new();
        for (name, declared) in &charm.storages {
            let mut storage = match before.remove(name) {
                Some(before) => ApplicationStorage {
                    declared: declared.clone(),
                    ..before
                },
                None => resolve(declared, &StorageDirective::default())?,
            };
            storage.count = storage.count.max(declared.minimum);
            all.insert(name.clone(), storage);
        }
        self.application_mut(application)?.provision.storage = all.clone();
        for unit in &units {
            for (name, storage) in &all {
                let there = self.count_storage(unit, name);
                for _ in there..storage.declared.minimum {
                    self.insert_storage(unit, name, storage, now)?;
                }
            }
        }
        Ok(())
    }

    /// Gives a new unit what its application's units get.
    pub(crate) fn add_storage_of_new_unit(&mut self, unit: &str, now: Timestamp) -> Result<()> {
        let all = self
            .application(application_of(unit))?
            .provision
            .storage
            .clone();
        for (name, storage) in &all {
            for _ in 0..storage.count {
                self.insert_storage(unit, name, storage, now)?;
            }
        }
        Ok(())
    }
}

/// What is asked for, with what the charm and Juju say where nothing is asked.
fn resolve(declared: &StorageDeclaration, asked: &StorageDirective) -> Result<ApplicationStorage> {
    let pool = match &asked.pool {
        Some(pool) => checked_pool(pool, declared.block)?,
        None if declared.block => "loop".to_owned(),
        None => "rootfs".to_owned(),
    };
    let size = asked.size.unwrap_or(match declared.minimum_size {
        0 => 1024,
        minimum => minimum,
    });
    if size < declared.minimum_size {
        bail!(
            "minimum storage size is {} MiB, {size} MiB specified",
            declared.minimum_size
        );
    }
    Ok(ApplicationStorage {
        declared: declared.clone(),
        pool,
        count: asked.count.unwrap_or(declared.minimum),
        size,
    })
}

fn check_count(declared: &StorageDeclaration, count: u32) -> Result<()> {
    if declared.is_singular() && count != 1 {
        bail!("storage is singular, {count} specified");
    }
    if count < declared.minimum {
        bail!("{} instances required, {count} specified", declared.minimum);
    }
    match declared.maximum {
        Some(maximum) if count > maximum => {
            bail!("at most {maximum} instances supported, {count} specified")
        }
        _ => Ok(()),
    }
}

/// Refuses a pool that a machine without a cloud does not have.
pub(crate) fn checked_pool(pool: &str, block: bool) -> Result<String> {
    match (pool, block) {
        ("rootfs" | "tmpfs", false) | ("loop", _) => Ok(pool.to_owned()),
        ("rootfs" | "tmpfs", true) => {
            bail!("\"{pool}\" provider does not support \"block\" storage")
        }
        _ => bail!("pool \"{pool}\" not found"),
    }
}
