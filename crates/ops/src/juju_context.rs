//! What Juju tells a hook in its environment. Every variable that this crate reads is read here.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use tracing_subscriber::filter::{LevelFilter, Targets};

use crate::event::{
    ActionEvent, CheckEvent, Event, NoticeEvent, RelationEvent, SecretEvent, StorageEvent,
};
use crate::relation::RelationId;
use crate::storage::StorageId;
use crate::unit_name::UnitName;

/// Which hook it is; set for every event, and for nothing else.
pub(crate) const JUJU_DISPATCH_PATH: &str = "JUJU_DISPATCH_PATH";

/// What the `JUJU_*` variables of a hook say: which unit this is, where, and what happened.
#[derive(Clone, Debug)]
pub struct JujuContext {
    event: Event,
    unit_name: UnitName,
    charm_dir: PathBuf,
    machine_id: Option<String>,
    log_levels: Targets,
    log_levels_problem: Option<String>,
}

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

impl JujuContext {
    /// Reads the variables of one hook, for example [`std::env::vars_os`] or a map that a test made.
    ///
    /// # Errors
    /// When a variable is missing or has a value that Juju would not give it. A hook with a name that nobody knows is
    /// not an error but [`Event::Other`].
    pub fn from_environment<N, V>(
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self, JujuContextError>
    where
        N: Into<OsString>,
        V: Into<OsString>,
    {
        let variables = Variables(
            variables
                .into_iter()
                .filter_map(|(name, value)| {
                    Some((
                        name.into().into_string().ok()?,
                        value.into().into_string().ok()?,
                    ))
                })
                .collect(),
        );
        let dispatch_path = variables.required(JUJU_DISPATCH_PATH)?;
        let (log_levels, log_levels_problem) = variables.log_levels();
        Ok(Self {
            event: variables.event(dispatch_path)?,
            unit_name: variables.unit_name("JUJU_UNIT_NAME")?,
            charm_dir: variables.required("JUJU_CHARM_DIR")?.into(),
            machine_id: variables.machine_id()?,
            log_levels,
            log_levels_problem,
        })
    }

    /// Reads the variables of this process.
    pub(crate) fn from_process() -> Result<Self, JujuContextError> {
        #[expect(
            clippy::disallowed_methods,
            reason = "the environment is read here and nowhere else"
        )]
        Self::from_environment(std::env::vars_os())
    }

    /// What happened, from `JUJU_DISPATCH_PATH` and the variables that belong to the event.
    #[must_use]
    pub fn event(&self) -> &Event {
        &self.event
    }

    /// The unit that the charm runs for, such as `hello-server/0`, from `JUJU_UNIT_NAME`.
    #[must_use]
    pub fn unit_name(&self) -> &UnitName {
        &self.unit_name
    }

    /// The folder of the unpacked charm, such as `/var/lib/juju/agents/unit-hello-server-0/charm`, from
    /// `JUJU_CHARM_DIR`.
    #[must_use]
    pub fn charm_dir(&self) -> &Path {
        &self.charm_dir
    }

    /// The machine that the unit is on, such as `0` or `0/lxd/1`, from `JUJU_MACHINE_ID`; none on Kubernetes.
    #[must_use]
    pub fn machine_id(&self) -> Option<&str> {
        self.machine_id.as_deref()
    }

    /// Which log lines are sent to Juju, from `RUST_LOG`; `info` and above when it is not set or malformed.
    pub(crate) fn log_levels(&self) -> &Targets {
        &self.log_levels
    }

    /// Why `RUST_LOG` was not understood, if so. It is for the log: no hook fails for what is logged of it.
    pub(crate) fn log_levels_problem(&self) -> Option<&str> {
        self.log_levels_problem.as_deref()
    }
}

/// The variables by name. Juju exports some of them empty where they have no value.
struct Variables(BTreeMap<String, String>);

