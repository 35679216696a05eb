//! A model as its controller keeps it: plain data, stored by [`crate::controller::store`].

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use indexmap::IndexMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::charm::hook::Hook;
use crate::controller::life::Life;
use crate::controller::operation::Operation;
use crate::controller::ports::OpenedPorts;
use crate::controller::provision::Provision;
use crate::controller::relation::{Relation, RelationState, VersionedSettings};
use crate::controller::secret::Secret;
use crate::controller::shared::Shared;
use crate::controller::status::Status;
use crate::controller::storage::StorageInstance;

/// The Juju that the emulator stands in for.
pub(crate) const JUJU_VERSION: &str = "3.6.9";

/// The base that a local charm is deployed on when nobody says otherwise.
pub(crate) const DEFAULT_BASE: &str = "ubuntu@24.04";

/// One model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Model {
    pub(crate) name: String,
    pub(crate) uuid: String,
    pub(crate) created: Timestamp,
    /// What `juju model-config` has set.
    pub(crate) config: BTreeMap<String, String>,
    /// The number of the next machine; numbers are never used again.
    pub(crate) next_machine: u32,
    pub(crate) machines: Shared<BTreeMap<u32, Machine>>,
    pub(crate) applications: BTreeMap<String, Application>,
    /// By number: 7 is what the units of both sides call `db:7` and `website:7`.
    pub(crate) relations: BTreeMap<u64, Shared<Relation>>,
    /// The number of the next relation; numbers are never used again.
    pub(crate) next_relation: u64,
    /// By number: 0 is `data/0`.
    #[serde(default)]
    pub(crate) storage: BTreeMap<u64, StorageInstance>,
    /// The number of the next storage; numbers are never used again.
    #[serde(default)]
    pub(crate) next_storage: u64,
    /// By bare id, such as `9m4e2mr0ui3e8a215n4g`.
    #[serde(default)]
    pub(crate) secrets: BTreeMap<String, Secret>,
    /// The next revision of each local charm.
    pub(crate) next_revision: BTreeMap<String, u64>,
    /// The next number of a unit, by application name; it goes on when an application comes back.
    pub(crate) next_unit: BTreeMap<String, u32>,
    /// The next number of an operation or of a task, which count on together.
    #[serde(alias = "last_task")]
    pub(crate) next_operation: u64,
    /// By number.
    #[serde(default)]
    pub(crate) operations: BTreeMap<u64, Operation>,
}

/// One machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Machine {
    pub(crate) base: String,
    pub(crate) created: Timestamp,
}

/// One application.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Application {
    pub(crate) charm: String,
    pub(crate) revision: u64,
    /// Its units live beside the units of others.
    pub(crate) subordinate: bool,
    pub(crate) base: String,
    pub(crate) channel: String,
    pub(crate) exposed: bool,
    pub(crate) dying: bool,
    /// What the operator has set; the charm has the defaults.
    pub(crate) settings: BTreeMap<String, Value>,
    /// Whether the operator trusts it with the cloud's credentials, if they have said so.
    #[serde(default)]
    pub(crate) trust: Option<bool>,
    /// Counts the changes of `settings` and `trust`.
    pub(crate) config_version: u64,
    /// Counts the charms it has had.
    pub(crate) charm_version: u64,
    /// The unit that leads.
    pub(crate) leader: Option<String>,
    /// What the leader has set with `leader-set`.
    pub(crate) leader_settings: VersionedSettings,
    /// What the leader has set with `status-set --application`.
    pub(crate) status: Option<StatusSince>,
    pub(crate) workload_version: String,
    #[serde(default)]
    pub(crate) provision: Provision,
    /// In the order of their numbers, in which they were added.
    pub(crate) units: IndexMap<String, Shared<Unit>>,
    pub(crate) created: Timestamp,
}

