//! Where the data of storage is: a directory or a file of the model, to which a link on the unit's machine leads.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::charm::hook::{Hook, StorageLocation};
use crate::controller::store::Store;

impl Store {
    /// Where on this computer a location of an emulated machine is.
    pub(crate) fn storage_location(&self, machine: u32, location: &str) -> PathBuf {
        self.machine(machine)
            .join("storage")
            .join(location.trim_start_matches('/'))
    }

    /// A hook with the location of its storage on this computer.
    pub(crate) fn located(&self, machine: u32, hook: &Hook) -> Hook {
        let mut hook = hook.clone();
        if let Hook::Storage {
            location: Some(StorageLocation { path, .. }),
            ..
        } = &mut hook
        {
            *path = self.storage_location(machine, path).display().to_string();
        }
        hook
    }

    /// Makes what a machine has of storage what the model says: links to what is attached, and no other. Removes the data of
    /// storage that is gone.
    pub(crate) fn synchronize_storage(&self, machine: u32) -> Result<()> {
        let model = self.read()?;
        let mut wanted = BTreeMap::new();
        for (number, storage) in &model.storage {
            let Some(attachment) = &storage.attachment else {
                continue;
            };
            let unit = model.unit(&attachment.unit);
            if unit.is_none_or(|(_, unit)| unit.machine != machine) {
                continue;
            }
            let data = self.storage().join(number.to_string());
            make(&data, storage.block.then_some(storage.size))
                .with_context(|| format!("cannot make {}", data.display()))?;
            wanted.insert(self.storage_location(machine, &attachment.location), data);
        }
        let root = self.machine(machine).join("storage");
        let tidied = remove_links(&root, &wanted);
        tidied.with_context(|| format!("cannot tidy {}", root.display()))?;
        for (location, data) in &wanted {
            link(data, location).with_context(|| format!("cannot link {}", location.display()))?;
        }
        self.remove_data(|number| model.storage.contains_key(&number))
    }

    /// Removes the data of storage that is gone.
    pub(crate) fn tidy_storage(&self) -> Result<()> {
        let model = self.read()?;
        self.remove_data(|number| model.storage.contains_key(&number))
    }

    /// The directory of the data of all storage, by number.
    fn storage(&self) -> PathBuf {
        self.charms().with_file_name("storage")
    }

    fn remove_data(&self, is_kept: impl Fn(u64) -> bool) -> Result<()> {
        for entry in entries(&self.storage())? {
            let name = entry.file_name();
            let number = name.to_str().and_then(|name| name.parse().ok());
            if !number.is_some_and(&is_kept) {
                let path = entry.path();
                let removed = if path.is_dir() {
                    fs::remove_dir_all(&path)
                } else {
                    fs::remove_file(&path)
                };
                removed.with_context(|| format!("cannot remove {}", path.display()))?;
            }
        }
        Ok(())
    }
}

/// Makes the directory of a filesystem, or the file of a block device of so many MiB.
fn make(data: &Path, block: Option<u64>) -> io::Result<()> {
    let Some(size) = block else {
        return fs::create_dir_all(data);
    };
    if data.exists() {
        return Ok(());
    }
    fs::create_dir_all(data.parent().unwrap_or(data))?;
    File::create(data)?.set_len(size.saturating_mul(1024 * 1024))
}

fn link(data: &Path, location: &Path) -> io::Result<()> {
    if fs::read_link(location).is_ok() {
        return Ok(());
    }
    fs::create_dir_all(location.parent().unwrap_or(location))?;
    symlink(data, location)
}

/// Removes links that are not wanted, or lead elsewhere.
fn remove_links(directory: &Path, wanted: &BTreeMap<PathBuf, PathBuf>) -> Result<()> {
    for entry in entries(directory)? {
        let (path, kind) = (entry.path(), entry.file_type()?);
        if kind.is_dir() {
            remove_links(&path, wanted)?;
            // Goes when nothing is left in it.
            let _ = fs::remove_dir(&path);
        } else if kind.is_symlink() && wanted.get(&path) != fs::read_link(&path).ok().as_ref() {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

fn entries(directory: &Path) -> Result<Vec<fs::DirEntry>> {
    match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        entries => Ok(entries?.collect::<Result<_, _>>()?),
    }
}
