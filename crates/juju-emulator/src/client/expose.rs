//! `expose` and `unexpose`

use anyhow::Result;

use crate::client::session::Session;
use crate::client::status::settle_and_show;

/// Make an application reachable from outside, as far as its units have opened ports.
#[derive(Debug, clap::Args)]
pub(crate) struct Expose {
    application: String,
}

/// Take back what expose did.
#[derive(Debug, clap::Args)]
pub(crate) struct Unexpose {
    application: String,
}

impl Expose {
    pub(crate) fn run(self, session: &Session) -> Result<()> {
        set_exposed(session, &self.application, true)
    }
}

impl Unexpose {
    pub(crate) fn run(self, session: &Session) -> Result<()> {
        set_exposed(session, &self.application, false)
    }
}

fn set_exposed(session: &Session, application: &str, exposed: bool) -> Result<()> {
    let store = session.store()?;
    store.update(|model| {
        model.application_mut(application)?.exposed = exposed;
        Ok(())
    })?;
    settle_and_show(session, &store)
}
