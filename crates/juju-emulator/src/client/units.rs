//! `add-unit`, `remove-unit` and `remove-application`

use std::io::{self, IsTerminal, Write};
use std::iter;

use anyhow::{Result, bail};
use jiff::Timestamp;

use crate::charm::name::{is_name, is_storage, is_unit};
use crate::client::derived::is_in_error;
use crate::client::session::{Session, UsageError};
use crate::client::status::settle_and_show;
use crate::controller::life::Life;
use crate::controller::model::{Model, Unit, application_of};
use crate::controller::store::Store;
use crate::go::strconv::quote;

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
    /// How many; one unless given.
    #[arg(short = 'n', long, value_parser = number, allow_hyphen_values = true)]
    num_units: Option<i64>,
    /// The machines of the first of them, by number; several with commas. The others get new ones.
    #[arg(long, value_delimiter = ',', value_parser = machine_number)]
    to: Vec<u32>,
    /// Storage that no unit has, such as `data/0`, for the one unit that is added; several with commas.
    #[arg(long, value_delimiter = ',')]
    attach_storage: Vec<String>,
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
    /// Remove the storage of the units too; else it is detached, and stays.
    #[arg(long)]
    pub(crate) destroy_storage: bool,
    /// With --force: run no hooks at all.
    #[arg(long)]
    no_wait: bool,
}

impl Removal {
    /// What becomes of a unit's storage.
    fn plan_storage(&self, model: &Model, unit: &str) -> Vec<String> {
        let what = if self.destroy_storage {
            "remove"
        } else {
            "detach"
        };
        let storage = model.storage_of(unit);
        let lines = storage
            .map(|(number, storage, _)| format!("- will {what} storage {}", storage.id(number)));
        lines.collect()
    }
}

fn machine_number(text: &str) -> Result<u32, &'static str> {
    text.parse().map_err(|_| {
        "expected the number of a machine, such as 0; there are no containers and no zones here"
    })
}

/// A number as Go reads a flag's.
fn number(text: &str) -> Result<i64, String> {
    let invalid = || format!("strconv.ParseInt: parsing {}: invalid syntax", quote(text));
    text.parse().map_err(|_| invalid())
}

impl Removal {
    /// Refuses flags that do not go together.
    pub(crate) fn check(&self) -> Result<(), UsageError> {
        if self.no_wait && !self.force {
            return Err(UsageError("--no-wait without --force not valid".to_owned()));
        }
        Ok(())
    }
}

impl NewUnits {
    /// Refuses a number of units that is none.
    pub(crate) fn check(&self) -> Result<(), UsageError> {
        if self.num_units.is_some_and(|count| count < 1) {
            let message = "--num-units must be a positive integer";
            return Err(UsageError(message.to_owned()));
        }
        if let Some(id) = self.attach_storage.iter().find(|id| !is_storage(id)) {
            let id = quote(id);
            return Err(UsageError(format!("storage ID {id} not valid")));
        }
        if !self.attach_storage.is_empty() && self.num_units.is_some_and(|count| count != 1) {
            let message = "--attach-storage cannot be used with -n";
            return Err(UsageError(message.to_owned()));
        }
        Ok(())
    }

    /// Adds them to an application.
    pub(crate) fn add(&self, model: &mut Model, application: &str) -> Result<()> {
        if model.application(application)?.subordinate {
            if self.num_units.is_some() || !self.to.is_empty() {
                bail!("cannot use --num-units or --to with a subordinate application");
            }
            return Ok(());
        }
        let machines = self.to.iter().copied().map(Some).chain(iter::repeat(None));
        for (_, machine) in (0..self.num_units.unwrap_or(1)).zip(machines) {
            let ids = &self.attach_storage;
            model.add_unit_with_storage(application, machine, ids, Timestamp::now())?;
        }
        Ok(())
    }
}

impl AddUnit {
    pub(crate) fn run(self, session: &Session) -> Result<()> {
        self.new.check()?;
        let store = session.store()?;
        store.update(|model| {
            if model.application(&self.application)?.subordinate {
                bail!(
                    "cannot add units to application \"{}\": it is a subordinate, its units come with those that it is related to",
                    self.application
                );
            }
            self.new.add(model, &self.application)
        })?;
        settle_and_show(session, &store)
    }
}

