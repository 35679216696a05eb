//! The config of an application: what its operator has set, and whether they trust it.

use anyhow::Result;

use crate::charm::metadata::Charm;
use crate::controller::model::Application;

impl Application {
    /// Changes its settings, and whether it is trusted; its units hear of it when that changes its config.
    pub(crate) fn configure(
        &mut self,
        charm: &Charm,
        change: impl FnOnce(&mut Self) -> Result<()>,
    ) -> Result<()> {
        let config = |application: &Self| {
            let trust = application.trust.unwrap_or_default();
            (charm.config_with(&application.settings), trust)
        };
        let before = config(self);
        change(self)?;
        if config(self) != before {
            self.config_version += 1;
        }
        Ok(())
    }
}
