//! `storage` and `show-storage`, and the storage in `status`

use std::collections::BTreeMap;
use std::io::{self, Write};

use anyhow::Result;
use jiff::Timestamp;
use serde::Serialize;

use crate::client::derived::life;
use crate::client::format::{Format, empty_beside_an_error, words};
use crate::client::session::{Session, UsageError};
use crate::client::table::{layout, row};
use crate::controller::model::Model;
use crate::controller::storage::{Attachment, StorageInstance};
use crate::controller::store::Store;

/// List the storage of the model.
#[derive(Debug, clap::Args)]
pub(crate) struct Storage {
    /// How to print it.
    #[arg(long, value_parser = words(Some("tabular")), default_value = "tabular")]
    format: Format,
    /// Only the filesystems.
    #[arg(long)]
    filesystem: bool,
    /// Only the block devices.
    #[arg(long)]
    volume: bool,
}

/// Show what is known of storage.
#[derive(Debug, clap::Args)]
pub(crate) struct ShowStorage {
    /// Such as `data/0`.
    storage: Vec<String>,
    /// How to print it.
    #[arg(long, value_parser = words(None), default_value = "yaml")]
    format: Format,
}

/// All storage of a model: what units have, and what it lies on.
#[derive(Default, Serialize)]
pub(crate) struct CombinedStorage {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    storage: BTreeMap<String, StorageInfo>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    filesystems: BTreeMap<String, Backing>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    volumes: BTreeMap<String, Backing>,
}

#[derive(Serialize)]
struct StorageInfo {
    kind: &'static str,
    life: &'static str,
    status: Status,
    persistent: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    attachments: Option<Units<UnitAttachment>>,
}

#[derive(Clone, Serialize)]
struct Status {
    current: &'static str,
    since: String,
}

#[derive(Serialize)]
struct Units<T> {
    units: BTreeMap<String, T>,
}

#[derive(Serialize)]
struct UnitAttachment {
    machine: String,
    location: String,
    life: &'static str,
}

/// The filesystem or the volume below a storage.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Backing {
    provider_id: String,
    storage: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    attachments: Option<BackingAttachments>,
    pool: String,
    size: u64,
    life: &'static str,
    status: Status,
}

