//! The variables of a hook's environment, and the event that they tell of.

use std::collections::BTreeMap;
use std::str::FromStr;

use tracing_subscriber::filter::{LevelFilter, Targets};

use crate::event::{
    ActionEvent, CheckEvent, Event, NoticeEvent, RelationEvent, SecretEvent, StorageEvent,
};
use crate::relation::id::RelationId;
use crate::storage::id::StorageId;
use crate::unit_name::UnitName;

/// Which hook it is; set for every event, and for nothing else.
pub(crate) const JUJU_DISPATCH_PATH: &str = "JUJU_DISPATCH_PATH";

/// A hook's environment that lacks a variable, or has one that cannot be understood.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JujuContextError {
    /// A variable that Juju always sets for this event is missing.
    #[error("{0} is not set")]
    Missing(&'static str),
    /// A variable with a value of another form than Juju gives it.
    #[error("{variable}={value:?} is not {expected}")]
    Invalid {
        /// The variable, such as `JUJU_RELATION_ID`.
        variable: &'static str,
        /// Its value.
        value: String,
        /// What it should be, such as `a relation's id such as "db:7"`.
        expected: &'static str,
    },
}

/// The variables by name. Juju exports some of them empty where they have no value.
pub(crate) struct Variables(pub(crate) BTreeMap<String, String>);

