//! `deploy`

use std::collections::BTreeMap;
use std::fs::{self};
use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use jiff::Timestamp;
use nix::unistd::geteuid;

use crate::charm::metadata::Charm;
use crate::charm::name::{NAME, is_name};
use crate::client::local_charm::stage_charm;
use crate::client::provision::ProvisionFlags;
use crate::client::session::{Session, UsageError};
use crate::client::settings::Settings;
use crate::client::status::settle_and_show;
use crate::client::units::NewUnits;
use crate::controller::model::{Application, DEFAULT_BASE, Model};
use crate::controller::store::Store;

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
    provision: ProvisionFlags,
    #[command(flatten)]
    units: NewUnits,
    /// The base to show, as `ubuntu@24.04`; every machine is this one.
    #[arg(long, default_value = DEFAULT_BASE)]
    base: String,
    /// The channel to show.
    #[arg(long, default_value = "stable")]
    channel: String,
    /// Trust the application, which it can ask for; a charm has the caller's rights in any case.
    #[arg(long)]
    trust: bool,
}

impl Deploy {
    pub(crate) fn run(self, session: &Session) -> Result<()> {
        self.units.check()?;
        let store = session.store()?;
        let (name, revision, charm) = self.deploy(&store)?;
        let charm = &charm.name;
        writeln!(
            io::stderr(),
            "Located local charm \"{charm}\", revision {revision}\n\
             Deploying \"{name}\" from local charm \"{charm}\", revision {revision} on {}/{}",
            self.base,
            self.channel
        )?;
        if geteuid().is_root() {
            writeln!(
                io::stderr(),
                "The charm's commands run as root, on this machine"
            )?;
        }
        settle_and_show(session, &store)
    }

    /// Adds the application to the model; hands back its name, and its charm with its revision.
    pub(crate) fn deploy(&self, store: &Store) -> Result<(String, u64, Charm)> {
        let files = self.config_files()?;
        let (staged, charm) = stage_charm(store, &self.charm, |charm| {
            self.check(&*store.read()?, charm, &files).map(drop)
        })?;
        let resources = self.provision.upload(store, &charm)?;
        let (name, revision) = store.update(|model| {
            let (name, settings) = self.check(model, &charm, &files)?;
            let revision = staged.keep(model, &charm.name)?;
            model
                .applications
                .insert(name.clone(), self.application(&charm, revision, settings));
            self.provision
                .apply(model, &name, &charm, resources)
                .with_context(|| format!("cannot add application \"{name}\""))?;
            model.add_peer_relations(&name, &charm, Timestamp::now());
            self.units.add(model, &name)?;
            Ok((name, revision))
        })?;
        Ok((name, revision, charm))
    }

    /// The text of each file that `--config` names, read once, for it may be a pipe.
    fn config_files(&self) -> Result<BTreeMap<&str, String>> {
        let files: Vec<_> = self
            .config
            .iter()
            .filter(|config| !config.contains('='))
            .collect();
        if files.len() > 1 {
            let message = "only a single config YAML file can be specified";
            return Err(UsageError(format!("{message}, got {}", files.len())).into());
        }
        files
            .into_iter()
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
    ) -> Result<(String, Settings)> {
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
        self.provision.check(charm)?;
        let mut settings = Settings::default();
        for text in files.values() {
            settings.extend(Settings::from_yaml(charm, name, text)?);
        }
        // As in Juju these count more than a file, wherever they stand.
        let values = self.config.iter().filter(|config| config.contains('='));
        let values: Vec<_> = values.cloned().collect();
        settings.extend(Settings::from_values(charm, &values)?);
        if self.trust {
            settings.trust = Some(true);
        }
        Ok((name.clone(), settings))
    }

    fn application(&self, charm: &Charm, revision: u64, settings: Settings) -> Application {
        Application {
            subordinate: charm.subordinate,
            base: self.base.clone(),
            channel: self.channel.clone(),
            settings: settings
                .options
                .into_iter()
                .filter_map(|(key, value)| Some((key, value?)))
                .collect(),
            trust: settings.trust,
            ..Application::new(&charm.name, revision, Timestamp::now())
        }
    }
}