#[derive(Serialize)]
struct BackingAttachments {
    machines: BTreeMap<String, MachineAttachment>,
    units: BTreeMap<String, OnMachine>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct MachineAttachment {
    #[serde(skip_serializing_if = "Option::is_none")]
    mount_point: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<String>,
    read_only: bool,
    life: &'static str,
}

#[derive(Serialize)]
struct OnMachine {
    machine: String,
}

impl Storage {
    pub(crate) fn run(self, session: &Session, out: &mut impl Write) -> Result<()> {
        let store = session.store()?;
        session.settle_idle_machines(&store)?;
        let model = store.read()?;
        let is_asked = |storage: &StorageInstance| {
            self.filesystem == self.volume || storage.block == self.volume
        };
        let asked: Vec<_> = model
            .storage
            .iter()
            .filter(|(_, it)| is_asked(it))
            .collect();
        if asked.is_empty() {
            writeln!(io::stderr(), "No storage to display.")?;
            return Ok(());
        }
        if self.format != Format::ForPeople {
            return self.format.print(&combined(&store, &model, asked), out);
        }
        let header = [
            "Unit",
            "Storage ID",
            "Type",
            "Pool",
            "Size",
            "Status",
            "Message",
        ];
        let mut rows = rows(&model, asked, None);
        rows.insert(0, row(header));
        write!(out, "{}", layout(&rows, &[]))?;
        Ok(())
    }
}

impl ShowStorage {
    pub(crate) fn run(self, session: &Session, out: &mut impl Write) -> Result<()> {
        if self.storage.is_empty() {
            return Err(UsageError("must specify storage id(s)".to_owned()).into());
        }
        let store = session.store()?;
        session.settle_idle_machines(&store)?;
        let model = store.read()?;
        empty_beside_an_error(out, |out| {
            let mut all = BTreeMap::new();
            for id in &self.storage {
                let number = model.storage_number(id)?;
                let info = info(&store, &model, &model.storage[&number]);
                all.insert(id.clone(), info);
            }
            self.format.print(&all, out)
        })
    }
}

/// The storage of a model for `status`.
pub(crate) fn all_storage(store: &Store, model: &Model) -> CombinedStorage {
    combined(store, model, model.storage.iter().collect())
}

/// The table of `status --storage`; none when there is no storage.
pub(crate) fn storage_table(store: &Store, model: &Model) -> Option<String> {
    let header = [
        "Storage Unit",
        "Storage ID",
        "Type",
        "Pool",
        "Mountpoint",
        "Size",
        "Status",
        "Message",
    ];
    let mut rows = rows(model, model.storage.iter().collect(), Some(store));
    if rows.is_empty() {
        return None;
    }
    rows.insert(0, row(header));
    Some(layout(&rows, &[]))
}

/// One line for each, what no unit has first, with the location if it can be known.
fn rows(
    model: &Model,
    asked: Vec<(&u64, &StorageInstance)>,
    with_location: Option<&Store>,
) -> Vec<Vec<String>> {
    let mut asked = asked;
    let unit = |storage: &StorageInstance| {
        let unit = storage.attachment.as_ref().map(|it| it.unit.clone());
        unit.unwrap_or_default()
    };
    asked.sort_by_key(|(number, storage)| (unit(storage), storage.name.clone(), **number));
    let rows = asked.into_iter().map(|(number, storage)| {
        let mut cells = vec![
            unit(storage),
            storage.id(*number),
            storage.kind().to_owned(),
            storage.pool.clone(),
        ];
        if let Some(store) = with_location {
            let attachment = storage.attachment.as_ref();
            cells.push(attachment.map_or_else(String::new, |it| location(store, model, it)));
        }
        cells.extend([
            size(storage.size),
            current(storage).to_owned(),
            String::new(),
        ]);
        cells
    });
    rows.collect()
}

fn combined(store: &Store, model: &Model, asked: Vec<(&u64, &StorageInstance)>) -> CombinedStorage {
    let mut all = CombinedStorage::default();
    for (number, storage) in asked {
        all.storage
            .insert(storage.id(*number), info(store, model, storage));
        let backings = if storage.block {
            &mut all.volumes
        } else {
            &mut all.filesystems
        };
        backings.insert(number.to_string(), backing(store, model, *number, storage));
    }
    all
}

fn info(store: &Store, model: &Model, storage: &StorageInstance) -> StorageInfo {
    let attachments = storage.attachment.as_ref().map(|attachment| {
        let of_unit = UnitAttachment {
            machine: machine(model, attachment),
            location: location(store, model, attachment),
            life: life(storage.is_dying()),
        };
        Units {
            units: [(attachment.unit.clone(), of_unit)].into(),
        }
    });
    StorageInfo {
        kind: storage.kind(),
        life: life(storage.is_dying()),
        status: status(storage),
        persistent: false,
        attachments,
    }
}

fn backing(store: &Store, model: &Model, number: u64, storage: &StorageInstance) -> Backing {
    let attachments = storage.attachment.as_ref().map(|attachment| {
        let machine = machine(model, attachment);
        let at = Some(location(store, model, attachment));
        let (mount_point, device) = if storage.block {
            (None, at)
        } else {
            (at, None)
        };
        let on_machine = MachineAttachment {
            mount_point,
            device,
            read_only: false,
            life: life(storage.is_dying()),
        };
        BackingAttachments {
            machines: [(machine.clone(), on_machine)].into(),
            units: [(attachment.unit.clone(), OnMachine { machine })].into(),
        }
    });
    Backing {
        provider_id: number.to_string(),
        storage: storage.id(number),
        attachments,
        pool: storage.pool.clone(),
        size: storage.size,
        life: life(storage.is_dying()),
        status: status(storage),
    }
}

fn machine(model: &Model, attachment: &Attachment) -> String {
    let unit = model.unit(&attachment.unit);
    unit.map_or_else(String::new, |(_, unit)| unit.machine.to_string())
}

fn location(store: &Store, model: &Model, attachment: &Attachment) -> String {
    let Some((_, unit)) = model.unit(&attachment.unit) else {
        return String::new();
    };
    let location = store.storage_location(unit.machine, &attachment.location);
    location.display().to_string()
}

fn current(storage: &StorageInstance) -> &'static str {
    match &storage.attachment {
        None => "detached",
        Some(attachment) if attachment.told => "attached",
        Some(_) => "pending",
    }
}

fn status(storage: &StorageInstance) -> Status {
    Status {
        current: current(storage),
        since: time(storage.since),
    }
}

fn time(time: Timestamp) -> String {
    time.strftime("%d %b %Y %H:%M:%SZ").to_string()
}

/// A size in MiB as Juju shows it: `5.0 MiB`, `14 GiB`.
fn size(mebibytes: u64) -> String {
    let (mut tenths, mut unit) = (u128::from(mebibytes) * 10, 0);
    let units = ["MiB", "GiB", "TiB", "PiB", "EiB"];
    while tenths >= 10_240 && unit + 1 < units.len() {
        tenths = (tenths + 512) / 1024;
        unit += 1;
    }
    if tenths < 100 {
        format!("{}.{} {}", tenths / 10, tenths % 10, units[unit])
    } else {
        format!("{} {}", (tenths + 5) / 10, units[unit])
    }
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_are_shown_as_juju_does() {
        for (mebibytes, shown) in [
            (5, "5.0 MiB"),
            (512, "512 MiB"),
            (1024, "1.0 GiB"),
            (14 * 1024, "14 GiB"),
            (1536, "1.5 GiB"),
        ] {
            assert_eq!(size(mebibytes), shown);
        }
    }
}