/// One unit: what its agent has done so far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Unit {
    pub(crate) machine: u32,
    /// The unit beside which a subordinate lives.
    pub(crate) principal: Option<String>,
    pub(crate) life: Life,
    pub(crate) reached: Reached,
    /// The version of the charm in its charm directory; 0 before there is one.
    pub(crate) charm_installed: u64,
    /// The versions that its last `config-changed` and `upgrade-charm` have seen.
    pub(crate) config_seen: u64,
    pub(crate) charm_seen: u64,
    pub(crate) leader_seen: bool,
    /// The version of the leader's settings that its last `leader-settings-changed` has seen.
    pub(crate) leader_settings_seen: u64,
    /// What it has been told of each relation.
    pub(crate) relations: BTreeMap<u64, RelationState>,
    /// When its next `update-status` is due.
    pub(crate) update_status_at: Timestamp,
    /// The hook to run again, after it failed or was killed.
    pub(crate) again: Option<Again>,
    pub(crate) workload_status: StatusSince,
    /// The charm has set its status itself.
    pub(crate) status_set: bool,
    pub(crate) agent_status: StatusSince,
    pub(crate) opened_ports: OpenedPorts,
    /// What its charm has kept with `state-set`.
    #[serde(default)]
    pub(crate) charm_state: BTreeMap<String, String>,
}

/// How far a unit's life has come: the last of these hooks that has succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Reached {
    /// None of them.
    Machine,
    /// `install`. A started unit is here again when its machine reboots.
    Installed,
    /// `start`
    Started,
    /// `stop`
    Stopped,
}

/// A hook that has not succeeded yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Again {
    pub(crate) hook: Hook,
    pub(crate) why: Why,
}

/// Why a hook runs again, and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Why {
    /// It was killed by a signal, which is no error: it is run again when it is due.
    Killed { due: Timestamp },
    /// It was killed because it wanted its machine rebooted at once: it is run again after that.
    Rebooted,
    /// It failed this many times in a row. It runs again when `juju resolved` says so; else when it is due, if hooks are retried.
    Failed {
        times: u32,
        due: Timestamp,
        resolved: Option<Resolved>,
    },
}

/// What `juju resolved` says about a hook that failed, for the unit's agent to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Resolved {
    /// Run it again.
    RetryHooks,
    /// Go on as if it had succeeded.
    NoHooks,
}

/// A status, and since when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct StatusSince {
    #[serde(flatten)]
    pub(crate) status: Status,
    pub(crate) since: Timestamp,
}

impl StatusSince {
    pub(crate) fn new(status: &str, message: &str, since: Timestamp) -> Self {
        Self {
            status: Status {
                status: status.to_owned(),
                message: message.to_owned(),
            },
            since,
        }
    }
}

impl Model {
    pub(crate) fn new(name: &str, uuid: String, created: Timestamp) -> Self {
        Self {
            name: name.to_owned(),
            uuid,
            created,
            config: BTreeMap::new(),
            next_machine: 0,
            machines: BTreeMap::new().into(),
            applications: BTreeMap::new(),
            relations: BTreeMap::new(),
            next_relation: 0,
            storage: BTreeMap::new(),
            next_storage: 0,
            secrets: BTreeMap::new(),
            next_revision: BTreeMap::new(),
            next_unit: BTreeMap::new(),
            next_operation: 0,
            operations: BTreeMap::new(),
        }
    }

    pub(crate) fn application(&self, name: &str) -> Result<&Application> {
        self.applications
            .get(name)
            .with_context(|| format!("application \"{name}\" not found"))
    }

    pub(crate) fn application_mut(&mut self, name: &str) -> Result<&mut Application> {
        self.applications
            .get_mut(name)
            .with_context(|| format!("application \"{name}\" not found"))
    }

    /// A unit by name, or by `app/leader`.
    pub(crate) fn unit_name(&self, name: &str) -> Result<String> {
        let Some((application, number)) = name.split_once('/') else {
            bail!("\"{name}\" is not a valid unit name");
        };
        let not_found = || format!("unit \"{name}\" not found");
        let application = self.applications.get(application).with_context(not_found)?;
        let name = match (number, &application.leader) {
            ("leader", Some(leader)) => leader,
            _ => name,
        };
        application.units.get(name).with_context(not_found)?;
        Ok(name.to_owned())
    }

    /// A unit, with its application.
    pub(crate) fn unit(&self, name: &str) -> Option<(&Application, &Unit)> {
        let application = self.applications.get(application_of(name))?;
        Some((application, application.units.get(name)?))
    }

    pub(crate) fn unit_mut(&mut self, name: &str) -> Option<&mut Unit> {
        let application = self.applications.get_mut(application_of(name))?;
        application.units.get_mut(name).map(|unit| &mut **unit)
    }

    /// All units by name, in the order in which `juju status` lists them.
    pub(crate) fn units(&self) -> impl Iterator<Item = (&String, &Unit)> {
        self.applications
            .values()
            .flat_map(|application| &application.units)
            .map(|(name, unit)| (name, &**unit))
    }

