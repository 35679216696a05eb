//! What Juju tells a hook in its environment. Every variable that this crate reads is read here.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use tracing_subscriber::filter::Targets;

use crate::event::Event;
use crate::unit_name::UnitName;
use crate::variables::{JUJU_DISPATCH_PATH, JujuContextError, Variables};

/// What the `JUJU_*` variables of a hook say: which unit this is, where, and what happened.
///
/// A charm gets it from [`run`](crate::run), for what it must know before there is a [`Unit`](crate::Unit):
///
/// ```no_run
/// # struct Website(std::path::PathBuf);
/// # impl ops::Charm for Website {
/// #     fn reconcile(&mut self, _: &ops::Unit) -> ops::Result<ops::Status> { Ok(ops::Status::active()) }
/// # }
/// fn main() -> std::process::ExitCode {
///     ops::run(|context| Website(context.charm_dir().join("templates")))
/// }
/// ```
#[derive(Clone, Debug)]
pub struct JujuContext {
    event: Event,
    unit_name: UnitName,
    charm_dir: PathBuf,
    machine_id: Option<String>,
    model_name: String,
    log_levels: Targets,
    log_levels_problem: Option<String>,
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
            model_name: variables.required("JUJU_MODEL_NAME")?.to_owned(),
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

    /// The model that the unit is in, such as `staging`, from `JUJU_MODEL_NAME`.
    #[must_use]
    pub fn model_name(&self) -> &str {
        &self.model_name
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{ActionEvent, RelationEvent};
    use crate::relation::id::RelationId;

    fn read(variables: &[(&str, &str)]) -> Result<JujuContext, JujuContextError> {
        let unit = [
            ("JUJU_UNIT_NAME", "web/0"),
            ("JUJU_CHARM_DIR", "/charm"),
            ("JUJU_MACHINE_ID", "0"),
            ("JUJU_MODEL_NAME", "staging"),
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
    fn the_model_is_told_by_its_name() {
        let start = ("JUJU_DISPATCH_PATH", "hooks/start");
        assert_eq!(read(&[start]).unwrap().model_name(), "staging");
        let nameless = read(&[start, ("JUJU_MODEL_NAME", "")]);
        assert_eq!(
            nameless.unwrap_err().to_string(),
            "JUJU_MODEL_NAME is not set"
        );
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
