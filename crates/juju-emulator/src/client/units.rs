//! `add-unit`, `remove-unit` and `remove-application`

use std::io::{self, IsTerminal, Write};
use std::iter;

use anyhow::{Result, bail};
use jiff::Timestamp;

use crate::client::derived::is_in_error;
use crate::client::session::Session;
use crate::client::status::settle_and_show;
use crate::controller::model::{Life, Model, Unit, application_of};
use crate::controller::store::Store;

/// Add units to an application, each on a machine of its own.
#[derive(Debug, clap::Args)]
pub(crate) struct AddUnit {
    application: String,
    #[command(flatten)]
    new: NewUnits,
}

/// The units that a verb adds.
#[derive(Debug, clap::Args)]
pub(crate) struct NewUnits {
    /// How many.
    #[arg(short = 'n', long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    num_units: u32,
    /// The machines of the first of them, by number; several with commas. The others get new ones.
    #[arg(long, value_delimiter = ',', value_parser = machine_number)]
    to: Vec<u32>,
}

/// Remove units from an application.
#[derive(Debug, clap::Args)]
pub(crate) struct RemoveUnit {
    #[arg(required = true)]
    units: Vec<String>,
    #[command(flatten)]
    how: Removal,
}

/// Remove applications with their units.
#[derive(Debug, clap::Args)]
pub(crate) struct RemoveApplication {
    #[arg(required = true)]
    applications: Vec<String>,
    #[command(flatten)]
    how: Removal,
}

/// How units are removed, by whichever verb.
#[derive(Debug, clap::Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "flags of a command line, one by one"
)]
pub(crate) struct Removal {
    /// Do not ask.
    #[arg(long)]
    pub(crate) no_prompt: bool,
    /// Go on when hooks fail.
    #[arg(long)]
    pub(crate) force: bool,
    /// Accepted: the emulator never keeps storage.
    #[arg(long)]
    destroy_storage: bool,
    /// Accepted: the emulator never waits for a cloud.
    #[arg(long)]
    no_wait: bool,
}

fn machine_number(text: &str) -> Result<u32, &'static str> {
    text.parse().map_err(|_| {
        "expected the number of a machine, such as 0; there are no containers and no zones here"
    })
}

impl NewUnits {
    /// Adds them to an application.
    pub(crate) fn add(&self, model: &mut Model, application: &str) -> Result<()> {
        let machines = self.to.iter().copied().map(Some).chain(iter::repeat(None));
        for (_, machine) in (0..self.num_units).zip(machines) {
            model.add_unit(application, machine, Timestamp::now())?;
        }
        Ok(())
    }
}

impl AddUnit {
    pub(crate) fn run(self, session: &Session) -> Result<()> {
        let store = session.store()?;
        store.update(|model| self.new.add(model, &self.application))?;
        settle_and_show(session, &store)
    }
}

impl RemoveUnit {
    pub(crate) fn run(self, session: &Session, out: &mut impl Write) -> Result<()> {
        let store = session.store()?;
        let model = store.read()?;
        let units = self.units.iter().map(|name| model.unit_name(name));
        let units = units.collect::<Result<Vec<_>>>()?;
        let plan = units.iter().map(|unit| format!("will remove unit {unit}"));
        let plan = plan.collect::<Vec<_>>();
        confirm(&plan, self.how.no_prompt, out)?;
        for unit in units {
            remove(
                session,
                &store,
                application_of(&unit),
                Some(&unit),
                self.how.force,
            )?;
        }
        settle_and_show(session, &store)
    }
}

impl RemoveApplication {
    pub(crate) fn run(self, session: &Session, out: &mut impl Write) -> Result<()> {
        let store = session.store()?;
        let model = store.read()?;
        let mut plan = Vec::new();
        for name in &self.applications {
            plan.push(format!("will remove application {name}"));
            let units = model.application(name)?.units.keys();
            plan.extend(units.map(|unit| format!("- will remove unit {unit}")));
        }
        confirm(&plan, self.how.no_prompt, out)?;
        for application in &self.applications {
            remove(session, &store, application, None, self.how.force)?;
        }
        settle_and_show(session, &store)
    }
}

/// Removes one unit of an application, or the application. By force, what fails does not count.
pub(crate) fn remove(
    session: &Session,
    store: &Store,
    application: &str,
    unit: Option<&str>,
    force: bool,
) -> Result<()> {
    store.update(|model| {
        if unit.is_none() {
            model.application_mut(application)?.dying = true;
        }
        for_each(model, application, unit, |state| state.life = Life::Dying);
        if let Some(state) = model.applications.get(application)
            && state.dying
            && state.units.is_empty()
        {
            model.applications.remove(application);
        }
        Ok(())
    })?;
    session.settle(store)?;
    if force {
        store.update(|model| {
            for_each(model, application, unit, |state| state.life = Life::Dead);
            Ok(())
        })?;
        session.settle(store)?;
        forget(store, application, unit)?;
    }
    let model = store.read()?;
    let in_error = |(_, unit): &(&String, &Unit)| unit.is_dying() && is_in_error(unit);
    for (name, _) in model.units().filter(in_error) {
        writeln!(
            io::stderr(),
            "{name} is in error and stays until its hook succeeds; to remove it in any case: --force"
        )?;
    }
    Ok(())
}

/// Lets go of units whose agents cannot even clean up.
fn forget(store: &Store, application: &str, unit: Option<&str>) -> Result<()> {
    let left: Vec<_> = store
        .read()?
        .units()
        .filter(|(name, state)| {
            state.life == Life::Dead
                && application_of(name) == application
                && unit.is_none_or(|unit| unit == *name)
        })
        .map(|(name, state)| (name.clone(), store.unit(state.machine, name)))
        .collect();
    for (name, directory) in left {
        writeln!(
            io::stderr(),
            "WARNING {name} is forgotten; what is left of it is in {}",
            directory.display()
        )?;
        store.update(|model| {
            model.forget_unit(&name);
            Ok(())
        })?;
    }
    Ok(())
}

fn for_each(model: &mut Model, application: &str, unit: Option<&str>, change: impl Fn(&mut Unit)) {
    let units = model.applications.get_mut(application);
    let units = units.into_iter().flat_map(|state| &mut state.units);
    units
        .filter(|(name, _)| unit.is_none_or(|unit| unit == *name))
        .for_each(|(_, state)| change(state));
}

/// Says what will happen, and at a terminal asks whether it may.
fn confirm(plan: &[String], no_prompt: bool, out: &mut impl Write) -> Result<()> {
    let plan = plan.join("\n");
    if no_prompt || !io::stdin().is_terminal() {
        writeln!(out, "{plan}")?;
        return Ok(());
    }
    ask(&format!(
        "This command will perform the following actions:\n{plan}"
    ))
}

/// Asks at a terminal; elsewhere there is nobody to ask.
pub(crate) fn ask(warning: &str) -> Result<()> {
    if !io::stdin().is_terminal() {
        return Ok(());
    }
    write!(io::stderr(), "WARNING {warning}\nContinue [y/N]? ")?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    if !["y", "yes"].contains(&answer.trim().to_lowercase().as_str()) {
        bail!("aborted");
    }
    Ok(())
}
