//! A model in memory: what its units have to run, by the rules by which the agents of the emulator run it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use jiff::Timestamp;

use crate::agent::resolver::{Known, Operation, next_operation};
use crate::agent::uniter;
use crate::agent::view::{unit_view, view_at_the_end};
use crate::charm::hook::{Hook, RelationEvent, StorageLocation};
use crate::charm::metadata::Charm;
use crate::controller::model::{Again, Model, Unit, Why};
use crate::hook::context::{Effect, HookContext};
use crate::hook::pending_changes::PendingChanges;
use crate::hook::process::Ended;

/// A model in memory.
///
/// What an operator changes in it is changed at once. Then its units have something to do, which somebody else runs:
/// [`begin`](Self::begin) hands out a hook, and [`end`](Self::end) takes it back with how it has ended.
#[derive(Clone, Debug)]
pub struct InMemoryModel {
    pub(crate) model: Model,
    /// By application.
    pub(crate) charms: BTreeMap<String, Arc<Charm>>,
    /// Where the storage of its machines is.
    storage: PathBuf,
    pub(crate) now: Timestamp,
    /// How many ids of secrets have been handed out.
    pub(crate) secret_ids: u64,
    /// The units that have nothing to do, as far as it was asked since something changed for others.
    idle: BTreeSet<String>,
}

/// A hook or an action that has begun.
#[derive(Debug)]
pub struct BegunHook {
    /// The unit, `hello-server/0`.
    pub unit: String,
    /// What is to be run, with its storage where it is on this computer.
    pub hook: Hook,
    /// The same as the model knows it.
    of_model: Hook,
    /// The number of the unit's machine.
    pub machine: u32,
    /// The unit beside which a subordinate lives.
    pub principal: Option<String>,
    known: Known,
}

impl InMemoryModel {
    /// A model without anything in it; the storage of its machines comes below this directory.
    #[must_use]
    pub fn new(storage: &Path) -> Self {
        let now = Timestamp::UNIX_EPOCH;
        let uuid = "00000000-0000-4000-8000-000000000000".to_owned();
        Self {
            model: Model::new("testing", uuid, now),
            charms: BTreeMap::new(),
            storage: storage.to_owned(),
            now,
            secret_ids: 0,
            idle: BTreeSet::new(),
        }
    }

    /// The model's UUID.
    #[must_use]
    pub fn uuid(&self) -> &str {
        &self.model.uuid
    }

    /// Lets time pass: what has become due by then is due.
    pub fn wait(&mut self, time: Duration) {
        self.idle.clear();
        self.now += time;
    }

    /// The units that have something to do: at once, or when the hook that failed is due again.
    #[must_use]
    pub fn busy_units(&mut self) -> Vec<String> {
        let mut busy = Vec::new();
        for (name, unit) in self.model.units() {
            if self.idle.contains(name) {
                continue;
            }
            if retry_of(unit).is_some() || next_operation(&self.model, name, self.now).is_some() {
                busy.push(name.clone());
            } else {
                self.idle.insert(name.clone());
            }
        }
        busy
    }

    /// An operator changes something: every unit may have something to do.
    pub(crate) fn changed(&mut self) -> &mut Model {
        self.idle.clear();
        &mut self.model
    }

    /// Lets the agent of a unit go on to its next hook or action, if it has one, with what answers the hook's commands. Time
    /// passes until a hook that failed is due again.
    ///
    /// # Errors
    /// When the model cannot be such.
    pub fn begin(&mut self, unit: &str) -> Result<Option<(BegunHook, HookContext)>> {
        if let Some((_, state)) = self.model.unit(unit)
            && let Some(due) = retry_of(state)
        {
            self.now = self.now.max(due);
        }
        loop {
            match next_operation(&self.model, unit, self.now) {
                None => return Ok(None),
                Some(Operation::SynchronizeScopes) => {
                    self.idle.clear();
                    uniter::synchronize_scopes(&mut self.model, unit, self.now)?;
                }
                Some(Operation::Skip(hook)) => {
                    uniter::skip(&mut self.model, unit, &hook, self.now);
                }
                Some(Operation::CleanUp) => self.changed().forget_unit(unit),
                Some(Operation::Run(hook)) => return self.begin_hook(unit, hook).map(Some),
                Some(Operation::RunAction(id)) => {
                    let task = self.model.task_mut(id).context("the task is gone")?;
                    task.start(self.now);
                    let name = task.action.clone();
                    return self.begin_hook(unit, Hook::Action { name, id }).map(Some);
                }
            }
        }
    }

    fn begin_hook(&mut self, unit: &str, hook: Hook) -> Result<(BegunHook, HookContext)> {
        uniter::begin(&mut self.model, unit, &hook, self.now);
        let (application, state) = self.model.unit(unit).context("the unit is gone")?;
        let (machine, principal) = (state.machine, state.principal.clone());
        let version = application.charm_version;
        if let Some(unit) = self.model.unit_mut(unit) {
            unit.charm_installed = version;
        }
        let known = Known::new(&self.model, unit, &hook).context("the unit is gone")?;
        let charm = self.charm_of(unit)?;
        let locate = |machine, location: &str| self.location(machine, location);
        let mut view = unit_view(&self.model, &charm, unit, &hook, locate)?;
        view.new_secret_ids = (0..NEW_SECRETS)
            .map(|id| secret_id(self.secret_ids + id))
            .collect();
        self.secret_ids += NEW_SECRETS;
        let begun = BegunHook {
            unit: unit.to_owned(),
            hook: self.located(machine, hook.clone())?,
            of_model: hook,
            machine,
            principal,
            known,
        };
        Ok((begun, HookContext::new(view)))
    }

