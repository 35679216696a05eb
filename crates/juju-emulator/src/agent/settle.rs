//! Lets the agents of a model do what has become due.

use std::collections::BTreeSet;
use std::io::{self, IsTerminal as _, Write};
use std::time::Duration;

use anyhow::Result;
use jiff::Timestamp;

use crate::agent::effects::AtOnce;
use crate::agent::interrupt::Interrupt;
use crate::agent::resolver::{Operation, next_operation};
use crate::agent::unit_agent::UnitAgent;
use crate::controller::debug_log::LogLevel;
use crate::controller::model::{Model, StatusSince, Unit};
use crate::controller::store::Store;

/// Runs what has become due until every unit has settled; waits for other processes that do the same, on each machine at most
/// for `patience` if there is one. A unit whose agent cannot work is in error, and keeps no other from its work.
pub(crate) fn settle(
    store: &Store,
    interrupt: &Interrupt,
    patience: Option<Duration>,
) -> Result<()> {
    let mut busy = BTreeSet::new();
    let mut broken = BTreeSet::new();
    loop {
        let model = store.read()?;
        let now = Timestamp::now();
        let is_due = |(name, unit): &(&String, &Unit)| {
            !busy.contains(&unit.machine)
                && !broken.contains(*name)
                && next_operation(&model, name, now).is_some()
        };
        let Some((name, unit)) = model.units().find(is_due) else {
            return Ok(());
        };
        if io::stderr().is_terminal() {
            let count = model.units().filter(is_due).count();
            show_progress(&model, name, now, count)?;
        }
        match UnitAgent::new(store, interrupt, name, unit.machine).step(patience) {
            Ok(true) => {}
            Ok(false) => {
                busy.insert(unit.machine);
            }
            Err(error) if interrupt.is_wanted() => return Err(error),
            Err(error) => {
                note_broken(store, name, format!("{error:#}"))?;
                broken.insert(name.clone());
            }
        }
    }
}

/// Shows somebody at a terminal which hook is about to run, out of so many units that have something to do.
fn show_progress(model: &Model, unit: &str, now: Timestamp, due: usize) -> io::Result<()> {
    match (next_operation(model, unit, now), due) {
        (Some(Operation::Run(hook)), 1) => writeln!(io::stderr(), "{unit}: {hook}"),
        (Some(Operation::Run(hook)), _) => {
            writeln!(io::stderr(), "{unit}: {hook} ({due} units to settle)")
        }
        _ => Ok(()),
    }
}

/// Notes in the model, and in the log, why the agent of a unit cannot work. The next verb lets it try again.
fn note_broken(store: &Store, unit: &str, why: String) -> Result<()> {
    writeln!(
        io::stderr(),
        "WARNING the agent of {unit} cannot work: {why}"
    )?;
    let is_new = store.update(|model| {
        // It may have been about what comes after an operation that is done.
        if next_operation(model, unit, Timestamp::now()).is_none() {
            return Ok(false);
        }
        let Some(state) = model.unit_mut(unit) else {
            return Ok(false);
        };
        let status = StatusSince::new("error", &why, Timestamp::now());
        let is_new = state.agent_status.status != status.status;
        if is_new {
            state.agent_status = status;
        }
        Ok(is_new)
    })?;
    if is_new {
        let log = AtOnce::new(store, &*store.read()?, unit);
        // Where it cannot be logged, it has been said.
        let _ = log.log("juju.worker.uniter", LogLevel::Error, why);
    }
    Ok(())
}
