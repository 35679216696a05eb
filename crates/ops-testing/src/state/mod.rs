//! What is true of a unit and its model before or after an event.

pub(crate) mod ports;
pub(crate) mod relation;
pub(crate) mod secret;
pub(crate) mod storage;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;

use jiff::Timestamp;
use juju_emulator::{Goal, GoalState, UnitView};
use ops::{Event, SecretId, Status};
use serde::Serialize;
use serde_json::Value;

use crate::state::ports::read_ports;
use crate::state::relation::Relation;
use crate::state::secret::Secret;
use crate::state::storage::Storage;

/// All that a charm can see of Juju, and change: plain data, from which a test begins and which it gets back.
///
/// ```
/// use ops_testing::State;
///
/// let given = State::default()
///     .with_config("server-port", 6789)
///     .with_opened_ports(["8000/tcp"])
///     .with_machine_ports("postgresql/0", ["5432/tcp"]);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct State {
    /// What the operator has set with `juju config`; the others have the defaults of `config.yaml`.
    pub config: BTreeMap<String, Value>,
    /// Whether the unit is its application's leader.
    pub leader: bool,
    /// Whether the model is on Kubernetes rather than on machines.
    pub kubernetes: bool,
    /// What the unit has open, sorted and as Juju writes it: `80/tcp`, `8000-8100/udp`, `80/tcp (bar, foo)`, `icmp`.
    pub opened_ports: Vec<String>,
    /// What other units on the same machine have open, by unit: `other/0` has `["443/tcp"]`.
    pub machine_ports: BTreeMap<String, Vec<String>>,
    /// The status that the charm has set last; none while it is Juju's `unknown`.
    pub unit_status: Option<Status>,
    /// The status of the application that its leader has set last; none while it is Juju's `unknown`.
    pub application_status: Option<Status>,
    /// The workload's version, of `application-version-set`; empty while there is none.
    pub workload_version: String,
    /// The relations that the unit is in.
    pub relations: Vec<Relation>,
    /// The secrets that the unit and its application keep, and those that it may read, sorted by their ids.
    pub secrets: Vec<Secret>,
    /// How many units the application is to have, this one included.
    pub planned_units: usize,
    /// The storage that the unit has.
    pub storages: Vec<Storage>,
    /// How many the charm has asked for and not got yet, by the storage's name.
    pub storage_to_come: BTreeMap<String, u32>,
    /// Where the unit finds what the operator has supplied, by the resource's name.
    pub resources: BTreeMap<String, PathBuf>,
    /// The unit's address, for all its endpoints; none while it has none.
    pub address: Option<IpAddr>,
    /// What a trusted application learns of the cloud, as `credential-get` prints it; none while it is not trusted.
    pub cloud: Option<Value>,
}

impl Default for State {
    /// A unit alone, not the leader, on a machine with the address 10.0.0.1; nothing is set, open or related.
    fn default() -> Self {
        Self {
            config: BTreeMap::new(),
            leader: false,
            kubernetes: false,
            opened_ports: Vec::new(),
            machine_ports: BTreeMap::new(),
            unit_status: None,
            application_status: None,
            workload_version: String::new(),
            relations: Vec::new(),
            secrets: Vec::new(),
            planned_units: 1,
            storages: Vec::new(),
            storage_to_come: BTreeMap::new(),
            resources: BTreeMap::new(),
            address: Some(IpAddr::from([10, 0, 0, 1])),
            cloud: None,
        }
    }
}

impl State {
    /// The same with an option set by the operator: `with_config("server-port", 6789)`.
    #[must_use]
    pub fn with_config(mut self, option: &str, value: impl Into<Value>) -> Self {
        self.config.insert(option.to_owned(), value.into());
        self
    }

    /// The same with exactly these ports open: `with_opened_ports(["8000/tcp"])`.
    #[must_use]
    pub fn with_opened_ports<P: Into<String>>(
        mut self,
        ports: impl IntoIterator<Item = P>,
    ) -> Self {
        self.opened_ports = ports.into_iter().map(Into::into).collect();
        self
    }

    /// The same with these ports opened by another unit of the machine.
    #[must_use]
    pub fn with_machine_ports<P: Into<String>>(
        mut self,
        unit: &str,
        ports: impl IntoIterator<Item = P>,
    ) -> Self {
        let ports = ports.into_iter().map(Into::into).collect();
        self.machine_ports.insert(unit.to_owned(), ports);
        self
    }

    /// The same with a status that the charm has set before.
    #[must_use]
    pub fn with_unit_status(mut self, status: Status) -> Self {
        self.unit_status = Some(status);
        self
    }

    /// The same with a version of the workload that the charm has set before.
    #[must_use]
    pub fn with_workload_version(mut self, version: &str) -> Self {
        version.clone_into(&mut self.workload_version);
        self
    }

    /// The same on Kubernetes.
    #[must_use]
    pub fn on_kubernetes(mut self) -> Self {
        self.kubernetes = true;
        self
    }

    /// The same with a relation, such as `Relation::new("db", 7, "postgresql")`.
    #[must_use]
    pub fn with_relation(mut self, relation: Relation) -> Self {
        self.relations.push(relation);
        self
    }

