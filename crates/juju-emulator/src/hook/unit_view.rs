//! A unit as a hook finds it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::charm::hook::Hook;
use crate::controller::ports::OpenedPorts;
use crate::controller::secret::Secret;
use crate::controller::status::Status;
use crate::hook::relation::view::{GoalState, RelationView};
use crate::hook::storage::view::StorageView;

/// Everything a hook can read: one unit as the controller sees it when the hook starts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UnitView {
    /// For example `hello-server/0`.
    pub name: String,
    /// Whether the unit is its application's leader.
    pub leader: bool,
    /// Whether the model is a Kubernetes one (type `caas`).
    pub kubernetes: bool,
    /// The unit's address, for its own machine and for others alike.
    pub address: Option<IpAddr>,
    /// What the hook is about.
    pub hook: HookKind,
    /// Every option that the charm declares, with its value or default; `None` when it has neither.
    pub config: BTreeMap<String, Option<Value>>,
    /// The unit's workload status.
    pub unit_status: Status,
    /// The application's status.
    pub application_status: Status,
    /// The workload status of every unit of the application, by unit name.
    pub unit_statuses: BTreeMap<String, Status>,
    /// What this unit has opened.
    pub opened_ports: OpenedPorts,
    /// What the other units on the machine have opened, by unit name.
    pub machine_ports: BTreeMap<String, OpenedPorts>,
    /// The names of the application's endpoints, relations and extra bindings alike.
    pub endpoints: BTreeSet<String>,
    /// The relations that the unit is in, by number: 7 for `db:7`.
    pub relations: BTreeMap<u64, RelationView>,
    /// The storage that the unit has, by id: `data/0`.
    pub storages: BTreeMap<String, StorageView>,
    /// The resources that have been supplied, with the paths under which the unit finds them once it has asked.
    pub resources: BTreeMap<String, String>,
    /// What `state-set` has kept.
    pub state: BTreeMap<String, String>,
    /// How to reach the cloud, as `credential-get` prints it; `None` for an application that is not trusted.
    pub cloud: Option<Value>,
    /// All secrets of the model, by bare id; the unit need not be allowed to read them.
    pub secrets: BTreeMap<String, Secret>,
    /// The ids that `secret-add` gives, in this order; random ones after them.
    pub new_secret_ids: Vec<String>,
    /// What `leader-set` has set, for all units of the application.
    pub leader_settings: BTreeMap<String, String>,
    /// The units and relations that there are to be.
    pub goal_state: GoalState,
    /// The model's UUID.
    pub model_uuid: String,
}

impl HookKind {
    /// What a hook is about; an action with its parameters.
    #[must_use]
    pub fn of(hook: &Hook, params: Map<String, Value>) -> Self {
        match hook {
            Hook::Relation {
                endpoint,
                id,
                remote_application,
                remote_unit,
                ..
            } => Self::Relation {
                endpoint: endpoint.clone(),
                id: *id,
                remote_application: remote_application.clone(),
                remote_unit: remote_unit.clone(),
            },
            Hook::Storage { name, id, .. } => Self::Storage {
                id: format!("{name}/{id}"),
            },
            Hook::Action { .. } => Self::Action { params },
            _ => Self::Lifecycle,
        }
    }
}

impl UnitView {
    /// The name of the unit's application: `hello-server` of `hello-server/0`.
    pub(crate) fn application(&self) -> &str {
        self.name
            .split_once('/')
            .map_or(&self.name, |(application, _)| application)
    }
}

/// What a hook is about, as far as hook commands answer differently.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HookKind {
    /// The unit's own life: `install`, `config-changed`, `stop`.
    #[default]
    Lifecycle,
    /// A relation's hook.
    Relation {
        /// The unit's own endpoint, `db` of `db:7`.
        endpoint: String,
        /// The relation's number, 7 of `db:7`.
        id: u64,
        /// The application on the other side.
        remote_application: String,
        /// The unit on the other side, if the hook is about one.
        remote_unit: Option<String>,
    },
    /// A storage's hook.
    Storage {
        /// The storage's id, `data/0`.
        id: String,
    },
    /// An action.
    Action {
        /// Its parameters, those with a default included.
        params: Map<String, Value>,
    },
}
