//! The hooks that Juju dispatches, and the variables that each of them brings.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// One hook or action with what it is about; as text it is the hook's name, such as `db-relation-changed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hook {
    /// A hook that is about the unit itself: `install`, `config-changed`, `update-status` …
    Unit(String),
    /// `<endpoint>-relation-<event>`.
    Relation {
        /// The endpoint, such as `db`.
        endpoint: String,
        /// What happened.
        event: RelationEvent,
        /// The relation's number: 7 in `db:7`.
        id: u64,
        /// The application on the other side, `mysql`.
        remote_application: String,
        /// The unit on the other side, `mysql/0`; none in created and broken, nor when the application's data changed.
        remote_unit: Option<String>,
        /// Who leaves, in departed only.
        departing_unit: Option<String>,
    },
    /// `<storage>-storage-<event>`.
    Storage {
        /// The storage's name, such as `data`.
        name: String,
        /// What happened.
        event: StorageEvent,
        /// The instance's number: 0 in `data/0`.
        id: u64,
        /// Where it is and whether it is a block device; `None` when it is no longer provisioned.
        location: Option<StorageLocation>,
    },
    /// `secret-<event>`.
    Secret {
        /// What happened.
        event: SecretEvent,
        /// The secret's URI, `secret:…`.
        id: String,
        /// The charm's own name for it, or empty.
        label: String,
        /// The revision, in expired and remove only.
        revision: Option<u64>,
    },
    /// `<container>-pebble-<event>`.
    Workload {
        /// The container, such as `web`.
        container: String,
        /// What happened.
        event: WorkloadEvent,
    },
    /// An action that an operator runs.
    Action {
        /// The action's name, such as `backup`.
        name: String,
        /// Its number; Juju calls it a UUID.
        id: u64,
    },
    /// `pre-series-upgrade`, of Juju 3.6.
    PreSeriesUpgrade {
        /// `ubuntu@22.04`.
        base: String,
        /// `jammy`.
        series: String,
    },
    /// `meter-status-changed`, of Juju 3.6.
    MeterStatusChanged {
        /// The status, such as `GREEN`.
        status: String,
        /// More about it.
        info: String,
    },
    /// What `juju exec` runs in a unit: no hook at all, but with a hook's rights, and like an action a task.
    JujuExec {
        /// The task's number, such as 2.
        id: u64,
    },
}

/// What happened to a relation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it, in Juju's words")]
pub enum RelationEvent {
    Created,
    Joined,
    Changed,
    Departed,
    Broken,
}

/// What happened to a storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it, in Juju's words")]
pub enum StorageEvent {
    Attached,
    Detaching,
}

/// Where a storage is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StorageLocation {
    /// The mount point or device, such as `/srv/data`.
    pub path: String,
    /// A block device rather than a filesystem.
    pub block: bool,
}

/// What happened to a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it, in Juju's words")]
pub enum SecretEvent {
    Changed,
    Expired,
    Remove,
    Rotate,
}

/// What happened to a workload container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it, in Juju's words")]
pub enum WorkloadEvent {
    Ready,
    CustomNotice { id: String, key: String },
    CheckFailed { check: String },
    CheckRecovered { check: String },
}

impl Hook {
    /// A hook about the unit itself, by name: `Hook::unit("config-changed")`.
    #[must_use]
    pub fn unit(name: &str) -> Self {
        Self::Unit(name.to_owned())
    }

    /// `JUJU_DISPATCH_PATH`: `hooks/config-changed`, `actions/backup`; unset for `juju exec`.
    #[must_use]
    pub fn dispatch_path(&self) -> Option<String> {
        match self {
            Self::Action { name, .. } => Some(format!("actions/{name}")),
            Self::JujuExec { .. } => None,
            _ => Some(format!("hooks/{self}")),
        }
    }

    /// `JUJU_HOOK_NAME`: the hook's name; set but empty for actions and `juju exec`.
    #[must_use]
    pub fn hook_name(&self) -> String {
        match self {
            Self::Action { .. } | Self::JujuExec { .. } => String::new(),
            _ => self.to_string(),
        }
    }

