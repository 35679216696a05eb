//! `resolved`

use anyhow::{Result, bail};

use crate::client::derived::is_in_error;
use crate::client::session::{Session, UsageError};
use crate::client::status::settle_and_show;
use crate::client::units::check_unit_names;
use crate::controller::model::{Resolved, Why};

/// Run the failed hook of a unit again, now.
#[derive(Debug, clap::Args)]
pub(crate) struct ResolvedVerb {
    /// The units, such as `app/0`.
    units: Vec<String>,
    /// All units in error.
    #[arg(long)]
    all: bool,
    /// Skip the failed hook instead of running it again.
    #[arg(long)]
    no_retry: bool,
}

impl ResolvedVerb {
    pub(crate) fn run(self, session: &Session) -> Result<()> {
        let wrong = match (self.all, self.units.is_empty()) {
            (true, false) => Some("specifying unit names(s) with --all not supported"),
            (false, true) => Some("no unit specified"),
            _ => None,
        };
        if let Some(wrong) = wrong {
            return Err(UsageError(wrong.to_owned()).into());
        }
        check_unit_names(&self.units)?;
        let store = session.store()?;
        session.settle(&store)?;
        store.update(|model| {
            let units = if self.all {
                let failed = model
                    .units()
                    .filter(|(_, unit)| unit.failed_hook().is_some());
                failed.map(|(name, _)| name.clone()).collect()
            } else {
                let names = self.units.iter().map(|name| model.unit_name(name));
                names.collect::<Result<Vec<_>>>()?
            };
            let how = if self.no_retry {
                Resolved::NoHooks
            } else {
                Resolved::RetryHooks
            };
            for name in units {
                let Some(unit) = model.unit_mut(&name) else {
                    continue;
                };
                let in_error = is_in_error(unit);
                match unit.again.as_mut().map(|again| &mut again.why) {
                    Some(Why::Failed { resolved, .. }) => *resolved = Some(how),
                    // Its agent cannot work, and tries again in any case.
                    _ if in_error => {}
                    _ => bail!("unit \"{name}\" is not in an error state"),
                }
            }
            Ok(())
        })?;
        settle_and_show(session, &store)
    }
}
