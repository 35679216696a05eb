//! `add-model`, `models`, `switch` and `destroy-model`

use std::io::{self, Write};

use anyhow::Result;
use clap::ValueEnum;
use serde_json::json;

use super::units::{self, Accepted};
use crate::cli::{Session, without_controller};
use crate::store::CONTROLLER;

/// Add a model, and work on it from now on.
#[derive(Debug, clap::Args)]
pub(crate) struct AddModel {
    name: String,
    /// Do not switch to it.
    #[arg(long)]
    no_switch: bool,
    /// Set model config, KEY=VALUE.
    #[arg(long)]
    config: Vec<String>,
}

/// List the models.
#[derive(Debug, clap::Args)]
pub(crate) struct Models {
    /// How to print them.
    #[arg(long, value_enum, default_value = "tabular")]
    format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Tabular,
    Json,
    Yaml,
}

/// Work on another model from now on.
#[derive(Debug, clap::Args)]
pub(crate) struct Switch {
    name: String,
}

/// Remove a model with all that is in it.
#[derive(Debug, clap::Args)]
pub(crate) struct DestroyModel {
    name: String,
    /// Do not ask.
    #[arg(long)]
    no_prompt: bool,
    /// Go on when hooks fail.
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    accepted: Accepted,
}

impl AddModel {
    pub(crate) fn run(self, session: &Session) -> Result<()> {
        session.data.add_model(&self.name)?;
        let store = session.data.model(&self.name)?;
        store.update(|model| {
            for value in &self.config {
                let (key, value) = value.split_once('=').unwrap_or((value, ""));
                crate::model_config::set(model, key, value)?;
            }
            Ok(())
        })?;
        if !self.no_switch {
            session.data.switch(&self.name)?;
        }
        writeln!(
            io::stderr(),
            "Added '{}' model on {CONTROLLER}/default for user 'admin'",
            self.name
        )?;
        Ok(())
    }
}

impl Models {
    pub(crate) fn run(self, session: &Session, out: &mut impl Write) -> Result<()> {
        let current = session.data.current_model()?;
        let mut models = Vec::new();
        for name in session.data.model_names()? {
            let model = session.data.model(&name)?.read()?;
            models.push(json!({
                "name": format!("admin/{name}"), "short-name": name, "model-uuid": model.uuid,
                "model-type": "iaas", "controller-name": CONTROLLER, "owner": "admin", "cloud": CONTROLLER,
                "life": "alive", "agent-version": crate::model::JUJU_VERSION, "is-controller": false,
            }));
        }
        let all = json!({"models": models, "current-model": current});
        match self.format {
            Format::Json => writeln!(out, "{all}")?,
            Format::Yaml => write!(out, "{}", serde_yaml::to_string(&all)?)?,
            Format::Tabular => {
                for name in session.data.model_names()? {
                    let mark = if name == current { "*" } else { "" };
                    writeln!(out, "{name}{mark}")?;
                }
            }
        }
        Ok(())
    }
}

impl Switch {
    pub(crate) fn run(self, session: &Session) -> Result<()> {
        let name = without_controller(&self.name);
        session.data.model(name)?;
        session.data.switch(name)?;
        writeln!(io::stderr(), "-> {CONTROLLER}:admin/{name}")?;
        Ok(())
    }
}

impl DestroyModel {
    pub(crate) fn run(self, session: &Session) -> Result<()> {
        let name = without_controller(&self.name);
        let store = session.data.model(name)?;
        if !self.no_prompt {
            let warning =
                format!("This command will destroy the \"{name}\" model and everything in it.");
            units::ask(&warning)?;
        }
        let applications = store.read()?.applications.into_keys().collect::<Vec<_>>();
        for application in applications {
            units::remove(session, &store, &application, None, true)?;
        }
        store.destroy()
    }
}
