//! `integrate` and `remove-relation`

use anyhow::Result;
use jiff::Timestamp;

use crate::client::derived::charm_of;
use crate::client::session::{Session, UsageError};
use crate::client::status::settle_and_show;
use crate::controller::model::Model;

/// Relate two applications through endpoints that fit.
#[derive(Debug, clap::Args)]
pub(crate) struct Integrate {
    /// Two of APPLICATION or APPLICATION:ENDPOINT.
    applications: Vec<String>,
}

/// End a relation.
#[derive(Debug, clap::Args)]
pub(crate) struct RemoveRelation {
    /// Two of APPLICATION or APPLICATION:ENDPOINT; or the number of the relation.
    relation: Vec<String>,
    /// End it even when hooks fail: they are not run.
    #[arg(long)]
    force: bool,
}

impl Integrate {
    pub(crate) fn run(self, session: &Session) -> Result<()> {
        let [one, other] = two(&self.applications)?;
        let store = session.store()?;
        session.settle(&store)?;
        store.update(|model| {
            let charm_of = |model: &Model, application: &str| charm_of(&store, model, application);
            model.integrate([one, other], Timestamp::now(), charm_of)
        })?;
        settle_and_show(session, &store)
    }
}

impl RemoveRelation {
    pub(crate) fn run(self, session: &Session) -> Result<()> {
        let store = session.store()?;
        store.update(|model| {
            let id = self.find(model)?;
            if self.force {
                let units: Vec<_> = model.units().map(|(name, _)| name.clone()).collect();
                model.destroy_relation(id);
                for unit in units {
                    model.leave_scope(&unit, id);
                }
            }
            model.destroy_relation(id);
            Ok(())
        })?;
        settle_and_show(session, &store)
    }

    fn find(&self, model: &Model) -> Result<u64> {
        if let [number] = &self.relation[..]
            && let Ok(number) = number.parse::<u64>()
        {
            return model.removable_relation(number);
        }
        model.relation_between(two(&self.relation)?)
    }
}

fn two(names: &[String]) -> Result<[&str; 2]> {
    match names {
        [one, other] => Ok([one, other]),
        _ => Err(UsageError("a relation must involve two applications".to_owned()).into()),
    }
}