    /// Ends a hook or an action with what it has asked for, and what it has changed at once; hands back why Juju takes it for failed, if it does.
    ///
    /// # Errors
    /// When the model cannot be such.
    pub fn end(
        &mut self,
        begun: &BegunHook,
        context: &HookContext,
        effects: Vec<Effect>,
        ended: Ended,
    ) -> Result<Option<String>> {
        let BegunHook {
            unit,
            of_model: hook,
            known,
            ..
        } = begun;
        let reboots = effects.contains(&Effect::RebootNow);
        if concerns_others(hook, context, &effects) {
            self.idle.clear();
        } else {
            self.idle.remove(unit);
        }
        for effect in effects {
            uniter::take_effect(&mut self.model, unit, hook, effect, self.now)?;
        }
        let why = match ended {
            _ if reboots => None,
            Ended::Exited(0) | Ended::Missing => self.commit(unit, context)?.err(),
            Ended::Exited(code) => Some(format!("exit status {code}")),
            Ended::Killed(_) | Ended::Interrupted => Some("terminated".to_owned()),
        };
        let is_killed = matches!(ended, Ended::Killed(_) | Ended::Interrupted);
        match (hook, &why) {
            (Hook::Action { id, .. }, why) => {
                let committed = why.is_none() || ended != Ended::Exited(0);
                let failure = match why {
                    Some(_) if is_killed => Some(uniter::TERMINATED.to_owned()),
                    Some(why) if committed => Some(why.clone()),
                    _ => None,
                };
                let told = context.action().clone();
                uniter::end_action(&mut self.model, *id, told, failure, committed);
            }
            (_, None) if reboots => {
                if let Some(unit) = self.model.unit_mut(unit) {
                    let (hook, why) = (hook.clone(), Why::Rebooted);
                    unit.again = Some(Again { hook, why });
                }
            }
            (_, None) => uniter::succeed(&mut self.model, unit, hook, known, self.now),
            (_, Some(_)) if is_killed => {
                uniter::note_kill(&mut self.model, unit, hook, self.now);
            }
            (_, Some(_)) => uniter::fail(&mut self.model, unit, hook, self.now),
        }
        if reboots || why.is_none() && context.pending().reboot {
            uniter::reboot(&mut self.model, begun.machine);
        }
        Ok(why)
    }

    fn commit(&mut self, unit: &str, context: &HookContext) -> Result<Result<(), String>> {
        let charm = self.charm_of(unit)?;
        let view = view_at_the_end(&self.model, &charm, unit)?;
        let pending = context.pending();
        Ok(uniter::commit(&mut self.model, pending, &view, self.now))
    }

    fn charm_of(&self, unit: &str) -> Result<Arc<Charm>> {
        let (application, _) = unit.split_once('/').unwrap_or((unit, ""));
        let charm = self.charms.get(application).cloned();
        charm.with_context(|| format!("application \"{application}\" not found"))
    }

    fn location(&self, machine: u32, location: &str) -> String {
        let directory = self.storage.join(machine.to_string());
        let location = directory.join(location.trim_start_matches('/'));
        location.display().to_string()
    }

    /// The hook with its storage where it is on this computer.
    fn located(&self, machine: u32, mut hook: Hook) -> Result<Hook> {
        if let Hook::Storage {
            location: Some(StorageLocation { path, .. }),
            ..
        } = &mut hook
        {
            *path = self.location(machine, path);
            fs::create_dir_all(&path).with_context(|| format!("cannot make {path}"))?;
        }
        Ok(hook)
    }
}

/// A hook is not expected to add more secrets than that.
const NEW_SECRETS: u64 = 8;

/// The id of a secret, by its number.
pub(crate) fn secret_id(number: u64) -> String {
    format!("{number:020}")
}

/// Whether what a hook has done may give other units something to do.
fn concerns_others(hook: &Hook, context: &HookContext, effects: &[Effect]) -> bool {
    let pending = context.pending();
    let of_unit_alone = PendingChanges {
        open: pending.open.clone(),
        close: pending.close.clone(),
        state: pending.state.clone(),
        ..PendingChanges::default()
    };
    let is_own = |effect: &Effect| {
        matches!(
            effect,
            Effect::UnitStatus(_) | Effect::ApplicationStatus(_) | Effect::WorkloadVersion(_)
        )
    };
    let ends_something = match hook {
        Hook::Relation { event, .. } => *event == RelationEvent::Broken,
        Hook::Unit(name) => name == "remove",
        _ => true,
    };
    ends_something || *pending != of_unit_alone || !effects.iter().all(is_own)
}

/// When a hook that was killed, or that failed, is due again.
fn retry_of(unit: &Unit) -> Option<Timestamp> {
    match unit.again.as_ref()?.why {
        Why::Killed { due } | Why::Failed { due, .. } => Some(due),
        Why::Rebooted => None,
    }
}