    /// Adds a unit on a new machine, or on the given one; its agent then installs it.
    pub(crate) fn add_unit(
        &mut self,
        application: &str,
        to: Option<u32>,
        now: Timestamp,
    ) -> Result<()> {
        let state = self.application(application)?;
        if state.dying {
            bail!(
                "cannot add unit to application \"{application}\": application is not found or not alive"
            );
        }
        let base = state.base.clone();
        let machine = to.unwrap_or_else(|| self.add_machine(&base));
        if !self.machines.contains_key(&machine) {
            bail!("cannot add unit to machine {machine}: machine {machine} not found");
        }
        self.insert_unit(application, Unit::new(machine, None, now), now)
    }

    /// Adds a machine without units; hands back its number.
    pub(crate) fn add_machine(&mut self, base: &str) -> u32 {
        let number = self.next_machine;
        self.next_machine += 1;
        let (base, created) = (base.to_owned(), Timestamp::now());
        self.machines.insert(number, Machine { base, created });
        number
    }

    /// Adds the subordinate that an application has beside a unit.
    pub(crate) fn add_subordinate(
        &mut self,
        application: &str,
        principal: &str,
        machine: u32,
        now: Timestamp,
    ) -> Result<()> {
        let unit = Unit::new(machine, Some(principal.to_owned()), now);
        self.insert_unit(application, unit, now)
    }

    fn insert_unit(&mut self, application: &str, unit: Unit, now: Timestamp) -> Result<()> {
        let number = self.next_unit.entry(application.to_owned()).or_default();
        let name = format!("{application}/{number}");
        *number += 1;
        let application = self.application_mut(application)?;
        application.leader.get_or_insert_with(|| name.clone());
        application.units.insert(name.clone(), unit.into());
        self.add_storage_of_new_unit(&name, now)
    }
}

impl Application {
    /// One that has just been deployed, with nothing set.
    pub(crate) fn new(charm: &str, revision: u64, now: Timestamp) -> Self {
        Self {
            charm: charm.to_owned(),
            revision,
            subordinate: false,
            base: DEFAULT_BASE.to_owned(),
            channel: "stable".to_owned(),
            exposed: false,
            dying: false,
            settings: BTreeMap::new(),
            trust: None,
            config_version: 1,
            charm_version: 1,
            leader: None,
            leader_settings: VersionedSettings::default(),
            status: None,
            workload_version: String::new(),
            provision: Provision::default(),
            units: IndexMap::new(),
            created: now,
        }
    }

    /// The name of the directory of its staged charm, `hello-server-0`.
    pub(crate) fn staged_charm(&self) -> String {
        format!("{}-{}", self.charm, self.revision)
    }

    pub(crate) fn charm_url(&self) -> String {
        format!("local:{}", self.staged_charm())
    }

    pub(crate) fn is_leader(&self, unit: &str) -> bool {
        self.leader.as_deref() == Some(unit)
    }
}

impl Unit {
    fn new(machine: u32, principal: Option<String>, now: Timestamp) -> Self {
        Self {
            machine,
            principal,
            life: Life::Alive,
            reached: Reached::Machine,
            charm_installed: 0,
            config_seen: 0,
            charm_seen: 0,
            leader_seen: false,
            leader_settings_seen: 0,
            relations: BTreeMap::new(),
            update_status_at: now,
            again: None,
            workload_status: StatusSince::new("waiting", "installing agent", now),
            status_set: false,
            agent_status: StatusSince::new("allocating", "", now),
            opened_ports: OpenedPorts::default(),
            charm_state: BTreeMap::new(),
        }
    }

    /// Whether it is to go, or has gone.
    pub(crate) fn is_dying(&self) -> bool {
        self.life != Life::Alive
    }

    /// Whether its `remove` has succeeded, or it was removed by force.
    pub(crate) fn is_dead(&self) -> bool {
        self.life == Life::Dead
    }

    /// The hook that put the unit into error.
    pub(crate) fn failed_hook(&self) -> Option<&Hook> {
        match &self.again {
            Some(Again {
                hook,
                why: Why::Failed { .. },
            }) => Some(hook),
            _ => None,
        }
    }
}

/// The application of a unit: `app` of `app/0`.
pub(crate) fn application_of(unit: &str) -> &str {
    unit.split_once('/')
        .map_or(unit, |(application, _)| application)
}
