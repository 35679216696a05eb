//! What is true in a model in memory.

use std::collections::BTreeMap;

use crate::agent::in_memory::model::InMemoryModel;
use crate::charm::hook::Hook;
use crate::controller::model::{Application, StatusSince, Unit};
use crate::controller::operation::Task;
use crate::controller::ports::OpenedPorts;
use crate::controller::relation::{Relation, Side};
use crate::controller::secret::Secret;
use crate::controller::status::Status;
use crate::hook::relation::view::RelationData;

/// What is true of an application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplicationState {
    /// The unit that leads, `hello-server/0`.
    pub leader: Option<String>,
    /// What the leader has set by `status-set --application`.
    pub status: Option<Status>,
    /// What `application-version-set` has set, or empty.
    pub workload_version: String,
}

/// What is true of a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitState {
    /// The workload's status.
    pub status: Status,
    /// The hook that has failed and is not made good yet.
    pub failed: Option<Hook>,
    /// What it has open.
    pub opened_ports: OpenedPorts,
    /// What `state-set` has kept.
    pub charm_state: BTreeMap<String, String>,
    /// Its life is not to end.
    pub is_alive: bool,
}

/// What is true of a relation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelationState {
    /// Its sides, the provider first; one among peers.
    pub sides: Vec<RelationSide>,
}

/// One side of a relation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelationSide {
    /// The application, `hello-server`.
    pub application: String,
    /// Its endpoint, `ingress`.
    pub endpoint: String,
    /// What the application has published.
    pub application_data: RelationData,
    /// What each of its units in the relation has published.
    pub unit_data: BTreeMap<String, RelationData>,
}

/// How an action has ended.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskState {
    /// What it has told.
    pub results: serde_json::Map<String, serde_json::Value>,
    /// What it has logged.
    pub log: Vec<String>,
    /// Why it has failed, if it has.
    pub failure: Option<String>,
    /// It has ended.
    pub has_ended: bool,
}

impl InMemoryModel {
    /// The applications, by name.
    pub fn applications(&self) -> impl Iterator<Item = (&str, ApplicationState)> {
        let applications = self.model.applications.iter();
        applications.map(|(name, application)| (name.as_str(), ApplicationState::of(application)))
    }

    /// The units, by name, in the order of their numbers.
    pub fn units(&self) -> impl Iterator<Item = (&str, UnitState)> {
        let units = self.model.units();
        units.map(|(name, unit)| (name.as_str(), UnitState::of(unit)))
    }

    /// The relations, by number.
    pub fn relations(&self) -> impl Iterator<Item = (u64, RelationState)> {
        let relations = self.model.relations.iter();
        relations.map(|(id, relation)| (*id, RelationState::of(relation)))
    }

    /// The secrets, by bare id.
    #[must_use]
    pub fn secrets(&self) -> &BTreeMap<String, Secret> {
        &self.model.secrets
    }

    /// The tasks of the actions that were run, in the order of their numbers.
    pub fn tasks(&self) -> impl Iterator<Item = TaskState> {
        let tasks = self
            .model
            .operations
            .values()
            .flat_map(|it| it.tasks.values());
        tasks.map(TaskState::of)
    }
}

impl ApplicationState {
    fn of(application: &Application) -> Self {
        let status = |status: &StatusSince| status.status.clone();
        Self {
            leader: application.leader.clone(),
            status: application.status.as_ref().map(status),
            workload_version: application.workload_version.clone(),
        }
    }
}

impl UnitState {
    fn of(unit: &Unit) -> Self {
        Self {
            status: unit.workload_status.status.clone(),
            failed: unit.failed_hook().cloned(),
            opened_ports: unit.opened_ports.clone(),
            charm_state: unit.charm_state.clone(),
            is_alive: !unit.is_dying(),
        }
    }
}

impl RelationState {
    fn of(relation: &Relation) -> Self {
        Self {
            sides: relation.sides.iter().map(RelationSide::of).collect(),
        }
    }
}

impl RelationSide {
    fn of(side: &Side) -> Self {
        let units = side.units.iter().filter(|(_, unit)| unit.in_scope);
        Self {
            application: side.application.clone(),
            endpoint: side.endpoint.clone(),
            application_data: side.settings.data.clone(),
            unit_data: units
                .map(|(name, unit)| (name.clone(), unit.settings.data.clone()))
                .collect(),
        }
    }
}

impl TaskState {
    fn of(task: &Task) -> Self {
        Self {
            results: task.results.clone(),
            log: task.log.iter().map(|(_, line)| line.clone()).collect(),
            failure: Some(task.message.clone()).filter(|message| !message.is_empty()),
            has_ended: task.completed.is_some(),
        }
    }
}
