//! Which endpoints two applications can be related through.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use anyhow::{Result, bail};
use jiff::Timestamp;

use crate::charm::metadata::{Charm, Endpoint, Role, Scope};
use crate::controller::model::Model;
use crate::controller::relation::{JUJU_INFO, Relation, Side};

/// An endpoint that an application has, and that a relation could begin at.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Candidate {
    application: String,
    endpoint: String,
    declared: Endpoint,
    is_subordinate: bool,
}

impl Model {
    /// Relates two of `app` or `app:endpoint`, if one pair of their endpoints fits.
    pub(crate) fn integrate(
        &mut self,
        asked: [&str; 2],
        now: Timestamp,
        charm_of: impl Fn(&Self, &str) -> Result<Charm>,
    ) -> Result<()> {
        let ends = endpoints_that_fit(self, asked, charm_of)?;
        relate(self, ends, asked, now)
    }

    /// The relation between two of `app` or `app:endpoint`, to be removed.
    pub(crate) fn relation_between(&self, asked: [&str; 2]) -> Result<u64> {
        let is_named = |relation: &Relation| {
            let [one, other] = &relation.sides[..] else {
                return false;
            };
            let fits = |side: &Side, name: &str| side.application == name || side.name() == name;
            fits(one, asked[0]) && fits(other, asked[1])
                || fits(one, asked[1]) && fits(other, asked[0])
        };
        let relations = self.relations.iter();
        let found = relations.filter(|(_, relation)| is_named(relation));
        let found: Vec<_> = found.map(|(id, _)| *id).collect();
        let asked = asked.join(" ");
        match found[..] {
            [id] => Ok(id),
            [] => bail!("relation \"{asked}\" not found"),
            [..] => {
                let names = found
                    .iter()
                    .map(|id| format!("\"{}\"", name_of(&self.relations[id])));
                let names: Vec<_> = names.collect();
                bail!(
                    "ambiguous relation: \"{asked}\" could refer to {}",
                    names.join("; ")
                )
            }
        }
    }

    /// The relation of this number, to be removed.
    pub(crate) fn removable_relation(&self, id: u64) -> Result<u64> {
        match self.relations.get(&id) {
            None => bail!("relation \"{id}\" not found"),
            Some(relation) if relation.is_peer() => {
                bail!("cannot destroy relation \"{id}\": is a peer relation")
            }
            Some(_) => Ok(id),
        }
    }
}

/// Adds the relation between two endpoints that fit.
fn relate(model: &mut Model, ends: [Candidate; 2], asked: [&str; 2], now: Timestamp) -> Result<()> {
    let names = ends.each_ref().map(Candidate::name);
    let refused = |why: String| {
        let [one, other] = &names;
        bail!(
            "adding relation between endpoints \"{}\" and \"{}\": cannot add relation \"{one}\", \"{other}\": {why}",
            asked[0],
            asked[1]
        )
    };
    let mut relations = model.relations.values();
    let already = relations.any(|relation| {
        let sides: BTreeSet<_> = relation.sides.iter().map(Side::name).collect();
        sides == BTreeSet::from(names.clone())
    });
    if already {
        return refused(format!(
            "relation {} {}: already exists",
            names[0], names[1]
        ));
    }
    for end in &ends {
        if model.application(&end.application)?.dying {
            return refused(format!("application \"{}\" is not alive", end.application));
        }
        let used = model
            .relations_of(&end.application)
            .filter(|(_, relation)| {
                let side = relation.side(&end.application);
                side.is_some_and(|side| side.endpoint == end.endpoint)
            });
        if let Some(limit) = end.declared.limit
            && used.count() >= limit as usize
        {
            // As Juju 3.6 says it, since tests of charms look for it.
            let mut key = ends.each_ref();
            key.sort_by_key(|end| Reverse(end.declared.role));
            bail!(
                "cannot add relation \"{} {}\": establishing a new relation for {} would exceed its maximum relation limit of {limit} (quota limit exceeded)",
                key[0].name(),
                key[1].name(),
                end.name()
            );
        }
    }
    let is_container = ends
        .iter()
        .any(|end| end.declared.scope == Scope::Container);
    let scope = if is_container {
        Scope::Container
    } else {
        Scope::Global
    };
    let interface = ends[0].declared.interface.clone();
    let mut sides = ends.map(|end| Side::new(&end.application, &end.endpoint, end.declared.role));
    sides.sort_by_key(|side| side.role);
    model.add_relation(&interface, scope, sides.into(), now);
    Ok(())
}

