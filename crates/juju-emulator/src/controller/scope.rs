//! Who is in which relation of the model.

use std::collections::BTreeMap;

use anyhow::Result;
use jiff::Timestamp;

use crate::charm::metadata::{Charm, Role, Scope};
use crate::controller::life::Life;
use crate::controller::model::{Model, Unit, application_of};
use crate::controller::relation::{Participant, Relation, Side, VersionedSettings};
use crate::machine::address::address;

impl Model {
    /// Adds a relation under the next number.
    pub(crate) fn add_relation(
        &mut self,
        interface: &str,
        scope: Scope,
        sides: Vec<Side>,
        now: Timestamp,
    ) -> u64 {
        let id = self.next_relation;
        self.next_relation += 1;
        let relation = Relation {
            interface: interface.to_owned(),
            scope,
            life: Life::Alive,
            created: now,
            sides,
        };
        self.relations.insert(id, relation.into());
        id
    }

    /// Adds the peer relations that an application's charm declares and that are not there yet.
    pub(crate) fn add_peer_relations(&mut self, application: &str, charm: &Charm, now: Timestamp) {
        let peers = charm.endpoints.iter();
        for (name, endpoint) in peers.filter(|(_, endpoint)| endpoint.role == Role::Peer) {
            let exists = self.relations_of(application).any(|(_, relation)| {
                let side = relation.side(application);
                side.is_some_and(|side| side.endpoint == *name)
            });
            if !exists {
                let side = Side::new(application, name, Role::Peer);
                self.add_relation(&endpoint.interface, endpoint.scope, vec![side], now);
            }
        }
    }

