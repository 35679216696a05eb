//! Relations: what a hook sees of them, and what it holds back until it has ended well.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize, Serializer};

use crate::controller::relation::update;

/// What one application or unit has published: keys with their texts.
pub type RelationData = BTreeMap<String, String>;

/// A relation as a unit's hook finds it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RelationView {
    /// The unit's own endpoint, `db` of `db:7`.
    pub endpoint: String,
    /// The application on the other side; the unit's own among peers.
    pub remote_application: String,
    /// The relation as its model calls it, the requirer first: `app:ingress mysql:db`, or `app:ring` among peers.
    pub key: String,
    /// The units of the other side that have joined and not departed.
    pub members: BTreeSet<String>,
    /// What units have published, as far as the unit may read it: its own, and all of the other side.
    pub unit_data: BTreeMap<String, RelationData>,
    /// What the applications of both sides have published.
    pub application_data: BTreeMap<String, RelationData>,
}

/// What `relation-set` asked for in one relation; an empty text deletes the key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RelationChanges {
    /// In the data of the unit.
    pub unit: RelationData,
    /// In the data of its application.
    pub application: RelationData,
}

impl RelationChanges {
    /// Writes the changes into what the unit and its application have published.
    pub fn apply(&self, of_unit: &mut RelationData, of_application: &mut RelationData) {
        update(of_unit, &self.unit);
        update(of_application, &self.application);
    }
}

/// What a unit's hook sees of the units and relations that there are to be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GoalState {
    /// The units of the unit's own application, itself included.
    pub units: BTreeMap<String, Goal>,
    /// By endpoint: the applications on the other side, and their units.
    pub relations: BTreeMap<String, BTreeMap<String, Goal>>,
}

/// What is to be, and how it fares.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Goal {
    /// A unit's status, such as `active`, or `dying`; of a relation `joined`.
    pub status: String,
    /// Since when, such as `2026-11-27 14:40:31Z`.
    #[serde(serialize_with = "write_time")]
    pub since: Timestamp,
}

/// Writes a time as `goal-state` prints it.
fn write_time<S: Serializer>(time: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(&time.strftime("%Y-%m-%d %H:%M:%SZ"))
}