impl Variables {
    fn optional(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// Always there, and empty on Kubernetes, where other rules hold for ports.
    pub(crate) fn machine_id(&self) -> Result<Option<String>, JujuContextError> {
        let variable = "JUJU_MACHINE_ID";
        match self.0.get(variable) {
            Some(_) => Ok(self.optional(variable).map(str::to_owned)),
            None => Err(JujuContextError::Missing(variable)),
        }
    }

    pub(crate) fn log_levels(&self) -> (Targets, Option<String>) {
        let info = Targets::new().with_default(LevelFilter::INFO);
        let variable = "RUST_LOG";
        let expected = "what to log such as \"debug\" or \"info,hello_server=trace\"";
        match self
            .optional(variable)
            .map(|levels| parse(variable, levels, expected))
        {
            None => (info, None),
            Some(Ok(levels)) => (levels, None),
            Some(Err(error)) => (info, Some(error.to_string())),
        }
    }

    pub(crate) fn required(&self, name: &'static str) -> Result<&str, JujuContextError> {
        self.optional(name).ok_or(JujuContextError::Missing(name))
    }

    fn text(&self, name: &'static str) -> Result<String, JujuContextError> {
        self.required(name).map(str::to_owned)
    }

    pub(crate) fn event(&self, dispatch_path: &str) -> Result<Event, JujuContextError> {
        let (folder, name) = dispatch_path
            .rsplit_once('/')
            .unwrap_or(("hooks", dispatch_path));
        if folder == "actions" {
            return Ok(Event::Action(ActionEvent {
                name: name.to_owned(),
                id: parse(
                    "JUJU_ACTION_UUID",
                    self.required("JUJU_ACTION_UUID")?,
                    "a task's id such as 9",
                )?,
            }));
        }
        Ok(match name {
            "install" => Event::Install,
            "start" => Event::Start,
            "config-changed" => Event::ConfigChanged,
            "upgrade-charm" => Event::UpgradeCharm,
            "update-status" => Event::UpdateStatus,
            "stop" => Event::Stop,
            "remove" => Event::Remove,
            "leader-elected" => Event::LeaderElected,
            "leader-settings-changed" => Event::LeaderSettingsChanged,
            "leader-deposed" => Event::LeaderDeposed,
            "pre-series-upgrade" => Event::PreSeriesUpgrade,
            "post-series-upgrade" => Event::PostSeriesUpgrade,
            "collect-metrics" => Event::CollectMetrics,
            "meter-status-changed" => Event::MeterStatusChanged,
            "secret-changed" => Event::SecretChanged(self.secret()?),
            "secret-expired" => Event::SecretExpired(self.secret()?),
            "secret-remove" => Event::SecretRemove(self.secret()?),
            "secret-rotate" => Event::SecretRotate(self.secret()?),
            _ => self.event_of_a_named_thing(name)?,
        })
    }

    /// The events whose hook begins with a name from the charm's metadata, such as `db-relation-changed`.
    fn event_of_a_named_thing(&self, hook: &str) -> Result<Event, JujuContextError> {
        let before = |suffix| hook.strip_suffix(suffix).filter(|name| !name.is_empty());
        Ok(if let Some(endpoint) = before("-relation-created") {
            Event::RelationCreated(self.relation(endpoint)?)
        } else if let Some(endpoint) = before("-relation-joined") {
            Event::RelationJoined(self.relation(endpoint)?)
        } else if let Some(endpoint) = before("-relation-changed") {
            Event::RelationChanged(self.relation(endpoint)?)
        } else if let Some(endpoint) = before("-relation-departed") {
            Event::RelationDeparted(self.relation(endpoint)?)
        } else if let Some(endpoint) = before("-relation-broken") {
            Event::RelationBroken(self.relation(endpoint)?)
        } else if let Some(storage) = before("-storage-attached") {
            Event::StorageAttached(self.storage(storage)?)
        } else if let Some(storage) = before("-storage-detaching") {
            Event::StorageDetaching(self.storage(storage)?)
        } else if let Some(container) = before("-pebble-ready") {
            Event::PebbleReady {
                container: container.to_owned(),
            }
        } else if let Some(container) = before("-pebble-custom-notice") {
            Event::PebbleCustomNotice(NoticeEvent {
                container: container.to_owned(),
                id: self.text("JUJU_NOTICE_ID")?,
                kind: self.text("JUJU_NOTICE_TYPE")?,
                key: self.text("JUJU_NOTICE_KEY")?,
            })
        } else if let Some(container) = before("-pebble-check-failed") {
            Event::PebbleCheckFailed(self.check(container)?)
        } else if let Some(container) = before("-pebble-check-recovered") {
            Event::PebbleCheckRecovered(self.check(container)?)
        } else {
            Event::Other(hook.to_owned())
        })
    }

    fn relation(&self, endpoint: &str) -> Result<RelationEvent, JujuContextError> {
        let variable = "JUJU_RELATION_ID";
        let id: RelationId = parse(
            variable,
            self.required(variable)?,
            "a relation's id such as \"db:7\"",
        )?;
        if id.endpoint() != endpoint {
            return Err(JujuContextError::Invalid {
                variable,
                value: id.to_string(),
                expected: "the id of a relation of the hook's endpoint",
            });
        }
        Ok(RelationEvent {
            id,
            remote_application: self.optional("JUJU_REMOTE_APP").map(str::to_owned),
            remote_unit: self.optional_unit("JUJU_REMOTE_UNIT")?,
            departing_unit: self.optional_unit("JUJU_DEPARTING_UNIT")?,
        })
    }

    fn storage(&self, storage: &str) -> Result<StorageEvent, JujuContextError> {
        let variable = "JUJU_STORAGE_ID";
        let id = self.optional(variable);
        Ok(StorageEvent {
            storage: storage.to_owned(),
            id: id
                .map(|id| parse::<StorageId>(variable, id, "a storage's id such as \"data/0\""))
                .transpose()?,
            location: self.optional("JUJU_STORAGE_LOCATION").map(str::to_owned),
        })
    }

    fn secret(&self) -> Result<SecretEvent, JujuContextError> {
        let variable = "JUJU_SECRET_REVISION";
        let expected = "a secret's id such as \"secret:9m4e2mr0ui3e8a215n4g\"";
        Ok(SecretEvent {
            id: parse("JUJU_SECRET_ID", self.required("JUJU_SECRET_ID")?, expected)?,
            label: self.optional("JUJU_SECRET_LABEL").map(str::to_owned),
            revision: self
                .optional(variable)
                .map(|revision| parse(variable, revision, "a revision such as 3"))
                .transpose()?,
        })
    }

    fn check(&self, container: &str) -> Result<CheckEvent, JujuContextError> {
        Ok(CheckEvent {
            container: container.to_owned(),
            check: self.text("JUJU_PEBBLE_CHECK_NAME")?,
        })
    }

    pub(crate) fn unit_name(&self, variable: &'static str) -> Result<UnitName, JujuContextError> {
        self.optional_unit(variable)?
            .ok_or(JujuContextError::Missing(variable))
    }

    fn optional_unit(&self, variable: &'static str) -> Result<Option<UnitName>, JujuContextError> {
        self.optional(variable)
            .map(|name| parse(variable, name, "a unit's name such as \"hello-server/0\""))
            .transpose()
    }
}

fn parse<T: FromStr>(
    variable: &'static str,
    value: &str,
    expected: &'static str,
) -> Result<T, JujuContextError> {
    value.parse().map_err(|_| JujuContextError::Invalid {
        variable,
        value: value.to_owned(),
        expected,
    })
}