impl RemoveUnit {
    pub(crate) fn run(self, session: &Session, out: &mut impl Write) -> Result<()> {
        check_unit_names(&self.units)?;
        self.how.check()?;
        let store = session.store()?;
        let model = store.read()?;
        let (there, missing): (Vec<_>, Vec<_>) = self
            .units
            .iter()
            .partition(|unit| model.unit(unit).is_some());
        for unit in &there {
            let application = application_of(unit);
            if model.application(application)?.subordinate {
                bail!(
                    "unit \"{unit}\" is a subordinate, to remove use remove-relation. Note: this will remove all units of \"{application}\""
                );
            }
        }
        let mut plan = Vec::new();
        for unit in &there {
            plan.push(format!("will remove unit {unit}"));
            plan.extend(self.how.plan_storage(&model, unit));
        }
        confirm(&plan, self.how.no_prompt, out)?;
        for unit in there {
            remove(session, &store, application_of(unit), Some(unit), &self.how)?;
        }
        settle_and_show(session, &store)?;
        refuse_missing("unit", &missing)
    }
}

impl RemoveApplication {
    pub(crate) fn run(self, session: &Session, out: &mut impl Write) -> Result<()> {
        if let Some(name) = self.applications.iter().find(|name| !is_name(name)) {
            let message = format!("invalid application name {}", quote(name));
            return Err(UsageError(message).into());
        }
        self.how.check()?;
        let store = session.store()?;
        let model = store.read()?;
        let (there, missing): (Vec<_>, Vec<_>) = self
            .applications
            .iter()
            .partition(|name| model.applications.contains_key(*name));
        let mut plan = Vec::new();
        for name in &there {
            plan.push(format!("will remove application {name}"));
            let units = model.application(name)?.units.keys();
            plan.extend(
                units
                    .clone()
                    .map(|unit| format!("- will remove unit {unit}")),
            );
            plan.extend(units.flat_map(|unit| self.how.plan_storage(&model, unit)));
        }
        confirm(&plan, self.how.no_prompt, out)?;
        for application in there {
            remove(session, &store, application, None, &self.how)?;
        }
        settle_and_show(session, &store)?;
        refuse_missing("application", &missing)
    }
}

/// Refuses what cannot be the name of a unit; one that leads has to be named by its number.
pub(crate) fn check_unit_names(names: &[String]) -> Result<(), UsageError> {
    match names.iter().find(|name| !is_unit(name)) {
        Some(name) => Err(UsageError(format!("unit name {} not valid", quote(name)))),
        None => Ok(()),
    }
}

/// Says of each what was to be removed that there was none; the others are gone by then.
fn refuse_missing(what: &str, missing: &[&String]) -> Result<()> {
    let failures = missing.iter().map(|name| {
        format!(
            "removing {what} {name} failed: {what} {} not found",
            quote(name)
        )
    });
    match failures.collect::<Vec<_>>().as_slice() {
        [] => Ok(()),
        failures => bail!(failures.join("\nERROR ")),
    }
}

/// Removes one unit of an application, or the application. By force, what fails does not count.
pub(crate) fn remove(
    session: &Session,
    store: &Store,
    application: &str,
    unit: Option<&str>,
    how: &Removal,
) -> Result<()> {
    if how.destroy_storage {
        store.update(|model| {
            model.destroy_storage_with(unit.unwrap_or(application));
            Ok(())
        })?;
    }
    let model = store.read()?;
    let mut going: Vec<_> = match unit {
        Some(unit) => vec![unit.to_owned()],
        None => model
            .application(application)?
            .units
            .keys()
            .cloned()
            .collect(),
    };
    let beside = going.iter().flat_map(|unit| model.subordinates(unit));
    let beside: Vec<_> = beside.cloned().collect();
    going.extend(beside);
    store.update(|model| match unit {
        Some(unit) => {
            model.destroy_unit(unit);
            Ok(())
        }
        None => model.destroy_application(application),
    })?;
    if !how.no_wait {
        session.settle(store)?;
    }
    if how.force {
        store.update(|model| {
            for name in &going {
                if let Some(unit) = model.unit_mut(name) {
                    unit.life = Life::Dead;
                }
            }
            Ok(())
        })?;
        session.settle(store)?;
        forget(store, &going)?;
    }
    store.tidy_storage()?;
    store.tidy_resources()?;
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
fn forget(store: &Store, going: &[String]) -> Result<()> {
    let left: Vec<_> = store
        .read()?
        .units()
        .filter(|(name, _)| going.contains(name))
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

/// Says what will happen, and at a terminal asks whether it may.
pub(crate) fn confirm(plan: &[String], no_prompt: bool, out: &mut impl Write) -> Result<()> {
    let plan = plan.join("\n");
    if plan.is_empty() {
        return Ok(());
    }
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
