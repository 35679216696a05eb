//! What a hook does at once, whatever becomes of it.

use anyhow::Result;
use jiff::Timestamp;

use crate::agent::uniter::take_effect;
use crate::charm::hook::Hook;
use crate::controller::debug_log::{LogLevel, Record, is_kept};
use crate::controller::model::Model;
use crate::controller::model_config;
use crate::controller::store::Store;
use crate::hook::context::Effect;

/// Where a unit's hook leaves what takes effect at once: in the model and in its log.
pub(crate) struct AtOnce<'a> {
    store: &'a Store,
    unit: &'a str,
    logging_config: String,
}

impl<'a> AtOnce<'a> {
    pub(crate) fn new(store: &'a Store, model: &Model, unit: &'a str) -> Self {
        Self {
            store,
            unit,
            logging_config: model_config::logging_config(model).to_owned(),
        }
    }

    /// Makes one change; a wish to reboot is for who runs the hook.
    pub(crate) fn make(&self, hook: &Hook, effect: Effect) -> Result<()> {
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
            effect => self
                .store
                .update(|model| take_effect(model, self.unit, hook, effect, now)),
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
