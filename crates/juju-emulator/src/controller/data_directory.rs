//! The directory below which everything is that the emulator keeps.

use std::env;
use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::machine::path::LONGEST_SOCKET_PATH;

/// The model that is there without `juju add-model`.
pub(crate) const DEFAULT_MODEL: &str = "emulator";

/// What stands for a controller and a cloud.
pub(crate) const CONTROLLER: &str = "emulator";

/// Its UUID, which is nobody else's.
pub(crate) const CONTROLLER_UUID: &str = "00000000-0000-4000-8000-000000000000";

/// The directory below which everything is.
#[derive(Clone, Debug)]
pub(crate) struct DataDirectory(PathBuf);

impl DataDirectory {
    #[cfg(test)]
    pub(crate) fn new(directory: &Path) -> Self {
        Self(directory.to_owned())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// `JUJU_EMULATOR_DATA`, else `juju-emulator` in the user's own data directory.
    pub(crate) fn from_environment() -> Result<Self> {
        let given = |name| env::var_os(name).filter(|value| !value.is_empty());
        let directory = given("JUJU_EMULATOR_DATA")
            .map(PathBuf::from)
            .or_else(|| Some(PathBuf::from(given("XDG_DATA_HOME")?).join("juju-emulator")))
            .or_else(|| Some(PathBuf::from(given("HOME")?).join(".local/share/juju-emulator")))
            .context("nowhere to keep data: set JUJU_EMULATOR_DATA to a directory")?;
        let directory = std::path::absolute(&directory)
            .with_context(|| format!("cannot use the directory {}", directory.display()))?;
        check_path(&directory)?;
        Ok(Self(directory))
    }

    /// Where the sockets of the hooks are that run on one machine of a model, private to the user.
    pub(crate) fn sockets(&self, model_uuid: &str, machine: u32) -> Result<PathBuf> {
        let name = format!("{}-{machine}", short(model_uuid));
        let directory = self.0.join("run").join(name);
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&directory)
            .with_context(|| format!("cannot create {}", directory.display()))?;
        Ok(directory)
    }

    pub(crate) fn remove_sockets(&self, model_uuid: &str) -> Result<()> {
        let run = self.0.join("run");
        let model = format!("{}-", short(model_uuid));
        for entry in fs::read_dir(&run).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().starts_with(&model) {
                let path = entry.path();
                fs::remove_dir_all(&path)
                    .with_context(|| format!("cannot remove {}", path.display()))?;
            }
        }
        Ok(())
    }

    /// Where the links to hook commands are; the stand-ins for systemd's are not among them when the host's is used.
    pub(crate) fn commands(&self, systemd_of_the_host: bool) -> PathBuf {
        self.0.join(if systemd_of_the_host {
            "hook-commands"
        } else {
            "commands"
        })
    }

    pub(crate) fn model_names(&self) -> Result<Vec<String>> {
        let models = self.0.join("models");
        let entries = match fs::read_dir(&models) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read {}", models.display()));
            }
        };
        let mut names: Vec<_> = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| !name.starts_with('.') && models.join(name).join("state.json").exists())
            .collect();
        names.sort();
        Ok(names)
    }

    /// The model that was switched to last.
    pub(crate) fn current_model(&self) -> Result<String> {
        let path = self.0.join("current-model");
        match fs::read_to_string(&path) {
            Ok(name) => Ok(name.trim().to_owned()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(DEFAULT_MODEL.to_owned()),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
    }

    pub(crate) fn switch(&self, name: &str) -> Result<()> {
        let path = self.0.join("current-model");
        let write = || {
            // Two must not write the new content at once.
            let lock = File::create(path.with_extension("lock"))?;
            lock.lock()?;
            replace(&path, name.as_bytes())
        };
        write()
            .map(drop)
            .with_context(|| format!("cannot write {}", path.display()))
    }
}

/// Whether hooks can run with this as the data directory.
fn check_path(directory: &Path) -> Result<()> {
    let name = directory.display();
    let instead = "set JUJU_EMULATOR_DATA to another";
    let path = directory.as_os_str().as_bytes();
    if path.contains(&b':') {
        bail!(
            "the data directory {name} has a colon, which a directory on PATH cannot have; {instead}"
        );
    }
    // The socket of a hook on the first machine.
    let longest = LONGEST_SOCKET_PATH - "/run/01234567-0/01234567.socket".len();
    if path.len() > longest {
        bail!(
            "the path of the data directory {name} has {} bytes, and the sockets in it allow {longest}; {instead}",
            path.len()
        );
    }
    Ok(())
}

/// Of a model's UUID what names its directories of sockets, whose path must be short.
pub(crate) fn short(model_uuid: &str) -> &str {
    model_uuid.get(..8).unwrap_or(model_uuid)
}

/// Replaces a file in one step, and returns it: whoever reads it sees the old content or the new. Nobody but the user may, since
/// a model has secrets.
pub(crate) fn replace(path: &Path, content: &[u8]) -> io::Result<File> {
    let new = path.with_extension("new");
    let mut options = File::options();
    let mut file = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&new)?;
    // The file may be one that a killed writer has left.
    file.set_permissions(Permissions::from_mode(0o600))?;
    file.write_all(content)?;
    fs::rename(&new, path)?;
    Ok(file)
}
