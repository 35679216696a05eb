//! `deploy`

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};
use jiff::Timestamp;
use nix::unistd::geteuid;
use serde_json::Value;

use super::config::{read_values, settings_from_yaml};
use super::units::NewUnits;
use crate::charm::{Charm, NAME, Role, check_charm_directory, is_name};
use crate::charm_archive;
use crate::cli::{Session, UsageError};
use crate::model::{Application, DEFAULT_BASE, Model};
use crate::stage;
use crate::store::Store;

/// Deploy a packed charm, a charm directory, or the project of a Rust charm, which is built first.
#[derive(Debug, clap::Args)]
pub(crate) struct Deploy {
    /// The .charm file or the directory.
    charm: PathBuf,
    /// The application's name, when it is not to be the charm's.
    application: Option<String>,
    /// Set a config option, KEY=VALUE, or options from a YAML file.
    #[arg(long)]
    config: Vec<String>,
    #[command(flatten)]
    units: NewUnits,
    /// The base to show, as `ubuntu@24.04`; every machine is this one.
    #[arg(long, default_value = DEFAULT_BASE)]
    base: String,
    /// The channel to show.
    #[arg(long, default_value = "stable")]
    channel: String,
    /// Accepted: a charm has the caller's rights.
    #[arg(long)]
    trust: bool,
}

impl Deploy {
    pub(crate) fn run(self, session: &Session) -> Result<()> {
        let store = session.store()?;
        let files = self.config_files()?;
        let (staged, charm) = stage_charm(&store, &self.charm, |charm| {
            self.check(&*store.read()?, charm, &files).map(drop)
        })?;
        let (name, revision) = store.update(|model| {
            let (name, settings) = self.check(model, &charm, &files)?;
            let revision = staged.keep(model, &charm.name)?;
            model
                .applications
                .insert(name.clone(), self.application(&charm, revision, settings));
            self.units.add(model, &name)?;
            Ok((name, revision))
        })?;
        drop(staged);
        let missing_parts = missing_parts(&charm);
        let charm = &charm.name;
        writeln!(
            io::stderr(),
            "Located local charm \"{charm}\", revision {revision}\n\
             Deploying \"{name}\" from local charm \"{charm}\", revision {revision} on {}/{}",
            self.base,
            self.channel
        )?;
        if let Some(note) = missing_parts {
            writeln!(io::stderr(), "{note}")?;
        }
        if geteuid().is_root() {
            writeln!(
                io::stderr(),
                "The charm's commands run as root, on this machine"
            )?;
        }
        session.settle_and_show(&store)
    }

    /// The text of each file that `--config` names, read once, for it may be a pipe.
    fn config_files(&self) -> Result<BTreeMap<&str, String>> {
        let files = self.config.iter().filter(|config| !config.contains('='));
        files
            .map(|file| {
                let text = fs::read_to_string(file)
                    .with_context(|| format!("cannot read the config file {file}"))?;
                Ok((file.as_str(), text))
            })
            .collect()
    }

    /// The application's name and settings, if the model can have it.
    fn check(
        &self,
        model: &Model,
        charm: &Charm,
        files: &BTreeMap<&str, String>,
    ) -> Result<(String, BTreeMap<String, Value>)> {
        let name = self.application.as_ref().unwrap_or(&charm.name);
        if !is_name(name) {
            bail!("invalid application name \"{name}\", expected {NAME}");
        }
        if model.applications.contains_key(name) {
            bail!(
                "cannot add application \"{name}\": application already exists; to replace its charm: refresh {name} --path {}",
                self.charm.display()
            );
        }
        let mut settings = BTreeMap::new();
        for config in &self.config {
            settings.extend(match files.get(config.as_str()) {
                Some(text) => settings_from_yaml(charm, name, text)?,
                None => read_values(charm, std::slice::from_ref(config))?,
            });
        }
        Ok((name.clone(), settings))
    }

    fn application(
        &self,
        charm: &Charm,
        revision: u64,
        settings: BTreeMap<String, Value>,
    ) -> Application {
        Application {
            charm: charm.name.clone(),
            revision,
            base: self.base.clone(),
            channel: self.channel.clone(),
            exposed: false,
            dying: false,
            settings,
            config_version: 1,
            charm_version: 1,
            leader: None,
            status: None,
            workload_version: String::new(),
            units: indexmap::IndexMap::new(),
            created: Timestamp::now(),
        }
    }
}

/// What the charm declares and the emulator lacks, although the charm can run without.
fn missing_parts(charm: &Charm) -> Option<String> {
    let peers = charm.endpoints.iter();
    let peers = peers.filter(|(_, endpoint)| endpoint.role == Role::Peer);
    let missing: Vec<_> = [
        (
            "storage",
            charm.storages.iter().cloned().collect::<Vec<_>>(),
        ),
        (
            "peer relations",
            peers.map(|(name, _)| name.clone()).collect(),
        ),
        ("resources", charm.resources.iter().cloned().collect()),
    ]
    .into_iter()
    .filter(|(_, names)| !names.is_empty())
    .map(|(kind, names)| format!("{kind} ({})", names.join(", ")))
    .collect();
    (!missing.is_empty()).then(|| {
        format!(
            "The emulator lacks what the charm declares: {}; there are no hooks and no hook commands for it",
            missing.join(", ")
        )
    })
}

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
        directory: store.charms().join(".new"),
    };
    let into = &staged.directory;
    if source.is_file() {
        charm_archive::unpack(&source, into).with_context(|| format!("cannot use {name}"))?;
    } else if source.join("metadata.yaml").is_file() {
        stage::copy_directory(&source, into).with_context(|| format!("cannot use {name}"))?;
    } else if stage::is_rust_charm(&source)? {
        // What is wrong is said before minutes of building.
        check(&Charm::read(&source)?)?;
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
        Ok(charm) if charm.subordinate => lacks(format!(
            "{name} is a subordinate charm, which needs a relation to come to life, and the emulator has no relations"
        )),
        Ok(charm) if charm.kubernetes => lacks(format!(
            "{name} is a charm for Kubernetes, and the emulator has only machines"
        )),
        Ok(charm) => Ok((staged, charm)),
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
