//! `machines`, `show-machine`, `add-machine` and `remove-machine`

use std::io::{self, Write};

use anyhow::{Error, Result, anyhow, bail};

use crate::agent::machine_agent::remove_machine;
use crate::client::constraints::Constraints;
use crate::client::format::{Format, words};
use crate::client::full_status::print_machines;
use crate::client::screen::Screen;
use crate::client::session::{Session, UsageError};
use crate::client::status_tables::machines_table;
use crate::client::units::{Removal, confirm, remove};
use crate::controller::model::{DEFAULT_BASE, Model, application_of};

/// List the machines of the model.
#[derive(Debug, clap::Args)]
pub(crate) struct Machines {
    /// How to print them.
    #[arg(long, value_parser = words(Some("tabular")), default_value = "tabular")]
    format: Format,
    /// Times as in ISO 8601; they are UTC in any case.
    #[arg(long)]
    utc: bool,
}

/// Show what is known of machines.
#[derive(Debug, clap::Args)]
pub(crate) struct ShowMachine {
    /// By number; all unless given.
    machines: Vec<u32>,
    /// How to print them.
    #[arg(long, value_parser = words(None), default_value = "yaml")]
    format: Format,
    /// Times as in ISO 8601; they are UTC in any case.
    #[arg(long)]
    utc: bool,
}

/// Add machines without units, for `--to`.
#[derive(Debug, clap::Args)]
pub(crate) struct AddMachine {
    /// Not possible: `ssh:user@host` and the like are other computers.
    #[arg(hide = true)]
    placement: Option<String>,
    /// How many.
    #[arg(short = 'n', default_value_t = 1)]
    count: u32,
    /// The base to show, as `ubuntu@24.04`; every machine is this one.
    #[arg(long, default_value = DEFAULT_BASE)]
    base: String,
    /// Accepted: every machine is this one.
    #[arg(long)]
    constraints: Option<String>,
}

/// Remove machines; with their units by force only.
#[derive(Debug, clap::Args)]
pub(crate) struct RemoveMachine {
    #[arg(required = true)]
    machines: Vec<u32>,
    /// Accepted: a machine is nothing but a directory.
    #[arg(long)]
    keep_instance: bool,
    #[command(flatten)]
    how: Removal,
}

impl Machines {
    pub(crate) fn run(self, session: &Session, out: &mut impl Write) -> Result<()> {
        let store = session.store()?;
        session.settle_idle_machines(&store)?;
        let model = store.read()?;
        match self.format {
            Format::ForPeople => write!(out, "{}", machines_table(&model, Screen::default()))?,
            format => print_machines(&store, &model, format, self.utc, &[], out)?,
        }
        Ok(())
    }
}

impl ShowMachine {
    pub(crate) fn run(self, session: &Session, out: &mut impl Write) -> Result<()> {
        let store = session.store()?;
        session.settle_idle_machines(&store)?;
        let model = store.read()?;
        print_machines(&store, &model, self.format, self.utc, &self.machines, out)
    }
}

impl AddMachine {
    pub(crate) fn run(self, session: &Session) -> Result<()> {
        if let Some(placement) = &self.placement {
            let message = format!(
                "{placement}: the emulator has no machines but directories of this one; add-machine without it makes one"
            );
            return Err(UsageError(message).into());
        }
        if let Some(text) = &self.constraints {
            Constraints::parse(text).map_err(Error::msg)?;
            Constraints::say_that_they_mean_nothing()?;
        }
        let store = session.store()?;
        let added = store.update(|model| {
            let added = (0..self.count).map(|_| model.add_machine(&self.base));
            Ok(added.collect::<Vec<_>>())
        })?;
        for number in added {
            writeln!(io::stderr(), "created machine {number}")?;
        }
        Ok(())
    }
}

impl RemoveMachine {
    pub(crate) fn run(self, session: &Session, out: &mut impl Write) -> Result<()> {
        let store = session.store()?;
        session.settle(&store)?;
        let model = store.read()?;
        let units = |number: u32| {
            let units = model
                .units()
                .filter(move |(_, unit)| unit.machine == number);
            units.map(|(name, _)| name.clone()).collect::<Vec<_>>()
        };
        let mut plan = Vec::new();
        for number in &self.machines {
            let there = units(*number);
            check(&model, *number, there.first().filter(|_| !self.how.force))
                .map_err(|why| anyhow!("removing machine {number} failed: {why}"))?;
            plan.push(format!("will remove machine {number}"));
            plan.extend(
                there
                    .iter()
                    .map(|unit| format!("- will remove unit {unit}")),
            );
        }
        confirm(&plan, self.how.no_prompt, out)?;
        for number in self.machines {
            for unit in units(number) {
                remove(
                    session,
                    &store,
                    application_of(&unit),
                    Some(&unit),
                    &self.how,
                )?;
            }
            remove_machine(&store, number)?;
        }
        Ok(())
    }
}

fn check(model: &Model, number: u32, unit: Option<&String>) -> Result<()> {
    if !model.machines.contains_key(&number) {
        bail!("machine {number} not found");
    }
    match unit {
        Some(unit) => bail!("machine {number} has unit \"{unit}\" assigned"),
        None => Ok(()),
    }
}
