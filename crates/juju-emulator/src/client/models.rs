//! `add-model`, `models`, `show-model`, `switch` and `destroy-model`

use std::io::{self, Write};
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Result, bail};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::client::command_line::duration_flag;
use crate::client::format::{Format, words};
use crate::client::session::{Session, UsageError, check_controller, model_name};
use crate::client::table::{layout, row};
use crate::client::units::{self, Removal};
use crate::controller::data_directory::{CONTROLLER, CONTROLLER_UUID};
use crate::controller::model::{JUJU_VERSION, Model};

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
    #[command(flatten)]
    on: OnController,
}

/// The controller to ask.
#[derive(Debug, clap::Args)]
struct OnController {
    /// The one that there is, `emulator`.
    #[arg(short, long)]
    controller: Option<String>,
}

impl OnController {
    fn check(&self) -> Result<()> {
        self.controller.as_deref().map_or(Ok(()), check_controller)
    }
}

/// List the models.
#[derive(Debug, clap::Args)]
pub(crate) struct Models {
    /// How to print them.
    #[arg(long, value_parser = words(Some("tabular")), default_value = "tabular")]
    format: Format,
    #[command(flatten)]
    on: OnController,
}

/// Show what is known of a model.
#[derive(Debug, clap::Args)]
pub(crate) struct ShowModel {
    /// The one that is worked on, unless another is named.
    name: Option<String>,
    /// How to print it.
    #[arg(long, value_parser = words(Some("smart")), default_value = "yaml")]
    format: Format,
}

/// Work on another model from now on.
#[derive(Debug, clap::Args)]
pub(crate) struct Switch {
    /// Without a name, the model that is worked on is shown.
    name: Option<String>,
}

/// Remove a model with all that is in it.
#[derive(Debug, clap::Args)]
pub(crate) struct DestroyModel {
    name: String,
    /// Accepted: the data of storage goes with the model.
    #[arg(long)]
    release_storage: bool,
    /// Accepted: the emulator never waits for a cloud.
    #[arg(short, long, value_parser = duration_flag)]
    timeout: Option<Duration>,
    #[command(flatten)]
    how: Removal,
}

impl AddModel {
    pub(crate) fn run(self, session: &Session) -> Result<()> {
        self.on.check()?;
        // Before there is a model that a refusal would leave behind.
        let mut wanted = Model::new(&self.name, String::new(), Timestamp::now());
        for value in &self.config {
            let Some((key, value)) = value.split_once('=') else {
                let message = format!("expected \"key=value\", got \"{value}\"");
                return Err(UsageError(message).into());
            };
            crate::controller::model_config::set(&mut wanted, key, value)?;
        }
        session.data.add_model(&self.name)?;
        let store = session.data.model(&self.name)?;
        store.update(|model| {
            model.config = wanted.config;
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
        self.on.check()?;
        let current = session.data.current_model()?;
        let mut models = Vec::new();
        for name in session.data.model_names()? {
            match session.data.model(&name).and_then(|store| store.read()) {
                Ok(model) => models.push(model),
                Err(error) => writeln!(io::stderr(), "WARNING {error:#}")?,
            }
        }
        let infos: Vec<_> = models.iter().map(|model| info(model)).collect();
        let all = json!({"models": infos, "current-model": current});
        match self.format {
            Format::Json | Format::Yaml => self.format.print(&all, out)?,
            Format::ForPeople => {
                writeln!(out, "Controller: {CONTROLLER}\n")?;
                write!(out, "{}", table(&models, &current))?;
            }
        }
        Ok(())
    }
}

fn table(models: &[Rc<Model>], current: &str) -> String {
    let mut rows = vec![row([
        "Model",
        "Cloud/Region",
        "Type",
        "Status",
        "Machines",
        "Units",
        "Access",
        "Last connection",
    ])];
    for model in models {
        let mark = if model.name == current { "*" } else { "" };
        let cloud = format!("{CONTROLLER}/default");
        rows.push(row([
            &format!("{}{mark}", model.name),
            &cloud,
            CONTROLLER,
            "available",
            &model.machines.len().to_string(),
            &model.units().count().to_string(),
            "admin",
            "just now",
        ]));
    }
    layout(&rows, &[4, 5])
}

impl ShowModel {
    pub(crate) fn run(self, session: &Session, out: &mut impl Write) -> Result<()> {
        let store = match &self.name {
            Some(name) => session.data.model(model_name(name)?)?,
            None => session.store()?,
        };
        let model = store.read()?;
        self.format.print(&json!({&model.name: info(&model)}), out)
    }
}

/// What `models` and `show-model` have of a model.
fn info(model: &Model) -> Value {
    let machines = model.machines.keys();
    let machines = machines.map(|number| (number.to_string(), json!({"cores": 0})));
    let since = model.created.strftime("%Y-%m-%d").to_string();
    json!({
        "name": format!("admin/{}", model.name),
        "short-name": model.name,
        "model-uuid": model.uuid,
        "model-type": "iaas",
        "controller-uuid": CONTROLLER_UUID,
        "controller-name": CONTROLLER,
        "is-controller": false,
        "owner": "admin",
        "cloud": CONTROLLER,
        "region": "default",
        "type": CONTROLLER,
        "life": "alive",
        "status": {"current": "available", "since": since},
        "users": {"admin": {"access": "admin", "last-connection": "just now"}},
        "machines": machines.collect::<serde_json::Map<_, _>>(),
        "agent-version": JUJU_VERSION,
    })
}

impl Switch {
    pub(crate) fn run(self, session: &Session, out: &mut impl Write) -> Result<()> {
        let Some(name) = &self.name else {
            let current = session.data.current_model()?;
            writeln!(out, "{CONTROLLER}:admin/{current}")?;
            return Ok(());
        };
        let name = model_name(name)?;
        session.data.model(name)?;
        session.data.switch(name)?;
        writeln!(io::stderr(), "-> {CONTROLLER}:admin/{name}")?;
        Ok(())
    }
}

impl DestroyModel {
    fn check(&self) -> Result<(), UsageError> {
        let refuse = |message: &str| Err(UsageError(message.to_owned()));
        if self.how.destroy_storage && self.release_storage {
            return refuse("--destroy-storage and --release-storage cannot both be specified");
        }
        if self.timeout.is_some() && !self.how.force {
            return refuse("--timeout can only be used with --force (dangerous)");
        }
        self.how.check()
    }

    pub(crate) fn run(self, session: &Session) -> Result<()> {
        self.check()?;
        let name = model_name(&self.name)?;
        let store = session.data.model(name)?;
        if !self.how.no_prompt {
            let warning =
                format!("This command will destroy the \"{name}\" model and everything in it.");
            units::ask(&warning)?;
        }
        let applications = store
            .read()?
            .applications
            .keys()
            .cloned()
            .collect::<Vec<_>>();
        for application in applications {
            units::remove(session, &store, &application, None, &self.how)?;
        }
        let left: Vec<_> = store.read()?.applications.keys().cloned().collect();
        if !left.is_empty() {
            bail!(
                "model {name} is not destroyed, for it still has: {}; to destroy it in any case: --force",
                left.join(", ")
            );
        }
        store.destroy()
    }
}
