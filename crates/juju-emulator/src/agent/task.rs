//! Tasks: the actions that operators run in a unit, and what a task leaves.

use std::mem;

use anyhow::{Context as _, Result, bail};
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::agent::operation::RunningHook;
use crate::agent::unit_agent::{UnitAgent, exit_code};
use crate::agent::view::charm_of_unit;
use crate::charm::hook::Hook;
use crate::controller::operation::{Task, TaskStatus};
use crate::go::base64::base64;
use crate::go::strconv::quote;
use crate::hook::process::Ended;

/// What a program left that a task ran.
#[derive(Debug)]
pub(crate) struct Executed {
    pub(crate) exit_code: i32,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    /// Whether the changes that it asked for were kept.
    pub(crate) committed: bool,
}

impl Executed {
    /// Adds what Juju itself puts among the results of a task.
    pub(crate) fn add_to(&self, results: &mut Map<String, Value>) {
        results.insert("return-code".to_owned(), self.exit_code.into());
        for (name, output) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            let (text, encoding) = text(output);
            if !text.is_empty() {
                results.insert(name.to_owned(), text.into());
            }
            if let Some(encoding) = encoding {
                results.insert(format!("{name}-encoding"), encoding.into());
            }
        }
    }
}

/// What was printed, as text, and how it is encoded if it is.
pub(crate) fn text(output: &[u8]) -> (String, Option<&'static str>) {
    match str::from_utf8(output) {
        Ok(text) => (text.to_owned(), None),
        Err(_) => (base64(output), Some("base64")),
    }
}

/// What Juju says of a task whose changes it could not make.
pub(crate) const NOT_COMMITTED: &str = "committing requested changes failed";

/// What Juju says of an action whose process was killed, or its agent.
const TERMINATED: &str = "action terminated";

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
        let told = running.action().clone();
        let mut results = told.results;
        let mut executed = Executed {
            exit_code: 0,
            stdout: mem::take(&mut running.stdout),
            stderr: mem::take(&mut running.stderr),
            committed: true,
        };
        let message = match ended {
            Ok(Ended::Missing) => Some(format!(
                "action not implemented on unit {}",
                quote(self.unit)
            )),
            Err(error) => Some(error.to_string()),
            Ok(ended) => {
                executed.exit_code = exit_code(ended)?;
                let message = match ended {
                    Ended::Exited(0) => self.commit_action(&running, &mut executed)?,
                    Ended::Exited(code) => Some(format!("exit status {code}")),
                    _ => Some(TERMINATED.to_owned()),
                };
                executed.add_to(&mut results);
                message
            }
        };
        // The charm's own message counts as long as it has exited with 0.
        let message = match message {
            Some(message) if executed.committed => Some(message),
            otherwise => told.failure.or(otherwise),
        };
        self.end(id, |task| task.end(message, results))?;
        self.act_on_shutdown(&running, false)
    }

    /// Makes the changes that an action has asked for; hands back what to say where Juju refuses them.
    fn commit_action(
        &self,
        running: &RunningHook<'_>,
        executed: &mut Executed,
    ) -> Result<Option<String>> {
        let Err(refusal) = self.store.update(|model| running.commit(model))? else {
            return Ok(None);
        };
        running.log_refusal(&refusal)?;
        executed.refused(&refusal);
        Ok(Some(NOT_COMMITTED.to_owned()))
    }

    fn end(&self, id: u64, change: impl FnOnce(&mut Task)) -> Result<()> {
        self.store.update(|model| {
            change(model.task_mut(id).context("the task is gone")?);
            Ok(())
        })
    }
}

impl Executed {
    /// Notes that Juju does not make the changes, among what was printed.
    pub(crate) fn refused(&mut self, refusal: &str) {
        self.stderr
            .extend(format!("cannot apply changes: {refusal}\n").into_bytes());
        self.exit_code = self.exit_code.max(1);
        self.committed = false;
    }
}
