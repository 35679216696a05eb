//! `add-storage`, `attach-storage`, `detach-storage` and `remove-storage`

use std::fmt::Display;
use std::io::{self, Write};

use anyhow::{Result, anyhow};
use jiff::Timestamp;

use crate::client::session::{Failed, Session, UsageError};
use crate::client::status::settle_and_show;
use crate::client::units::check_unit_names;
use crate::controller::storage_directive::StorageDirective;
use crate::controller::store::Store;

/// Give a unit more storage.
#[derive(Debug, clap::Args)]
pub(crate) struct AddStorage {
    /// The unit, then as NAME or NAME=DIRECTIVE what it gets: `data`, `data=2`, `data=rootfs,1G`.
    unit_and_storage: Vec<String>,
}

/// Give a unit storage that has been detached.
#[derive(Debug, clap::Args)]
pub(crate) struct AttachStorage {
    /// The unit, then the ids of the storage, such as `data/0`.
    unit_and_storage: Vec<String>,
}

/// Take storage from its unit; its data stays.
#[derive(Debug, clap::Args)]
pub(crate) struct DetachStorage {
    /// Such as `data/0`.
    storage: Vec<String>,
    /// Also where the charm wants a unit to have it.
    #[arg(long)]
    force: bool,
    /// Accepted: the emulator never waits for a cloud.
    #[arg(long)]
    no_wait: bool,
}

/// Remove storage with its data.
#[derive(Debug, clap::Args)]
pub(crate) struct RemoveStorage {
    /// Such as `data/0`.
    storage: Vec<String>,
    /// Also when a unit has it.
    #[arg(long)]
    force: bool,
    /// Not possible: the data is kept nowhere else.
    #[arg(long, hide = true)]
    no_destroy: bool,
    /// Accepted: the emulator never waits for a cloud.
    #[arg(long)]
    no_wait: bool,
}

/// Tells of each storage what has become of it; one that failed fails the verb.
#[derive(Default)]
struct Outcome {
    failed: bool,
}

impl Outcome {
    fn say(&mut self, result: Result<String>, failed: impl Display) -> Result<()> {
        match result {
            Ok(done) => writeln!(io::stderr(), "{done}")?,
            Err(why) => {
                self.failed = true;
                writeln!(io::stderr(), "failed to {failed}: {why:#}")?;
            }
        }
        Ok(())
    }

    /// Lets the units hear of what was changed.
    fn end(self, session: &Session, store: &Store) -> Result<()> {
        settle_and_show(session, store)?;
        store.tidy_storage()?;
        if self.failed {
            return Err(Failed(1).into());
        }
        Ok(())
    }
}

fn usage(text: &str) -> anyhow::Error {
    UsageError(text.to_owned()).into()
}

impl AddStorage {
    pub(crate) fn run(self, session: &Session) -> Result<()> {
        let (unit, asked) = match self.unit_and_storage.split_first() {
            Some((unit, asked)) if !asked.is_empty() => (unit, asked),
            _ => return Err(usage("add-storage requires a unit and a storage directive")),
        };
        check_unit_names(std::slice::from_ref(unit))?;
        let asked = StorageDirective::parse_all(asked).map_err(|why| usage(&why))?;
        let store = session.store()?;
        session.settle(&store)?;
        let mut outcome = Outcome::default();
        for (name, directive) in asked {
            let added = store.update(|model| {
                model
                    .unit(unit)
                    .ok_or_else(|| anyhow!("unit \"{unit}\" does not exist"))?;
                model.add_storage(unit, &name, &directive, Timestamp::now())
            });
            let added = added.map(|ids| {
                let lines = ids.iter().map(|id| format!("added storage {id} to {unit}"));
                lines.collect::<Vec<_>>().join("\n")
            });
            outcome.say(added, format_args!("add storage \"{name}\" to {unit}"))?;
        }
        outcome.end(session, &store)
    }
}

impl AttachStorage {
    pub(crate) fn run(self, session: &Session) -> Result<()> {
        let (unit, ids) = match self.unit_and_storage.split_first() {
            Some((unit, ids)) if !ids.is_empty() => (unit, ids),
            _ => {
                return Err(usage(
                    "attach-storage requires a unit ID and at least one storage ID",
                ));
            }
        };
        check_unit_names(std::slice::from_ref(unit))?;
        let store = session.store()?;
        session.settle(&store)?;
        let mut outcome = Outcome::default();
        for id in ids {
            let attached = store.update(|model| {
                model.unit_name(unit)?;
                model.attach_storage(unit, id, Timestamp::now())
            });
            let attached = attached.map(|()| format!("attaching {id} to {unit}"));
            outcome.say(attached, format_args!("attach {id} to {unit}"))?;
        }
        outcome.end(session, &store)
    }
}

impl DetachStorage {
    pub(crate) fn run(self, session: &Session) -> Result<()> {
        if self.storage.is_empty() {
            return Err(usage("detach-storage requires at least one storage ID"));
        }
        let store = session.store()?;
        session.settle(&store)?;
        let mut outcome = Outcome::default();
        for id in &self.storage {
            let detached = store.update(|model| model.detach_storage(id, self.force));
            let detached = detached.map(|()| format!("detaching {id}"));
            outcome.say(detached, format_args!("detach {id}"))?;
        }
        outcome.end(session, &store)
    }
}

impl RemoveStorage {
    pub(crate) fn run(self, session: &Session) -> Result<()> {
        if self.storage.is_empty() {
            return Err(usage("remove-storage requires at least one storage ID"));
        }
        if self.no_destroy {
            return Err(usage(
                "--no-destroy: the emulator's storage has its data nowhere else; to keep it: detach-storage",
            ));
        }
        let store = session.store()?;
        session.settle(&store)?;
        let mut outcome = Outcome::default();
        let mut is_attached = false;
        for id in &self.storage {
            let removed = store.update(|model| model.remove_storage(id, self.force));
            let removed = removed.map(|()| format!("removing {id}"));
            is_attached |= removed
                .as_ref()
                .is_err_and(|why| why.to_string() == "storage is attached");
            outcome.say(removed, format_args!("remove {id}"))?;
        }
        if is_attached {
            writeln!(
                io::stderr(),
                "\nUse the --force option to remove attached storage, or use\n\
                 \"juju detach-storage\" to explicitly detach the storage\n\
                 before removing."
            )?;
        }
        outcome.end(session, &store)
    }
}
