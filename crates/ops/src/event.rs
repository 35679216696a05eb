//! What happened in Juju, and so why the charm runs.

use std::fmt;

use crate::action::task_id::TaskId;
use crate::relation::id::RelationId;
use crate::secret::id::SecretId;
use crate::storage::id::StorageId;
use crate::unit_name::UnitName;

/// The event for which Juju dispatches the charm: all of Juju 3.6 and 4.0, with what each brings.
///
/// A charm that reconciles seldom looks at it: what the unit should look like does not depend on what has happened.
///
/// The rare need is an event after which nothing is the same, such as one in which this very unit leaves its peers:
///
/// ```
/// use ops::{Event, Unit};
///
/// fn is_leaving(unit: &Unit) -> bool {
///     match unit.event() {
///         Event::RelationDeparted(event) => event.departing_unit.as_ref() == Some(unit.name()),
///         _ => false,
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Event {
    /// `install`: the unit has just been made; comes once, before all others except `storage-attached`.
    Install,
    /// `start`: the unit may start its workload; comes after the first `config-changed`, and after the machine's reboot.
    Start,
    /// `config-changed`: the operator has changed an option, or the unit's network has changed.
    ConfigChanged,
    /// `upgrade-charm`: the charm's files have been replaced by `juju refresh`; `config-changed` follows.
    UpgradeCharm,
    /// `update-status`: comes every five minutes, or as the model's `update-status-hook-interval` says.
    UpdateStatus,
    /// `stop`: the unit is to stop its workload; its storage and relations have gone before, `remove` follows.
    Stop,
    /// `remove`: the last event of a unit, after which nothing of it should be left on the machine.
    Remove,
    /// `leader-elected`: this unit is now the application's leader.
    LeaderElected,
    /// `leader-settings-changed`: the leader has written leader settings (Juju 3.6).
    LeaderSettingsChanged,
    /// `leader-deposed`: this unit is no longer the leader; in Juju's list, though it never comes.
    LeaderDeposed,
    /// `pre-series-upgrade`: the machine's base is about to be upgraded (Juju 3.6).
    PreSeriesUpgrade,
    /// `post-series-upgrade`: the machine's base has been upgraded (Juju 3.6).
    PostSeriesUpgrade,
    /// `collect-metrics`: the unit may add metrics (Juju 3.6). No charm is called for it, see [`Event::is_restricted`].
    CollectMetrics,
    /// `meter-status-changed`: the unit's meter status has changed (Juju 3.6). No charm is called for it either.
    MeterStatusChanged,
    /// `db-relation-created`: a relation of the endpoint `db` exists from now on.
    RelationCreated(RelationEvent),
    /// `db-relation-joined`: a unit has joined the relation.
    RelationJoined(RelationEvent),
    /// `db-relation-changed`: data of the other side has changed.
    RelationChanged(RelationEvent),
    /// `db-relation-departed`: a unit has left the relation.
    RelationDeparted(RelationEvent),
    /// `db-relation-broken`: the relation is gone.
    RelationBroken(RelationEvent),
    /// `data-storage-attached`: the storage `data` can be used.
    StorageAttached(StorageEvent),
    /// `data-storage-detaching`: the storage `data` is about to go.
    StorageDetaching(StorageEvent),
    /// `secret-changed`: a secret that this unit reads has a new revision.
    SecretChanged(SecretEvent),
    /// `secret-expired`: a revision of a secret of ours has reached its expiry time.
    SecretExpired(SecretEvent),
    /// `secret-remove`: nobody reads a revision of a secret of ours any more.
    SecretRemove(SecretEvent),
    /// `secret-rotate`: a secret of ours is due for rotation.
    SecretRotate(SecretEvent),
    /// `web-pebble-ready`: Pebble in the container `web` answers (Kubernetes).
    PebbleReady {
        /// The container, such as `web`.
        container: String,
    },
    /// `web-pebble-custom-notice`: a notice has been recorded in the container's Pebble (Kubernetes).
    PebbleCustomNotice(NoticeEvent),
    /// `web-pebble-check-failed`: a Pebble check has failed too often (Kubernetes).
    PebbleCheckFailed(CheckEvent),
    /// `web-pebble-check-recovered`: a failed Pebble check passes again (Kubernetes).
    PebbleCheckRecovered(CheckEvent),
    /// An operator runs an action with `juju run`.
    Action(ActionEvent),
    /// A hook that this version of the crate does not know, by its name, such as `next-years-event`.
    Other(String),
}

/// What a relation event brings.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RelationEvent {
    /// The relation, such as `db:7`.
    pub id: RelationId,
    /// The application on the other side, such as `mysql`.
    pub remote_application: Option<String>,
    /// The unit of the other side, such as `mysql/0`; none for created and broken.
    pub remote_unit: Option<UnitName>,
    /// The unit that leaves, in a departed event; it may be the charm's own.
    pub departing_unit: Option<UnitName>,
}

