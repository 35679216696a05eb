//! Where the emulator keeps a model: one JSON file, replaced by rename, changed under a lock that readers do not need.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::rc::Rc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use jiff::Timestamp;

use crate::controller::data_directory::{CONTROLLER, DEFAULT_MODEL, DataDirectory, replace};
use crate::controller::debug_log::DebugLog;
use crate::controller::model::{Application, Model};
use crate::go::uuid::random_uuid;

/// Among the staged charms, the one that is not yet one of the model's.
const NEW_CHARM: &str = ".new";

/// One model's directory.
#[derive(Debug)]
pub(crate) struct Store {
    data: DataDirectory,
    directory: PathBuf,
    /// The model as it was last, with the file it was in: one that is kept open shares its number with no other.
    last: RefCell<Option<(File, Rc<Model>)>>,
}

impl DataDirectory {
    /// The store of a model that exists; the default one is created when it is first needed.
    pub(crate) fn model(&self, name: &str) -> Result<Store> {
        let store = self.store(name)?;
        if name == DEFAULT_MODEL {
            store.create()?;
        } else if !store.state().exists() {
            bail!("model {CONTROLLER}:{name} not found");
        }
        Ok(store)
    }

    /// Adds a model.
    pub(crate) fn add_model(&self, name: &str) -> Result<()> {
        if !self.store(name)?.create()? {
            bail!("failed to create new model: model \"{name}\" already exists");
        }
        Ok(())
    }

    fn store(&self, name: &str) -> Result<Store> {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if name.is_empty() || name.starts_with('-') || !name.chars().all(allowed) {
            bail!(
                "\"{name}\" is not a valid name: model names may only contain lowercase letters, digits and hyphens"
            );
        }
        Ok(Store {
            data: self.clone(),
            directory: self.path().join("models").join(name),
            last: RefCell::default(),
        })
    }
}

impl Store {
    pub(crate) fn data(&self) -> &DataDirectory {
        &self.data
    }

    pub(crate) fn log(&self) -> DebugLog {
        DebugLog::new(self.directory.join("debug.log"))
    }

    /// The directory of an emulated machine.
    pub(crate) fn machine(&self, machine: u32) -> PathBuf {
        self.directory.join("machines").join(machine.to_string())
    }

    /// What belongs to a unit on its machine.
    pub(crate) fn unit(&self, machine: u32, unit: &str) -> PathBuf {
        self.machine(machine)
            .join("agents")
            .join(format!("unit-{}", unit.replace('/', "-")))
    }

    /// Where staged charms are.
    pub(crate) fn charms(&self) -> PathBuf {
        self.directory.join("charms")
    }

    /// Where a charm is staged that is not yet one of the model's.
    pub(crate) fn new_charm(&self) -> PathBuf {
        self.charms().join(NEW_CHARM)
    }

