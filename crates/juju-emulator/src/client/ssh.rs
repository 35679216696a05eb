//! `ssh` and `scp`: there is no sshd, so they run a shell and copy files in the directory of a machine.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};

use crate::agent::machine_agent::run_shell;
use crate::client::session::{Failed, Session, UsageError};
use crate::controller::model::Model;
use crate::controller::store::Store;
use crate::go::error::os_error;

/// Run a command on a machine, in its directory; without one, a shell. There is no sshd: it runs with the caller's rights.
#[derive(Debug, clap::Args)]
pub(crate) struct Ssh {
    /// A unit or a machine, such as `app/0`, `app/leader` or 0; a user before it, as in `ubuntu@app/0`, means nothing.
    target: String,
    /// What to run, in bash's language.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<String>,
}

/// Copy files from and to machines. What is relative on a machine is below its directory; there is no sshd.
#[derive(Debug, clap::Args)]
pub(crate) struct Scp {
    /// The files, then where they go; those of a machine as `app/0:FILE`.
    paths: Vec<String>,
    /// Copy directories with all that is in them.
    #[arg(short)]
    recursive: bool,
}

/// The machine of a unit, or of its number.
fn machine_of(model: &Model, target: &str) -> Result<u32> {
    let target = target.rsplit('@').next().unwrap_or(target);
    if let Ok(number) = target.parse() {
        if !model.machines.contains_key(&number) {
            bail!("machine {number} not found");
        }
        return Ok(number);
    }
    let name = model.unit_name(target)?;
    let (_, unit) = model.unit(&name).context("the unit is gone")?;
    Ok(unit.machine)
}

impl Ssh {
    pub(crate) fn run(self, session: &Session) -> Result<()> {
        let store = session.store()?;
        let machine = machine_of(&*store.read()?, &self.target)?;
        let commands = self.command.join(" ");
        match run_shell(&store, machine, &commands)? {
            0 => Ok(()),
            code => Err(Failed(code).into()),
        }
    }
}

impl Scp {
    pub(crate) fn run(self, session: &Session) -> Result<()> {
        let (into, files) = match self.paths.split_last() {
            Some((into, files)) if !files.is_empty() => (into, files),
            _ => return Err(UsageError("at least two arguments required".to_owned()).into()),
        };
        let store = session.store()?;
        let model = store.read()?;
        let into = located(&store, &model, into)?;
        if files.len() > 1 && !into.is_dir() {
            bail!("{}: not a directory", into.display());
        }
        for file in files {
            let from = located(&store, &model, file)?;
            let into = match from.file_name() {
                Some(name) if into.is_dir() => into.join(name),
                _ => into.clone(),
            };
            if from.is_dir() && !self.recursive {
                bail!("{file}: not a regular file; to copy a directory: scp -r");
            }
            copy(&from, &into)?;
        }
        Ok(())
    }
}

/// Where a file is that may be on a machine: `app/0:logs/today`.
fn located(store: &Store, model: &Model, path: &str) -> Result<PathBuf> {
    // As with scp, a colon after a slash can be part of a name, unless what is before it is a unit.
    let on_machine = path.split_once(':');
    let on_machine = on_machine.filter(|(target, _)| !target.starts_with(['.', '/']));
    let Some((target, path)) = on_machine else {
        return Ok(path.into());
    };
    let machine = store.machine(machine_of(model, target)?);
    fs::create_dir_all(&machine).with_context(|| format!("cannot make {}", machine.display()))?;
    Ok(machine.join(path))
}

fn copy(from: &Path, into: &Path) -> Result<()> {
    let cannot =
        |path: &Path, error: &std::io::Error| anyhow!("{}: {}", path.display(), os_error(error));
    if !from.is_dir() {
        fs::metadata(from).map_err(|error| cannot(from, &error))?;
        fs::copy(from, into).map_err(|error| cannot(into, &error))?;
        return Ok(());
    }
    fs::create_dir_all(into).map_err(|error| cannot(into, &error))?;
    for entry in fs::read_dir(from).map_err(|error| cannot(from, &error))? {
        let entry = entry.map_err(|error| cannot(from, &error))?;
        copy(&entry.path(), &into.join(entry.file_name()))?;
    }
    Ok(())
}