/// What a storage event brings.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StorageEvent {
    /// The storage's name in the charm's metadata, such as `data`.
    pub storage: String,
    /// The instance, such as `data/0`; none once Juju has taken it away.
    pub id: Option<StorageId>,
    /// Where it is, such as `/srv/data`; none once Juju has taken it away.
    pub location: Option<String>,
}

/// What a secret event brings.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SecretEvent {
    /// The secret, such as `secret:9m4e2mr0ui3e8a215n4g`.
    pub id: SecretId,
    /// The label that the charm gave it.
    pub label: Option<String>,
    /// The revision meant, for expired and remove.
    pub revision: Option<u64>,
}

/// What a Pebble notice brings.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NoticeEvent {
    /// The container, such as `web`.
    pub container: String,
    /// The notice's number in Pebble, such as `123`.
    pub id: String,
    /// Its type, `custom`.
    pub kind: String,
    /// Its key, such as `example.com/backup-done`.
    pub key: String,
}

/// What a Pebble check brings.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CheckEvent {
    /// The container, such as `web`.
    pub container: String,
    /// The check's name, such as `http-up`.
    pub check: String,
}

/// What an action brings.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ActionEvent {
    /// The action's name, such as `backup`.
    pub name: String,
    /// The task's number in the model, such as 2.
    pub id: TaskId,
}

impl Event {
    /// The name of its hook, such as `config-changed`, `db-relation-joined`, or for an action the action's name.
    #[must_use]
    pub fn name(&self) -> String {
        self.to_string()
    }

    /// Whether Juju refuses every hook command in it but `add-metric`, as in `collect-metrics` and
    /// `meter-status-changed`. There is nothing to reconcile with, so the hook ends well without a call of the charm.
    #[must_use]
    pub fn is_restricted(&self) -> bool {
        matches!(self, Self::CollectMetrics | Self::MeterStatusChanged)
    }
}

impl Event {
    /// What the event says of a relation, if it is about one.
    #[must_use]
    pub fn relation(&self) -> Option<&RelationEvent> {
        match self {
            Self::RelationCreated(event)
            | Self::RelationJoined(event)
            | Self::RelationChanged(event)
            | Self::RelationDeparted(event)
            | Self::RelationBroken(event) => Some(event),
            _ => None,
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (prefix, name) = match self {
            Self::Install => ("", "install"),
            Self::Start => ("", "start"),
            Self::ConfigChanged => ("", "config-changed"),
            Self::UpgradeCharm => ("", "upgrade-charm"),
            Self::UpdateStatus => ("", "update-status"),
            Self::Stop => ("", "stop"),
            Self::Remove => ("", "remove"),
            Self::LeaderElected => ("", "leader-elected"),
            Self::LeaderSettingsChanged => ("", "leader-settings-changed"),
            Self::LeaderDeposed => ("", "leader-deposed"),
            Self::PreSeriesUpgrade => ("", "pre-series-upgrade"),
            Self::PostSeriesUpgrade => ("", "post-series-upgrade"),
            Self::CollectMetrics => ("", "collect-metrics"),
            Self::MeterStatusChanged => ("", "meter-status-changed"),
            Self::RelationCreated(event) => (event.id.endpoint(), "-relation-created"),
            Self::RelationJoined(event) => (event.id.endpoint(), "-relation-joined"),
            Self::RelationChanged(event) => (event.id.endpoint(), "-relation-changed"),
            Self::RelationDeparted(event) => (event.id.endpoint(), "-relation-departed"),
            Self::RelationBroken(event) => (event.id.endpoint(), "-relation-broken"),
            Self::StorageAttached(event) => (&*event.storage, "-storage-attached"),
            Self::StorageDetaching(event) => (&*event.storage, "-storage-detaching"),
            Self::SecretChanged(_) => ("", "secret-changed"),
            Self::SecretExpired(_) => ("", "secret-expired"),
            Self::SecretRemove(_) => ("", "secret-remove"),
            Self::SecretRotate(_) => ("", "secret-rotate"),
            Self::PebbleReady { container } => (&**container, "-pebble-ready"),
            Self::PebbleCustomNotice(event) => (&*event.container, "-pebble-custom-notice"),
            Self::PebbleCheckFailed(event) => (&*event.container, "-pebble-check-failed"),
            Self::PebbleCheckRecovered(event) => (&*event.container, "-pebble-check-recovered"),
            Self::Action(event) => ("", &*event.name),
            Self::Other(name) => ("", &**name),
        };
        write!(formatter, "{prefix}{name}")
    }
}
