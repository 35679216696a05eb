//! What a hook does at once, whatever becomes of it.

use anyhow::Result;
use jiff::Timestamp;

use crate::charm::hook::Hook;
use crate::controller::debug_log::{LogLevel, Record, is_kept};
use crate::controller::model::{Model, StatusSince, application_of};
use crate::controller::model_config;
use crate::controller::store::Store;
use crate::hook::context::Effect;

/// Where a unit's hook leaves what takes effect at once: in the model and in its log.
pub(crate) struct AtOnce<'a> {
    store: &'a Store,
    unit: &'a str,
    logging_config: String,
    /// The task that the hook is, if it is one.
    task: Option<u64>,
}

impl<'a> AtOnce<'a> {
    pub(crate) fn new(store: &'a Store, model: &Model, unit: &'a str) -> Self {
        Self {
            store,
            unit,
            logging_config: model_config::logging_config(model).to_owned(),
            task: None,
        }
    }

    /// The same, for a hook that may be an action.
    pub(crate) fn of_hook(mut self, hook: &Hook) -> Self {
        if let Hook::Action { id, .. } = hook {
            self.task = Some(*id);
        }
        self
    }

    /// Makes one change; a wish to reboot is for who runs the hook.
    pub(crate) fn make(&self, effect: Effect) -> Result<()> {
        let now = Timestamp::now();
        match effect {
            Effect::Log { level, message } => {
                self.log(&format!("unit.{}.juju-log", self.unit), level, message)
            }
            Effect::RebootNow => Ok(()),
            Effect::Resource { name, path } => {
                let model = self.store.read()?;
                self.store.download(&model, self.unit, &name, path.as_ref())
            }
            Effect::ActionLog(message) => self.store.update(|model| {
                if let Some(task) = self.task.and_then(|id| model.task_mut(id)) {
                    task.log.push((now, message));
                }
                Ok(())
            }),
            Effect::UnitStatus(status) => self.store.update(|model| {
                if let Some(unit) = model.unit_mut(self.unit) {
                    unit.workload_status = StatusSince { status, since: now };
                    unit.status_set = true;
                }
                Ok(())
            }),
            Effect::ApplicationStatus(status) => self.store.update(|model| {
                let application = model.application_mut(application_of(self.unit))?;
                application.status = Some(StatusSince { status, since: now });
                Ok(())
            }),
            Effect::LeaderSettings(settings) => self.store.update(|model| {
                let application = model.application_mut(application_of(self.unit))?;
                application.leader_settings.update(&settings);
                Ok(())
            }),
            Effect::SecretRead { id, consumer } => self.store.update(|model| {
                if let Some(secret) = model.secrets.get_mut(&id) {
                    secret.consumers.insert(self.unit.to_owned(), consumer);
                }
                Ok(())
            }),
            Effect::WorkloadVersion(version) => self.store.update(|model| {
                let application = model.application_mut(application_of(self.unit))?;
                application.workload_version = version;
                Ok(())
            }),
        }
    }

    /// Logs, if the model keeps such a record.
    pub(crate) fn log(&self, logger: &str, level: LogLevel, message: String) -> Result<()> {
        if !is_kept(&self.logging_config, logger, level) {
            return Ok(());
        }
        self.store.log().append(&Record {
            time: Timestamp::now(),
            entity: format!("unit-{}", self.unit.replace('/', "-")),
            level,
            module: logger.to_owned(),
            message,
        })
    }
}
