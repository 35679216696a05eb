//! `integrate` and `remove-relation`

use anyhow::{Result, bail};

use crate::client::derived::charm_of;
use crate::client::session::{Session, UsageError};
use crate::client::status::settle_and_show;
use crate::controller::model::Model;
use crate::controller::relation::{Relation, Side};

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
            model.integrate([one, other], charm_of)
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
        let found: Vec<u64> = if let [number] = &self.relation[..]
            && let Ok(number) = number.parse::<u64>()
        {
            let exists = model.relations.contains_key(&number);
            exists.then_some(number).into_iter().collect()
        } else {
            let named = two(&self.relation)?;
            let is_named = |relation: &Relation| {
                let [one, other] = &relation.sides[..] else {
                    return false;
                };
                let fits =
                    |side: &Side, name: &str| side.application == name || side.name() == name;
                fits(one, named[0]) && fits(other, named[1])
                    || fits(one, named[1]) && fits(other, named[0])
            };
            let relations = model.relations.iter();
            let named = relations.filter(|(_, relation)| is_named(relation));
            named.map(|(id, _)| *id).collect()
        };
        let asked = self.relation.join(" ");
        match found[..] {
            [id] if model.relations[&id].is_peer() => {
                bail!("cannot destroy relation \"{asked}\": is a peer relation")
            }
            [id] => Ok(id),
            [] => bail!("relation \"{asked}\" not found"),
            [..] => {
                let names = found
                    .iter()
                    .map(|id| format!("\"{}\"", name_of(&model.relations[id])));
                let names: Vec<_> = names.collect();
                bail!(
                    "ambiguous relation: \"{asked}\" could refer to {}",
                    names.join("; ")
                )
            }
        }
    }
}

fn two(names: &[String]) -> Result<[&str; 2]> {
    match names {
        [one, other] => Ok([one, other]),
        _ => Err(UsageError("a relation must involve two applications".to_owned()).into()),
    }
}

fn name_of(relation: &Relation) -> String {
    let names: Vec<_> = relation.sides.iter().map(Side::name).collect();
    names.join(" ")
}