/// The one pair of endpoints that fits; those that charms declare before the one that each has without declaring it.
fn endpoints_that_fit(
    model: &Model,
    [one, other]: [&str; 2],
    charm_of: impl Fn(&Model, &str) -> Result<Charm>,
) -> Result<[Candidate; 2]> {
    let refused = |why: String| {
        bail!(
            "adding relation between endpoints \"{one}\" and \"{other}\": cannot relate endpoints \"{one}\" and \"{other}\": {why}"
        )
    };
    let mut candidates = Vec::new();
    for asked in [one, other] {
        let of_one = candidates_for(model, asked, &charm_of)?;
        if of_one.is_empty() {
            return refused(format!(
                "no candidates for {asked}: relation endpoint not found"
            ));
        }
        candidates.push(of_one);
    }
    let pairs = candidates[0].iter().flat_map(|one| {
        let fitting = candidates[1].iter().filter(|other| one.fits(other));
        fitting.map(move |other| [one.clone(), other.clone()])
    });
    let pairs: Vec<_> = pairs.collect();
    let is_declared = |pair: &&[Candidate; 2]| pair.iter().all(|end| !end.is_implicit());
    let declared: Vec<_> = pairs.iter().filter(is_declared).cloned().collect();
    let mut pairs = if declared.is_empty() { pairs } else { declared };
    match pairs.len() {
        0 => refused("no compatible endpoints found between applications".to_owned()),
        1 => Ok(pairs.swap_remove(0)),
        _ => {
            let names = pairs
                .iter()
                .map(|[one, other]| format!("\"{} {}\"", one.name(), other.name()));
            let mut names: Vec<_> = names.collect();
            names.sort();
            refused(format!(
                "ambiguous relation: \"{one} {other}\" could refer to {}",
                names.join("; ")
            ))
        }
    }
}

/// The endpoints that `app` or `app:endpoint` may mean; none for what does not exist.
fn candidates_for(
    model: &Model,
    asked: &str,
    charm_of: impl Fn(&Model, &str) -> Result<Charm>,
) -> Result<Vec<Candidate>> {
    let (application, endpoint) = match asked.split_once(':') {
        Some((application, endpoint)) => (application, Some(endpoint)),
        None => (asked, None),
    };
    let Some(state) = model.applications.get(application) else {
        return Ok(Vec::new());
    };
    let implicit = Endpoint {
        role: Role::Provider,
        interface: JUJU_INFO.to_owned(),
        scope: Scope::Global,
        limit: None,
    };
    let mut declared = charm_of(model, application)?.endpoints;
    declared.entry(JUJU_INFO.to_owned()).or_insert(implicit);
    let candidates = declared.into_iter().filter(|(name, declared)| {
        declared.role != Role::Peer && endpoint.is_none_or(|endpoint| endpoint == name)
    });
    let candidate = |(name, declared)| Candidate {
        application: application.to_owned(),
        endpoint: name,
        declared,
        is_subordinate: state.subordinate,
    };
    Ok(candidates.map(candidate).collect())
}

impl Candidate {
    fn name(&self) -> String {
        format!("{}:{}", self.application, self.endpoint)
    }

    fn is_implicit(&self) -> bool {
        self.endpoint == JUJU_INFO && self.declared.role == Role::Provider
    }

    fn fits(&self, other: &Self) -> bool {
        let is_container = [self, other]
            .iter()
            .any(|end| end.declared.scope == Scope::Container);
        self.application != other.application
            && self.declared.interface == other.declared.interface
            && self.declared.role != other.declared.role
            // Units are beside one another only where one of them is a subordinate.
            && (!is_container || self.is_subordinate || other.is_subordinate)
    }
}

fn name_of(relation: &Relation) -> String {
    let names: Vec<_> = relation.sides.iter().map(Side::name).collect();
    names.join(" ")
}
