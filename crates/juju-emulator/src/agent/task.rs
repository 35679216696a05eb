//! Tasks: the actions that operators run in a unit, and what a task leaves.

use std::mem;

use anyhow::{Context as _, Result, bail};
use jiff::Timestamp;
use serde_json::Map;

use crate::agent::executed::{Executed, exit_code};
use crate::agent::operation::RunningHook;
use crate::agent::unit_agent::UnitAgent;
use crate::agent::uniter::{TERMINATED, end_action};
use crate::agent::view::charm_of_unit;
use crate::charm::hook::Hook;
use crate::controller::operation::{Task, TaskStatus};
use crate::go::strconv::quote;
use crate::hook::process::Ended;

impl UnitAgent<'_> {
    /// Runs an action to its end. Whatever becomes of it, the unit is as well as before.
    pub(crate) fn run_action(&self, id: u64) -> Result<()> {
        let model = self.store.read()?;
        let task = model.task(id).context("the task is gone")?;
        let name = task.action.clone();
        if task.status == TaskStatus::Running {
            // An agent was killed while it ran.
            return self.end(id, |task| task.end(Some(TERMINATED.to_owned()), Map::new()));
        }
        let charm = charm_of_unit(self.store, &model, self.unit)?;
        let refusal = match charm.action(&name) {
            Some(action) => action.check(&task.params).err(),
            None => Some(format!("action {} not found", quote(&name))),
        };
        if let Some(refusal) = refusal {
            return self.end(id, |task| {
                let message = format!("cannot run {} action: {refusal}", quote(&name));
                task.end(Some(message), Map::new());
                task.status = TaskStatus::Error;
            });
        }
        self.store.update(|model| {
            let task = model.task_mut(id).context("the task is gone")?;
            task.start(Timestamp::now());
            Ok(())
        })?;
        let hook = Hook::Action { name, id };
        let mut running = RunningHook::new(self.store, &model, self.unit, &hook)?;
        let ended = running.run("", self.interrupt)?;
        if let Ok(Ended::Interrupted) = ended {
            self.end(id, |task| task.end(Some(TERMINATED.to_owned()), Map::new()))?;
            bail!("interrupted");
        }
        let mut told = running.context().action().clone();
        let mut executed = Executed {
            exit_code: 0,
            stdout: mem::take(&mut running.stdout),
            stderr: mem::take(&mut running.stderr),
            committed: true,
        };
        let failure = match ended {
            Ok(Ended::Missing) => Some(format!(
                "action not implemented on unit {}",
                quote(self.unit)
            )),
            Err(error) => Some(error.to_string()),
            Ok(ended) => {
                executed.exit_code = exit_code(ended)?;
                let failure = match ended {
                    Ended::Exited(0) => {
                        self.commit_action(&running, &mut executed)?;
                        None
                    }
                    Ended::Exited(code) => Some(format!("exit status {code}")),
                    _ => Some(TERMINATED.to_owned()),
                };
                executed.add_to(&mut told.results);
                failure
            }
        };
        self.store.update(|model| {
            end_action(model, id, told, failure, executed.committed);
            Ok(())
        })?;
        self.act_on_shutdown(&running, false)
    }

    /// Makes the changes that an action has asked for, unless Juju refuses them.
    fn commit_action(&self, running: &RunningHook<'_>, executed: &mut Executed) -> Result<()> {
        if let Err(refusal) = self.store.update(|model| running.commit(model))? {
            running.log_refusal(&refusal)?;
            executed.refused(&refusal);
        }
        Ok(())
    }

    fn end(&self, id: u64, change: impl FnOnce(&mut Task)) -> Result<()> {
        self.store.update(|model| {
            change(model.task_mut(id).context("the task is gone")?);
            Ok(())
        })
    }
}