impl Variables {
    fn optional(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// Always there, and empty on Kubernetes, where other rules hold for ports.
    fn machine_id(&self) -> Result<Option<String>, JujuContextError> {
        let variable = "JUJU_MACHINE_ID";
        match self.0.get(variable) {
            Some(_) => Ok(self.optional(variable).map(str::to_owned)),
            None => Err(JujuContextError::Missing(variable)),
        }
    }

    fn log_levels(&self) -> (Targets, Option<String>) {
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

    fn required(&self, name: &'static str) -> Result<&str, JujuContextError> {
        self.optional(name).ok_or(JujuContextError::Missing(name))
    }

    fn text(&self, name: &'static str) -> Result<String, JujuContextError> {
        self.required(name).map(str::to_owned)
    }

    fn event(&self, dispatch_path: &str) -> Result<Event, JujuContextError> {
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

    fn unit_name(&self, variable: &'static str) -> Result<UnitName, JujuContextError> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<JujuContext, JujuContextError> {
        let unit = [
            ("JUJU_UNIT_NAME", "web/0"),
            ("JUJU_CHARM_DIR", "/charm"),
            ("JUJU_MACHINE_ID", "0"),
        ];
        JujuContext::from_environment(unit.iter().chain(variables).copied())
    }

    fn event(variables: &[(&str, &str)]) -> Event {
        read(variables).unwrap().event().clone()
    }

    #[test]
    fn every_hook_of_juju_has_an_event_of_its_name() {
        let payload = [
            ("JUJU_RELATION_ID", "db:7"),
            ("JUJU_SECRET_ID", "secret:9m4e2mr0ui3e8a215n4g"),
            ("JUJU_NOTICE_ID", "1"),
            ("JUJU_NOTICE_TYPE", "custom"),
            ("JUJU_NOTICE_KEY", "a.com/b"),
            ("JUJU_PEBBLE_CHECK_NAME", "up"),
        ];
        for hook in [
            "install",
            "start",
            "config-changed",
            "upgrade-charm",
            "update-status",
            "stop",
            "remove",
            "leader-elected",
            "leader-settings-changed",
            "leader-deposed",
            "pre-series-upgrade",
            "post-series-upgrade",
            "collect-metrics",
            "meter-status-changed",
            "db-relation-created",
            "db-relation-joined",
            "db-relation-changed",
            "db-relation-departed",
            "db-relation-broken",
            "data-storage-attached",
            "data-storage-detaching",
            "secret-changed",
            "secret-expired",
            "secret-remove",
            "secret-rotate",
            "web-pebble-ready",
            "web-pebble-custom-notice",
            "web-pebble-check-failed",
            "web-pebble-check-recovered",
        ] {
            let path = format!("hooks/{hook}");
            let event = event(&[&payload[..], &[("JUJU_DISPATCH_PATH", &path)]].concat());
            assert!(!matches!(event, Event::Other(_)), "{hook}");
            assert_eq!(event.to_string(), hook);
        }
    }

    #[test]
    fn a_departed_relation_brings_all_that_juju_says() {
        let event = event(&[
            ("JUJU_DISPATCH_PATH", "hooks/my-db-relation-departed"),
            ("JUJU_RELATION_ID", "my-db:7"),
            ("JUJU_REMOTE_APP", "mysql"),
            ("JUJU_REMOTE_UNIT", "mysql/0"),
            ("JUJU_DEPARTING_UNIT", "mysql/0"),
        ]);
        assert_eq!(
            event,
            Event::RelationDeparted(RelationEvent {
                id: RelationId::new("my-db", 7),
                remote_application: Some("mysql".to_owned()),
                remote_unit: Some("mysql/0".parse().unwrap()),
                departing_unit: Some("mysql/0".parse().unwrap()),
            })
        );
    }

    #[test]
    fn an_empty_variable_is_as_good_as_none() {
        let context = read(&[
            ("JUJU_DISPATCH_PATH", "hooks/db-relation-created"),
            ("JUJU_RELATION_ID", "db:7"),
            ("JUJU_REMOTE_UNIT", ""),
            ("JUJU_MACHINE_ID", ""),
        ])
        .unwrap();
        let Event::RelationCreated(relation) = context.event() else {
            panic!("{:?}", context.event());
        };
        assert_eq!(relation.remote_unit, None);
        assert_eq!(context.machine_id(), None);
    }

    #[test]
    fn an_action_is_known_by_its_folder() {
        let event = event(&[
            ("JUJU_DISPATCH_PATH", "actions/install"),
            ("JUJU_ACTION_UUID", "2"),
        ]);
        assert_eq!(
            event,
            Event::Action(ActionEvent {
                name: "install".to_owned(),
                id: 2.into()
            })
        );
    }

    #[test]
    fn a_hook_that_nobody_knows_is_an_event_all_the_same() {
        for hook in ["next-years-event", "-relation-changed", "ünknown", "x"] {
            let event = event(&[("JUJU_DISPATCH_PATH", &format!("hooks/{hook}"))]);
            assert_eq!(event, Event::Other(hook.to_owned()));
        }
    }

    #[test]
    fn what_is_missing_or_malformed_is_named() {
        let message = |variables: &[(&str, &str)]| read(variables).unwrap_err().to_string();

        assert_eq!(message(&[]), "JUJU_DISPATCH_PATH is not set");
        assert_eq!(
            message(&[("JUJU_DISPATCH_PATH", "hooks/db-relation-changed")]),
            "JUJU_RELATION_ID is not set"
        );
        assert_eq!(
            message(&[
                ("JUJU_DISPATCH_PATH", "hooks/db-relation-changed"),
                ("JUJU_RELATION_ID", "db:x")
            ]),
            "JUJU_RELATION_ID=\"db:x\" is not a relation's id such as \"db:7\""
        );
        assert_eq!(
            message(&[
                ("JUJU_DISPATCH_PATH", "hooks/start"),
                ("JUJU_UNIT_NAME", "web")
            ]),
            "JUJU_UNIT_NAME=\"web\" is not a unit's name such as \"hello-server/0\""
        );
    }
}