    /// The relations of an application, those with others before those among peers, as its units hear of them.
    pub(crate) fn relations_of<'a>(
        &'a self,
        application: &'a str,
    ) -> impl Iterator<Item = (u64, &'a Relation)> {
        let relations = move |peer: bool| {
            let relations = self
                .relations
                .iter()
                .map(|(id, relation)| (*id, &**relation));
            relations.filter(move |(_, relation)| {
                relation.is_peer() == peer && relation.side(application).is_some()
            })
        };
        relations(false).chain(relations(true))
    }

    /// The units that a unit meets in a relation, sorted.
    pub(crate) fn counterparts<'a>(
        &'a self,
        unit: &'a str,
        relation: &'a Relation,
    ) -> impl Iterator<Item = (&'a str, &'a VersionedSettings)> {
        let side = relation.remote_side(application_of(unit));
        side.into_iter()
            .flat_map(|side| &side.units)
            .filter(move |(name, other)| other.in_scope && self.is_near(unit, relation, name))
            .map(|(name, other)| (name.as_str(), &other.settings))
    }

    /// Whether a unit meets another in a relation.
    pub(crate) fn is_counterpart(&self, unit: &str, relation: &Relation, other: &str) -> bool {
        let side = relation.remote_side(application_of(unit));
        side.is_some_and(|side| side.has_in_scope(other)) && self.is_near(unit, relation, other)
    }

    /// Whether another unit is one that a unit can meet: not itself, and in a container's scope beside it.
    fn is_near(&self, unit: &str, relation: &Relation, other: &str) -> bool {
        let container = |name: &str| {
            let principal = self.unit(name).and_then(|(_, unit)| unit.principal.clone());
            principal.unwrap_or_else(|| name.to_owned())
        };
        other != unit && (relation.scope != Scope::Container || container(unit) == container(other))
    }

    /// The relations that a unit's agent has to enter, and those that it leaves without a hook.
    pub(crate) fn scopes_to_synchronize(&self, unit: &str) -> (Vec<u64>, Vec<u64>) {
        let Some((_, state)) = self.unit(unit) else {
            return Default::default();
        };
        let application = application_of(unit);
        let (mut enter, mut leave) = (Vec::new(), Vec::new());
        for (id, relation) in self.relations_of(application) {
            let Some(side) = relation.side(application) else {
                continue;
            };
            let is_over = state.is_dying() || relation.life != Life::Alive;
            let told = state.relations.get(&id);
            let told = told.is_some_and(|told| told.created || !told.members.is_empty());
            if side.has_in_scope(unit) {
                if is_over && !told && !relation.is_peer() {
                    leave.push(id);
                }
            } else if !is_over && state.belongs_in(relation, application) {
                enter.push(id);
            }
        }
        (enter, leave)
    }

    /// Lets a unit enter a relation, with what Juju publishes for it. A principal brings its subordinate along.
    pub(crate) fn enter_scope(&mut self, unit: &str, id: u64, now: Timestamp) -> Result<()> {
        let (application, machine) = match self.unit(unit) {
            Some((_, state)) => (application_of(unit).to_owned(), state.machine),
            None => return Ok(()),
        };
        let Some(relation) = self.relations.get_mut(&id) else {
            return Ok(());
        };
        if let Some(side) = relation.side_mut(&application) {
            let participant = Participant {
                in_scope: true,
                settings: VersionedSettings {
                    data: published_by_juju(machine),
                    version: 0,
                },
            };
            side.units.insert(unit.to_owned(), participant);
        }
        let remote = relation.remote_side(&application);
        let remote = remote.map(|side| side.application.clone());
        let is_container = relation.scope == Scope::Container;
        if let Some(remote) = remote.filter(|_| is_container)
            && self.application(&remote)?.subordinate
            && self
                .unit(unit)
                .is_some_and(|(_, unit)| unit.principal.is_none())
            && !self
                .subordinates(unit)
                .any(|name| application_of(name) == remote)
        {
            self.add_subordinate(&remote, unit, machine, now)?;
        }
        Ok(())
    }

    /// Lets a unit leave a relation, which goes with its last unit when it is to go.
    pub(crate) fn leave_scope(&mut self, unit: &str, id: u64) {
        let application = application_of(unit);
        let Some(relation) = self.relations.get_mut(&id) else {
            return;
        };
        if let Some(side) = relation.side_mut(application)
            && let Some(participant) = side.units.get_mut(unit)
        {
            participant.in_scope = false;
        }
        let is_container = relation.scope == Scope::Container;
        self.remove_relation_if_over(id);
        // A subordinate goes with the last relation that holds it beside its principal.
        let is_held = self.relations_of(application).any(|(_, relation)| {
            let side = relation.side(application);
            let is_in_scope = side.is_some_and(|side| side.has_in_scope(unit));
            is_in_scope && relation.scope == Scope::Container && !relation.is_peer()
        });
        if let Some(state) = self.unit_mut(unit) {
            state.relations.remove(&id);
            if is_container && !is_held && state.principal.is_some() {
                state.life = state.life.max(Life::Dying);
            }
        }
    }

    /// Writes what a unit's hook has published in a relation; an empty text deletes the key.
    pub(crate) fn publish(
        &mut self,
        unit: &str,
        id: u64,
        of_unit: &BTreeMap<String, String>,
        of_application: &BTreeMap<String, String>,
    ) {
        let relation = self.relations.get_mut(&id);
        let Some(side) = relation.and_then(|relation| relation.side_mut(application_of(unit)))
        else {
            return;
        };
        if let Some(participant) = side.units.get_mut(unit) {
            participant.settings.update(of_unit);
        }
        side.settings.update(of_application);
    }

    /// Makes a relation go, at once when no unit is in it.
    pub(crate) fn destroy_relation(&mut self, id: u64) {
        if let Some(relation) = self.relations.get_mut(&id) {
            relation.life = Life::Dying;
        }
        self.remove_relation_if_over(id);
    }

    fn remove_relation_if_over(&mut self, id: u64) {
        let relation = self.relations.get(&id);
        if relation.is_some_and(|it| it.life != Life::Alive && !it.has_participants()) {
            self.relations.remove(&id);
            self.tidy_secrets();
        }
    }

    /// The subordinates beside a unit.
    pub(crate) fn subordinates<'a>(&'a self, unit: &'a str) -> impl Iterator<Item = &'a String> {
        let is_beside =
            move |(_, other): &(&String, &Unit)| other.principal.as_deref() == Some(unit);
        self.units().filter(is_beside).map(|(name, _)| name)
    }
}

impl Unit {
    /// Whether it can be in a relation of its application: a subordinate is in one for the units beside others only beside its own
    /// principal.
    fn belongs_in(&self, relation: &Relation, application: &str) -> bool {
        let remote = relation.remote_side(application);
        let is_beside = |principal: &String| {
            remote.is_some_and(|side| side.application == application_of(principal))
        };
        relation.scope == Scope::Global
            || relation.is_peer()
            || self.principal.as_ref().is_none_or(is_beside)
    }
}

/// What is in the data of every unit without the charm's doing; Juju 4 leaves `private-address` out.
pub(crate) fn published_by_juju(machine: u32) -> BTreeMap<String, String> {
    let address = address(machine);
    BTreeMap::from([
        ("egress-subnets".to_owned(), format!("{address}/32")),
        ("ingress-address".to_owned(), address.to_string()),
        ("private-address".to_owned(), address.to_string()),
    ])
}