    /// The variables that only this kind of hook has, `JUJU_DISPATCH_PATH` and `JUJU_HOOK_NAME` included.
    #[must_use]
    pub fn variables(&self) -> BTreeMap<String, String> {
        let mut variables = BTreeMap::new();
        let mut set = |name: &str, value: &str| {
            variables.insert(name.to_owned(), value.to_owned());
        };
        set("JUJU_HOOK_NAME", &self.hook_name());
        if let Some(path) = self.dispatch_path() {
            set("JUJU_DISPATCH_PATH", &path);
        }
        match self {
            Self::Unit(_) => {}
            Self::Relation {
                endpoint,
                id,
                remote_application,
                remote_unit,
                departing_unit,
                ..
            } => {
                set("JUJU_RELATION", endpoint);
                set("JUJU_RELATION_ID", &format!("{endpoint}:{id}"));
                set("JUJU_REMOTE_UNIT", remote_unit.as_deref().unwrap_or(""));
                set("JUJU_REMOTE_APP", remote_application);
                if let Some(unit) = departing_unit {
                    set("JUJU_DEPARTING_UNIT", unit);
                }
            }
            Self::Storage {
                name, id, location, ..
            } => {
                if let Some(location) = location {
                    let kind = if location.block {
                        "block"
                    } else {
                        "filesystem"
                    };
                    set("JUJU_STORAGE_ID", &format!("{name}/{id}"));
                    set("JUJU_STORAGE_LOCATION", &location.path);
                    set("JUJU_STORAGE_KIND", kind);
                }
            }
            Self::Secret {
                id,
                label,
                revision,
                ..
            } => {
                set("JUJU_SECRET_ID", id);
                set("JUJU_SECRET_LABEL", label);
                if let Some(revision) = revision {
                    set("JUJU_SECRET_REVISION", &revision.to_string());
                }
            }
            Self::Workload { container, event } => {
                set("JUJU_WORKLOAD_NAME", container);
                match event {
                    WorkloadEvent::Ready => {}
                    WorkloadEvent::CustomNotice { id, key } => {
                        set("JUJU_NOTICE_ID", id);
                        set("JUJU_NOTICE_TYPE", "custom");
                        set("JUJU_NOTICE_KEY", key);
                    }
                    WorkloadEvent::CheckFailed { check }
                    | WorkloadEvent::CheckRecovered { check } => {
                        set("JUJU_PEBBLE_CHECK_NAME", check);
                    }
                }
            }
            Self::Action { id, .. } | Self::JujuExec { id } => {
                let name = match self {
                    Self::Action { name, .. } => name,
                    _ => "juju-exec",
                };
                set("JUJU_ACTION_NAME", name);
                set("JUJU_ACTION_UUID", &id.to_string());
                set("JUJU_ACTION_TAG", &format!("action-{id}"));
            }
            Self::PreSeriesUpgrade { base, series } => {
                set("JUJU_TARGET_BASE", base);
                set("JUJU_TARGET_SERIES", series);
            }
            Self::MeterStatusChanged { status, info } => {
                set("JUJU_METER_STATUS", status);
                set("JUJU_METER_INFO", info);
            }
        }
        variables
    }

    /// The file that a charm without `dispatch` has for this hook: `hooks/install`, `actions/backup`.
    #[must_use]
    pub fn script(&self) -> String {
        match self {
            Self::Action { name, .. } => format!("actions/{name}"),
            _ => format!("hooks/{self}"),
        }
    }
}