    /// Removes what killed deploys have left and staged charms that neither an application nor a unit has.
    ///
    /// While it holds the returned lock, a caller may stage a charm.
    pub(crate) fn tidy_charms(&self) -> Result<File> {
        let lock = self.lock("charms")?;
        let model = self.read()?;
        let of_applications = model.applications.values().map(Application::staged_charm);
        let of_units = model
            .units()
            .filter_map(|(name, unit)| self.charm_of_unit(unit.machine, name));
        let used: BTreeSet<_> = of_applications.chain(of_units).collect();
        let charms = self.charms();
        let staged = match fs::read_dir(&charms) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(lock),
            staged => staged.with_context(|| format!("cannot read {}", charms.display()))?,
        };
        for entry in staged {
            let entry = entry?;
            if !entry
                .file_name()
                .to_str()
                .is_some_and(|name| used.contains(name))
            {
                let path = entry.path();
                let removed = fs::remove_dir_all(&path);
                // Only what is staged next is in the way.
                if entry.file_name() == NEW_CHARM {
                    removed.with_context(|| format!("cannot remove {}", path.display()))?;
                }
            }
        }
        Ok(lock)
    }

    /// The staged charm that a unit runs, which may be one before its application's.
    pub(crate) fn charm_of_unit(&self, machine: u32, unit: &str) -> Option<String> {
        let note = self.charm_note(machine, unit);
        let url = fs::read_to_string(note).ok()?;
        Some(url.trim().strip_prefix("local:")?.to_owned())
    }

    /// The file in a unit's charm directory that says, as in Juju, which charm is there.
    pub(crate) fn charm_note(&self, machine: u32, unit: &str) -> PathBuf {
        self.unit(machine, unit).join("charm/.juju-charm")
    }

    /// The model as it is now. Its file is read only when it is another one than the last time.
    pub(crate) fn read(&self) -> Result<Rc<Model>> {
        let path = self.state();
        let cannot_read = || format!("cannot read the model {}", path.display());
        let mut file = File::open(&path).with_context(cannot_read)?;
        if let Some((last, model)) = &*self.last.borrow()
            && is_same(last, &file).with_context(cannot_read)?
        {
            return Ok(Rc::clone(model));
        }
        let mut text = Vec::new();
        file.read_to_end(&mut text).with_context(cannot_read)?;
        let model: Rc<Model> = Rc::new(serde_json::from_slice(&text).with_context(|| {
            format!(
                "the model in {} is damaged; restore the file, or remove its directory to begin anew",
                path.display()
            )
        })?);
        *self.last.borrow_mut() = Some((file, Rc::clone(&model)));
        Ok(model)
    }

    /// Changes the model; nothing is changed when `change` fails.
    pub(crate) fn update<T>(&self, change: impl FnOnce(&mut Model) -> Result<T>) -> Result<T> {
        let _lock = self.lock("model")?;
        let before = self.read()?;
        let mut model = Model::clone(&before);
        let result = change(&mut model)?;
        if model != *before {
            self.write(model)?;
        }
        Ok(result)
    }

    /// Waits until this process alone holds what is called `name`; the kernel lets go when the process ends.
    pub(crate) fn lock(&self, name: &str) -> Result<File> {
        let file = self.lock_file(name)?;
        file.lock().with_context(|| format!("cannot lock {name}"))?;
        Ok(file)
    }

    /// As [`Store::lock`], but waits no longer than `patience`.
    pub(crate) fn try_lock(&self, name: &str, patience: Duration) -> Result<Option<File>> {
        let file = self.lock_file(name)?;
        let started = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Some(file)),
                Err(TryLockError::WouldBlock) if started.elapsed() < patience => {
                    thread::sleep(Duration::from_millis(5));
                }
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => {
                    return Err(error).with_context(|| format!("cannot lock {name}"));
                }
            }
        }
    }

    fn lock_file(&self, name: &str) -> Result<File> {
        let path = self.directory.join("locks").join(name);
        fs::create_dir_all(self.directory.join("locks"))
            .and_then(|()| File::create(&path))
            .with_context(|| format!("cannot create {}", path.display()))
    }

    /// Removes the model with all that is left of it.
    pub(crate) fn destroy(&self) -> Result<()> {
        let _lock = self.lock("model")?;
        self.data.remove_sockets(&self.read()?.uuid)?;
        // In one step, so that nobody finds half a model and a new one of this name begins with nothing.
        let removed = format!(".removed-{}", random_uuid()?);
        let removed = self.directory.with_file_name(removed);
        fs::rename(&self.directory, &removed)
            .and_then(|()| fs::remove_dir_all(&removed))
            .with_context(|| format!("cannot remove {}", self.directory.display()))?;
        if self
            .directory
            .file_name()
            .is_some_and(|name| name == self.data.current_model().unwrap_or_default().as_str())
        {
            self.data.switch(DEFAULT_MODEL)?;
        }
        Ok(())
    }

    /// Whether there was no such model before.
    fn create(&self) -> Result<bool> {
        if self.state().exists() {
            return Ok(false);
        }
        let _lock = self.lock("model")?;
        if self.state().exists() {
            return Ok(false);
        }
        let name = self.directory.file_name().unwrap_or_default();
        self.write(Model::new(
            &name.to_string_lossy(),
            random_uuid()?,
            Timestamp::now(),
        ))?;
        Ok(true)
    }

    fn state(&self) -> PathBuf {
        self.directory.join("state.json")
    }

    fn write(&self, model: Model) -> Result<()> {
        let path = self.state();
        let text = serde_json::to_vec(&model)?;
        let file =
            replace(&path, &text).with_context(|| format!("cannot write {}", path.display()))?;
        *self.last.borrow_mut() = Some((file, Rc::new(model)));
        Ok(())
    }
}