    /// The same with exactly these relations.
    #[must_use]
    pub fn with_relations(mut self, relations: impl IntoIterator<Item = Relation>) -> Self {
        self.relations = relations.into_iter().collect();
        self
    }

    /// The same with a secret, such as `Secret::of_unit("password", [("password", "hunter2")])`.
    #[must_use]
    pub fn with_secret(mut self, secret: Secret) -> Self {
        self.secrets.push(secret);
        self.secrets
            .sort_by_key(|secret| secret.id().bare().to_owned());
        self
    }

    /// The same without a secret, as when it is removed, or its owner no longer lets the unit read it.
    #[must_use]
    pub fn without_secret(mut self, id: &SecretId) -> Self {
        self.secrets.retain(|secret| secret.id() != *id);
        self
    }

    /// A secret by its label: `state.secret("password")`.
    #[must_use]
    pub fn secret(&self, label: &str) -> Option<&Secret> {
        self.secrets.iter().find(|secret| secret.label == label)
    }

    /// A relation by its endpoint and number: `state.relation("db", 7)`.
    #[must_use]
    pub fn relation(&self, endpoint: &str, number: u64) -> Option<&Relation> {
        let mut relations = self.relations.iter();
        relations.find(|it| it.endpoint == endpoint && it.number == number)
    }

    /// The same with so many units that the application is to have, such as 3.
    #[must_use]
    pub fn with_planned_units(mut self, count: usize) -> Self {
        self.planned_units = count;
        self
    }

    /// The same with a storage, such as `Storage::new("data", 0, "/srv/data")`.
    #[must_use]
    pub fn with_storage(mut self, storage: Storage) -> Self {
        self.storages.push(storage);
        self
    }

    /// The same with a file that the operator has supplied: `with_resource("site", "/tmp/site.tar")`.
    #[must_use]
    pub fn with_resource(mut self, name: &str, path: impl Into<PathBuf>) -> Self {
        self.resources.insert(name.to_owned(), path.into());
        self
    }

    /// The same with another address of the unit, or none.
    #[must_use]
    pub fn with_address(mut self, address: Option<IpAddr>) -> Self {
        self.address = address;
        self
    }

    /// The same with an application that is trusted with the cloud's credentials.
    #[must_use]
    pub fn trusted(mut self, cloud: Value) -> Self {
        self.cloud = Some(cloud);
        self
    }

    /// The same with the unit being the leader.
    #[must_use]
    pub fn as_leader(mut self) -> Self {
        self.leader = true;
        self
    }
}

/// Juju's status as far as the charm has set it.
pub(crate) fn charm_status(status: &juju_emulator::Status) -> Option<Status> {
    let message = status.message.as_str();
    Some(match status.status.as_str() {
        "active" => Status::active().with_message(message),
        "waiting" => Status::waiting(message),
        "maintenance" => Status::maintenance(message),
        "blocked" => Status::blocked(message),
        _ => return None,
    })
}

/// The status as Juju holds it.
pub(crate) fn juju_status(status: Option<&Status>) -> juju_emulator::Status {
    status.map_or_else(juju_emulator::Status::default, |status| {
        juju_emulator::Status {
            status: status.name().to_owned(),
            message: status.message().to_owned(),
        }
    })
}

/// A state that has been checked against the charm, as a hook finds it.
pub(crate) fn view(
    state: &State,
    charm: &juju_emulator::charm::metadata::Charm,
    unit: &str,
    event: &Event,
) -> Result<UnitView, String> {
    let unit_status = juju_status(state.unit_status.as_ref());
    Ok(UnitView {
        name: unit.to_owned(),
        leader: state.leader,
        kubernetes: state.kubernetes,
        config: charm.config_with(&state.config),
        unit_statuses: [(unit.to_owned(), unit_status.clone())].into(),
        unit_status,
        opened_ports: read_ports(&state.opened_ports)?,
        machine_ports: state
            .machine_ports
            .iter()
            .map(|(unit, ports)| Ok((unit.clone(), read_ports(ports)?)))
            .collect::<Result<_, String>>()?,
        endpoints: charm.endpoint_names(),
        relations: relation::views(&state.relations, unit, event),
        secrets: secret::views(&state.secrets, unit),
        new_secret_ids: secret::new_ids(&state.secrets),
        application_status: juju_status(state.application_status.as_ref()),
        goal_state: goal_state(state, unit),
        storages: storage::views(&state.storages),
        resources: state
            .resources
            .iter()
            .map(|(name, path)| (name.clone(), path.display().to_string()))
            .collect(),
        address: state.address,
        cloud: state.cloud.clone(),
        ..UnitView::default()
    })
}

/// The units that the application is to have, numbered on from this one.
fn goal_state(state: &State, unit: &str) -> GoalState {
    let (application, number) = unit.split_once('/').unwrap_or((unit, "0"));
    let first: usize = number.parse().unwrap_or_default();
    let units = (first..first + state.planned_units).map(|number| {
        let goal = Goal {
            status: "active".to_owned(),
            since: Timestamp::UNIX_EPOCH,
        };
        (format!("{application}/{number}"), goal)
    });
    GoalState {
        units: units.collect(),
        ..GoalState::default()
    }
}
