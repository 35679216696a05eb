//! The agent of one unit: runs its hooks one after the other and notes how each ended.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use jiff::Timestamp;

use crate::agent::interrupt::Interrupt;
use crate::agent::machine_agent::{act_on_shutdown, end_leftovers};
use crate::agent::operation::RunningHook;
use crate::agent::resolver::{Known, Operation, next_operation};
use crate::agent::uniter::{begin, fail, note_kill, skip, succeed, synchronize_scopes};
use crate::charm::hook::Hook;
use crate::controller::debug_log::LogLevel;
use crate::controller::model::{Again, Model, Unit, Why};
use crate::controller::store::Store;
use crate::hook::process::Ended;

pub(crate) struct UnitAgent<'a> {
    pub(crate) store: &'a Store,
    pub(crate) interrupt: &'a Interrupt,
    pub(crate) unit: &'a str,
    pub(crate) machine: u32,
}

impl<'a> UnitAgent<'a> {
    pub(crate) fn new(
        store: &'a Store,
        interrupt: &'a Interrupt,
        unit: &'a str,
        machine: u32,
    ) -> Self {
        Self {
            store,
            interrupt,
            unit,
            machine,
        }
    }

    /// Does what is due next. Whether it could: another process may hold the machine for longer than `patience`.
    pub(crate) fn step(&self, patience: Option<Duration>) -> Result<bool> {
        let Some(_lock) = self.lock(patience)? else {
            return Ok(false);
        };
        // Meanwhile another process may have done it.
        match next_operation(&*self.store.read()?, self.unit, Timestamp::now()) {
            Some(Operation::Run(hook)) => self.run_hook(&hook)?,
            Some(Operation::RunAction(task)) => self.run_action(task)?,
            Some(Operation::Skip(hook)) => self.note(skip, &hook)?,
            Some(Operation::SynchronizeScopes) => self
                .store
                .update(|model| synchronize_scopes(model, self.unit, Timestamp::now()))?,
            Some(Operation::CleanUp) => self.clean_up()?,
            None => {}
        }
        Ok(true)
    }

    /// Hooks of one machine run one after the other, whoever runs them. What a killed emulator's hook still does is ended first.
    pub(crate) fn lock(&self, patience: Option<Duration>) -> Result<Option<fs::File>> {
        let name = format!("machine-{}", self.machine);
        let lock = match patience {
            None => Some(self.store.lock(&name)?),
            Some(patience) => self.store.try_lock(&name, patience)?,
        };
        // When the unit is gone by now, so is the directory of sockets.
        if lock.is_some() && self.store.read()?.unit(self.unit).is_some() {
            end_leftovers(&self.sockets()?)?;
        }
        Ok(lock)
    }

    pub(crate) fn sockets(&self) -> Result<PathBuf> {
        let uuid = &self.store.read()?.uuid;
        self.store.data().sockets(uuid, self.machine)
    }

    fn run_hook(&self, hook: &Hook) -> Result<()> {
        self.note(begin, hook)?;
        // Once, for a charm that comes while this one is installed has not been seen.
        let model = self.store.read()?;
        let (_, unit) = model.unit(self.unit).context("the unit is gone")?;
        let brings_charm = [Hook::unit("install"), Hook::unit("upgrade-charm")].contains(hook);
        // A hook that failed runs again with the charm that it failed with.
        if unit.charm_installed == 0 || brings_charm && unit.again.is_none() {
            self.install_charm(&model)?;
        }
        let is_about_storage = matches!(hook, Hook::Storage { .. });
        if is_about_storage {
            self.store.synchronize_storage(self.machine)?;
        }
        let known = Known::new(&model, self.unit, hook).context("the unit is gone")?;
        let mut running = RunningHook::new(self.store, &model, self.unit, hook)?;
        let ended = running.run("", self.interrupt)?;
        let why = match &ended {
            Ok(Ended::Interrupted) => {
                bail!(
                    "interrupted: the next command runs the {hook} hook of {} again",
                    self.unit
                )
            }
            // Killed, as it wanted to be.
            _ if running.reboot_now => None,
            Ok(Ended::Exited(0) | Ended::Missing) => self.commit(&running, hook, &known)?.err(),
            Ok(Ended::Exited(code)) => Some(format!("exit status {code}")),
            Ok(Ended::Killed(_)) => Some("terminated".to_owned()),
            Err(error) => Some(error.to_string()),
        };
        if is_about_storage {
            self.store.synchronize_storage(self.machine)?;
        }
        let via = running.via();
        match &why {
            None if running.reboot_now => {
                let message = format!("hook \"{hook}\" (via {via}) runs again after the reboot");
                running.log(LogLevel::Info, message)?;
                let (hook, why) = (hook.clone(), Why::Rebooted);
                self.update_unit(|unit, _| unit.again = Some(Again { hook, why }))?;
            }
            None if matches!(ended, Ok(Ended::Missing)) => {
                running.log(LogLevel::Info, format!("skipped \"{hook}\" hook (missing)"))?;
            }
            None => running.log(LogLevel::Info, format!("ran \"{hook}\" hook (via {via})"))?,
            Some(_) if matches!(ended, Ok(Ended::Killed(_))) => {
                running.log(LogLevel::Warning, format!("hook \"{hook}\" was terminated"))?;
                self.note(note_kill, hook)?;
            }
            Some(why) => {
                running.log(
                    LogLevel::Error,
                    format!("hook \"{hook}\" (via {via}) failed: {why}"),
                )?;
                self.note(fail, hook)?;
            }
        }
        self.act_on_shutdown(&running, why.is_none() && running.wants_reboot())
    }

    /// Notes in the model what a hook has come to.
    fn note(&self, change: fn(&mut Model, &str, &Hook, Timestamp), hook: &Hook) -> Result<()> {
        self.store.update(|model| {
            change(model, self.unit, hook, Timestamp::now());
            Ok(())
        })
    }

    /// Reboots the unit's machine, or switches it off, if what ran there asked for it.
    pub(crate) fn act_on_shutdown(
        &self,
        running: &RunningHook<'_>,
        wants_reboot: bool,
    ) -> Result<()> {
        let reboot = wants_reboot || running.reboot_now;
        act_on_shutdown(self.store, self.machine, reboot, |level, message| {
            running.log(level, message)
        })
    }

    /// Makes the changes of a hook that succeeded, and notes that it did, both or neither. The inner error is Juju's refusal.
    fn commit(
        &self,
        running: &RunningHook<'_>,
        hook: &Hook,
        known: &Known,
    ) -> Result<Result<(), String>> {
        let refusal = self.store.update(|model| {
            if let Err(refusal) = running.commit(model)? {
                return Ok(Some(refusal));
            }
            succeed(model, self.unit, hook, known, Timestamp::now());
            Ok(None)
        })?;
        let Some(refusal) = refusal else {
            return Ok(Ok(()));
        };
        running.log_refusal(&refusal)?;
        Ok(Err(refusal))
    }

    pub(crate) fn update_unit(&self, change: impl FnOnce(&mut Unit, Timestamp)) -> Result<()> {
        self.store.update(|model| {
            if let Some(unit) = model.unit_mut(self.unit) {
                change(unit, Timestamp::now());
            }
            Ok(())
        })
    }
}
