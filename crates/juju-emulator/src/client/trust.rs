//! `trust`

use anyhow::Result;

use crate::client::session::Session;
use crate::client::status::settle_and_show;

/// Trust an application with the cloud's credentials, which it can ask for.
#[derive(Debug, clap::Args)]
pub(crate) struct Trust {
    application: String,
    /// Trust it no longer.
    #[arg(long)]
    remove: bool,
    /// Accepted: it only counts in models on Kubernetes.
    #[arg(long)]
    scope: Option<String>,
}

impl Trust {
    pub(crate) fn run(self, session: &Session) -> Result<()> {
        let store = session.store()?;
        store.update(|model| {
            let application = model.application_mut(&self.application)?;
            let trust = Some(!self.remove);
            if application.trust.unwrap_or_default() == self.remove {
                application.config_version += 1;
            }
            application.trust = trust;
            Ok(())
        })?;
        settle_and_show(session, &store)
    }
}