impl fmt::Display for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unit(name) | Self::Action { name, .. } => f.write_str(name),
            Self::Relation {
                endpoint, event, ..
            } => {
                let event = match event {
                    RelationEvent::Created => "created",
                    RelationEvent::Joined => "joined",
                    RelationEvent::Changed => "changed",
                    RelationEvent::Departed => "departed",
                    RelationEvent::Broken => "broken",
                };
                write!(f, "{endpoint}-relation-{event}")
            }
            Self::Storage { name, event, .. } => {
                let event = match event {
                    StorageEvent::Attached => "attached",
                    StorageEvent::Detaching => "detaching",
                };
                write!(f, "{name}-storage-{event}")
            }
            Self::Secret { event, .. } => f.write_str(match event {
                SecretEvent::Changed => "secret-changed",
                SecretEvent::Expired => "secret-expired",
                SecretEvent::Remove => "secret-remove",
                SecretEvent::Rotate => "secret-rotate",
            }),
            Self::Workload { container, event } => {
                let event = match event {
                    WorkloadEvent::Ready => "ready",
                    WorkloadEvent::CustomNotice { .. } => "custom-notice",
                    WorkloadEvent::CheckFailed { .. } => "check-failed",
                    WorkloadEvent::CheckRecovered { .. } => "check-recovered",
                };
                write!(f, "{container}-pebble-{event}")
            }
            Self::PreSeriesUpgrade { .. } => f.write_str("pre-series-upgrade"),
            Self::MeterStatusChanged { .. } => f.write_str("meter-status-changed"),
            Self::JujuExec { .. } => f.write_str("juju-exec"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(hook: &Hook) -> String {
        hook.variables()
            .into_iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn each_kind_of_hook_has_exactly_its_variables() {
        let relation =
            |event, remote_unit: Option<&str>, departing_unit: Option<&str>| Hook::Relation {
                endpoint: "db".to_owned(),
                event,
                id: 7,
                remote_application: "mysql".to_owned(),
                remote_unit: remote_unit.map(str::to_owned),
                departing_unit: departing_unit.map(str::to_owned),
            };
        let given_then: [(Hook, &str); 9] = [
            (
                Hook::unit("config-changed"),
                "JUJU_DISPATCH_PATH=hooks/config-changed JUJU_HOOK_NAME=config-changed",
            ),
            (
                relation(RelationEvent::Created, None, None),
                "JUJU_DISPATCH_PATH=hooks/db-relation-created \
JUJU_HOOK_NAME=db-relation-created JUJU_RELATION=db \
JUJU_RELATION_ID=db:7 JUJU_REMOTE_APP=mysql JUJU_REMOTE_UNIT=",
            ),
            (
                relation(RelationEvent::Departed, Some("mysql/0"), Some("mysql/0")),
                "JUJU_DEPARTING_UNIT=mysql/0 \
JUJU_DISPATCH_PATH=hooks/db-relation-departed \
JUJU_HOOK_NAME=db-relation-departed JUJU_RELATION=db \
JUJU_RELATION_ID=db:7 JUJU_REMOTE_APP=mysql JUJU_REMOTE_UNIT=mysql/0",
            ),
            (
                Hook::Storage {
                    name: "data".to_owned(),
                    event: StorageEvent::Attached,
                    id: 0,
                    location: Some(StorageLocation {
                        path: "/srv/data".to_owned(),
                        block: false,
                    }),
                },
                "JUJU_DISPATCH_PATH=hooks/data-storage-attached \
JUJU_HOOK_NAME=data-storage-attached JUJU_STORAGE_ID=data/0 \
JUJU_STORAGE_KIND=filesystem JUJU_STORAGE_LOCATION=/srv/data",
            ),
            (
                Hook::Storage {
                    name: "data".to_owned(),
                    event: StorageEvent::Detaching,
                    id: 0,
                    location: None,
                },
                "JUJU_DISPATCH_PATH=hooks/data-storage-detaching \
JUJU_HOOK_NAME=data-storage-detaching",
            ),
            (
                Hook::Secret {
                    event: SecretEvent::Expired,
                    id: "secret:9m4e2mr0ui3e8a215n4g".to_owned(),
                    label: "key".to_owned(),
                    revision: Some(3),
                },
                "JUJU_DISPATCH_PATH=hooks/secret-expired JUJU_HOOK_NAME=secret-expired \
JUJU_SECRET_ID=secret:9m4e2mr0ui3e8a215n4g JUJU_SECRET_LABEL=key \
JUJU_SECRET_REVISION=3",
            ),
            (
                Hook::Workload {
                    container: "web".to_owned(),
                    event: WorkloadEvent::CustomNotice {
                        id: "1".to_owned(),
                        key: "a.com/b".to_owned(),
                    },
                },
                "JUJU_DISPATCH_PATH=hooks/web-pebble-custom-notice \
JUJU_HOOK_NAME=web-pebble-custom-notice JUJU_NOTICE_ID=1 \
JUJU_NOTICE_KEY=a.com/b JUJU_NOTICE_TYPE=custom JUJU_WORKLOAD_NAME=web",
            ),
            (
                Hook::Action {
                    name: "backup".to_owned(),
                    id: 2,
                },
                "JUJU_ACTION_NAME=backup JUJU_ACTION_TAG=action-2 JUJU_ACTION_UUID=2 \
JUJU_DISPATCH_PATH=actions/backup JUJU_HOOK_NAME=",
            ),
            (
                Hook::JujuExec { id: 3 },
                "JUJU_ACTION_NAME=juju-exec JUJU_ACTION_TAG=action-3 JUJU_ACTION_UUID=3 JUJU_HOOK_NAME=",
            ),
        ];
        for (hook, then) in given_then {
            assert_eq!(variables(&hook), then, "{hook}");
        }
    }
}