fn is_same(left: &File, right: &File) -> io::Result<bool> {
    let (left, right) = (left.metadata()?, right.metadata()?);
    Ok((left.dev(), left.ino()) == (right.dev(), right.ino()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    use super::*;

    fn store(home: &Path) -> Store {
        DataDirectory::new(home).model(DEFAULT_MODEL).unwrap()
    }

    #[test]
    fn changes_made_at_once_are_all_kept() {
        let home = tempfile::tempdir().unwrap();
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..10 {
                        store(home.path())
                            .update(|model| {
                                model.next_operation += 1;
                                Ok(())
                            })
                            .unwrap();
                    }
                });
            }
        });
        assert_eq!(store(home.path()).read().unwrap().next_operation, 80);
    }

    #[test]
    fn who_switches_at_once_all_succeed() {
        let home = tempfile::tempdir().unwrap();
        let data = DataDirectory::new(home.path());
        thread::scope(|scope| {
            for model in 0..8 {
                let data = &data;
                scope.spawn(move || {
                    for _ in 0..50 {
                        data.switch(&format!("m{model}")).unwrap();
                    }
                });
            }
        });
        assert_eq!(data.current_model().unwrap().len(), 2);
    }

    #[test]
    fn what_another_process_changes_is_seen() {
        let home = tempfile::tempdir().unwrap();
        let (ours, theirs) = (store(home.path()), store(home.path()));
        for task in 1..10 {
            let change = |model: &mut Model| {
                model.next_operation = task;
                Ok(())
            };
            theirs.update(change).unwrap();
            assert_eq!(ours.read().unwrap().next_operation, task);
        }
    }

    #[test]
    fn a_change_that_fails_changes_nothing() {
        let home = tempfile::tempdir().unwrap();
        let store = store(home.path());
        let before = store.read().unwrap();
        let result: Result<()> = store.update(|model| {
            model.next_operation = 7;
            bail!("no")
        });
        assert!(result.is_err());
        assert_eq!(store.read().unwrap(), before);
    }

    #[test]
    fn what_a_killed_writer_left_behind_does_not_count() {
        let home = tempfile::tempdir().unwrap();
        let store = store(home.path());
        let before = store.read().unwrap();
        fs::write(store.state().with_extension("new"), "{\"name\": \"emu").unwrap();
        assert_eq!(store.read().unwrap(), before);
        let change = |model: &mut Model| {
            model.next_operation = 1;
            Ok(())
        };
        store.update(change).unwrap();
        assert_eq!(store.read().unwrap().next_operation, 1);
    }

    #[test]
    fn nobody_else_may_read_a_model() {
        let home = tempfile::tempdir().unwrap();
        let store = store(home.path());
        let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
        assert_eq!(mode(&store.state()), 0o600);
        let left_behind = store.state().with_extension("new");
        fs::write(&left_behind, "{").unwrap();
        fs::set_permissions(&left_behind, fs::Permissions::from_mode(0o644)).unwrap();
        let change = |model: &mut Model| {
            model.next_operation = 1;
            Ok(())
        };
        store.update(change).unwrap();
        assert_eq!(mode(&store.state()), 0o600);
    }

    #[test]
    fn a_damaged_model_is_an_error_and_says_which_file() {
        let home = tempfile::tempdir().unwrap();
        fs::write(store(home.path()).state(), "{").unwrap();
        let error = store(home.path()).read().unwrap_err().to_string();
        assert!(error.contains("state.json is damaged"), "{error}");
    }

    #[test]
    fn a_model_that_is_being_removed_is_none() {
        let home = tempfile::tempdir().unwrap();
        let store = store(home.path());
        let removed = store.directory.with_file_name(".removed-1");
        fs::rename(&store.directory, removed).unwrap();
        assert!(store.data.model_names().unwrap().is_empty());
    }

    #[test]
    fn a_model_name_cannot_leave_its_directory() {
        let home = tempfile::tempdir().unwrap();
        let data = DataDirectory::new(home.path());
        for name in ["", "../x", "a/b", "A"] {
            assert!(data.add_model(name).is_err(), "{name}");
        }
    }
}
