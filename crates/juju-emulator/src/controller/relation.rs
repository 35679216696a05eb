//! One relation, as the controller keeps it: its sides, who is in it, and the data of each.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::charm::metadata::{Role, Scope};
use crate::controller::life::Life;

/// The endpoint that every principal charm has without declaring it, for subordinates. It has no hooks.
pub(crate) const JUJU_INFO: &str = "juju-info";

/// One relation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Relation {
    pub(crate) interface: String,
    pub(crate) scope: Scope,
    pub(crate) life: Life,
    pub(crate) created: Timestamp,
    /// The provider and the requirer; the only one of a peer relation.
    pub(crate) sides: Vec<Side>,
}

/// One side of a relation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Side {
    pub(crate) application: String,
    pub(crate) endpoint: String,
    pub(crate) role: Role,
    pub(crate) settings: VersionedSettings,
    /// The units that are in the relation, and those that have left it: their settings can still be read.
    pub(crate) units: BTreeMap<String, Participant>,
}

/// A unit of one side.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Participant {
    pub(crate) in_scope: bool,
    pub(crate) settings: VersionedSettings,
}

/// The data that one application or unit has published.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct VersionedSettings {
    pub(crate) data: BTreeMap<String, String>,
    /// Counts the changes.
    pub(crate) version: u64,
}

/// What a unit's agent has told its charm about a relation so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct RelationState {
    /// `relation-created` has succeeded.
    pub(crate) created: bool,
    /// The units that have joined, with the version of their settings that the charm has seen.
    pub(crate) members: BTreeMap<String, u64>,
    /// The version of the other application's settings that the charm has seen.
    pub(crate) application: u64,
    /// The unit whose `relation-joined` has succeeded and whose `relation-changed` follows.
    pub(crate) changed_pending: Option<String>,
}

impl Relation {
    pub(crate) fn is_peer(&self) -> bool {
        self.sides.len() == 1
    }

    pub(crate) fn side(&self, application: &str) -> Option<&Side> {
        let mut sides = self.sides.iter();
        sides.find(|side| side.application == application)
    }

    pub(crate) fn side_mut(&mut self, application: &str) -> Option<&mut Side> {
        let mut sides = self.sides.iter_mut();
        sides.find(|side| side.application == application)
    }

    /// The side that an application is related to: its own among peers.
    pub(crate) fn remote_side(&self, application: &str) -> Option<&Side> {
        let mut sides = self.sides.iter();
        if self.is_peer() {
            return sides.next();
        }
        sides.find(|side| side.application != application)
    }

    /// As Juju names it, the requirer first: `b:need a:db`.
    pub(crate) fn key(&self) -> String {
        let mut sides: Vec<_> = self.sides.iter().collect();
        sides.sort_by_key(|side| std::cmp::Reverse(side.role));
        let names: Vec<_> = sides.into_iter().map(Side::name).collect();
        names.join(" ")
    }

    /// Whether any unit is in it.
    pub(crate) fn has_participants(&self) -> bool {
        let mut units = self.sides.iter().flat_map(|side| side.units.values());
        units.any(|unit| unit.in_scope)
    }
}

impl Side {
    pub(crate) fn new(application: &str, endpoint: &str, role: Role) -> Self {
        Self {
            application: application.to_owned(),
            endpoint: endpoint.to_owned(),
            role,
            settings: VersionedSettings::default(),
            units: BTreeMap::new(),
        }
    }

    /// Whether it is the endpoint that every charm has without declaring it.
    pub(crate) fn is_implicit(&self) -> bool {
        self.endpoint == JUJU_INFO && self.role == Role::Provider
    }

    pub(crate) fn has_in_scope(&self, unit: &str) -> bool {
        self.units.get(unit).is_some_and(|unit| unit.in_scope)
    }

    /// As the client names it: `hello-server:ingress`.
    pub(crate) fn name(&self) -> String {
        format!("{}:{}", self.application, self.endpoint)
    }
}

/// Sets what has a value, and deletes what has an empty one.
pub(crate) fn update(data: &mut BTreeMap<String, String>, changes: &BTreeMap<String, String>) {
    data.extend(changes.clone());
    data.retain(|_, value| !value.is_empty());
}

impl VersionedSettings {
    /// Makes changes as [`update`] does, and counts what has changed something.
    pub(crate) fn update(&mut self, changes: &BTreeMap<String, String>) {
        let before = self.data.clone();
        update(&mut self.data, changes);
        if self.data != before {
            self.version += 1;
        }
    }
}
