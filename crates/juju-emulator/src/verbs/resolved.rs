//! `resolved`

use anyhow::{Result, bail};
use jiff::Timestamp;

use crate::cli::{Session, UsageError};
use crate::model::{Again, StatusSince, Why};
use crate::model_config;
use crate::uniter::{Seen, advance};

/// Run the failed hook of a unit again, now.
#[derive(Debug, clap::Args)]
pub(crate) struct Resolved {
    /// The units, such as `app/0`.
    units: Vec<String>,
    /// All units in error.
    #[arg(long)]
    all: bool,
    /// Skip the failed hook instead of running it again.
    #[arg(long)]
    no_retry: bool,
}

impl Resolved {
    pub(crate) fn run(self, session: &Session) -> Result<()> {
        if self.all != self.units.is_empty() {
            return Err(UsageError("name units, or say --all".to_owned()).into());
        }
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
            let interval = model_config::update_status_interval(model);
            let now = Timestamp::now();
            for name in units {
                let Some((application, _)) = model.unit(&name) else {
                    continue;
                };
                let seen = Seen {
                    config_version: application.config_version,
                    update_status_interval: interval,
                };
                let Some(unit) = model.unit_mut(&name) else {
                    continue;
                };
                let Some(hook) = unit.failed_hook().cloned() else {
                    bail!("unit \"{name}\" is not in an error state");
                };
                if self.no_retry {
                    unit.agent_status = StatusSince::new("idle", "", now);
                    advance(unit, &hook, &seen, now);
                } else if let Some(Again {
                    why: Why::Failed { resolved, .. },
                    ..
                }) = &mut unit.again
                {
                    *resolved = true;
                }
            }
            Ok(())
        })?;
        session.settle_and_show(&store)
    }
}
