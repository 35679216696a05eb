//! A charm of the operator's, brought among the model's charms.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};

use crate::charm::archive;
use crate::charm::check::{check_charm_directory, check_declarations};
use crate::charm::metadata::Charm;
use crate::charm::pack;
use crate::charm::stage;
use crate::client::session::UsageError;
use crate::controller::model::Model;
use crate::controller::store::Store;

/// A staged charm that is not yet one of the model's; it goes away unless it is kept.
pub(crate) struct Staged {
    directory: PathBuf,
    /// One charm is staged at a time.
    _lock: File,
}

/// Makes a charm directory out of what the operator names, and checks that an agent can run it.
///
/// A project is built only if `check` finds nothing wrong with its charm.
pub(crate) fn stage_charm(
    store: &Store,
    source: &Path,
    check: impl FnOnce(&Charm) -> Result<()>,
) -> Result<(Staged, Charm)> {
    let name = source.display().to_string();
    let lacks = |what: String| Err(UsageError(what).into());
    let Ok(source) = fs::canonicalize(source) else {
        let not_found = format!(
            "no charm was found at \"{name}\"; the emulator has no Charmhub, only files and directories"
        );
        if name.contains('/') {
            bail!(not_found);
        }
        return lacks(not_found);
    };
    let is_yaml = source
        .extension()
        .is_some_and(|extension| extension == "yaml");
    if is_yaml && source.is_file() || source.join("bundle.yaml").is_file() {
        return lacks(format!(
            "{name} is a bundle, which the emulator lacks: deploy its charms one by one"
        ));
    }
    let staged = Staged {
        _lock: store.tidy_charms()?,
        directory: store.new_charm(),
    };
    let into = &staged.directory;
    if source.is_file() {
        archive::unpack(&source, into).with_context(|| format!("cannot use {name}"))?;
    } else if source.join("metadata.yaml").is_file() {
        pack::copy_directory(&source, into).with_context(|| format!("cannot use {name}"))?;
    } else if stage::is_rust_charm(&source)? {
        // What is wrong is said before minutes of building.
        let charm = Charm::read(&source)?;
        check(&charm)?;
        check_declarations(&source, "charmcraft.yaml", &charm)?;
        let binaries = stage::build(&source)?;
        stage::stage(&source, &binaries, into)?;
    } else if source.join("charmcraft.yaml").is_file() {
        return lacks(format!(
            "{name} is the project of a charm that the emulator cannot build: pack it first, with `charmcraft pack`, and deploy the .charm file"
        ));
    } else {
        bail!("{name} is not a charm: it has no metadata.yaml");
    }
    match check_charm_directory(into) {
        Ok(charm) if charm.kubernetes => lacks(format!(
            "{name} is a charm for Kubernetes, and the emulator has only machines"
        )),
        Ok(charm) => {
            pack::make_hooks_executable(into, &charm)?;
            Ok((staged, charm))
        }
        Err(error) => {
            // What is wrong is told of what the operator has, not of the copy.
            let error = format!("{:#}", anyhow!(error));
            bail!(error.replace(&into.display().to_string(), &name))
        }
    }
}

impl Staged {
    /// Makes it the next revision of the model's local charm of this name.
    pub(crate) fn keep(&self, model: &mut Model, charm: &str) -> Result<u64> {
        let next = model.next_revision.entry(charm.to_owned()).or_default();
        let revision = *next;
        *next += 1;
        let into = self.directory.with_file_name(format!("{charm}-{revision}"));
        // A killed emulator may have left it, without the model that knows it.
        let _ = fs::remove_dir_all(&into);
        fs::rename(&self.directory, &into)
            .with_context(|| format!("cannot keep the charm in {}", into.display()))?;
        Ok(revision)
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        // It is not there when it was kept.
        let _ = fs::remove_dir_all(&self.directory);
    }
}
