//! What a context refuses to run, and what a charm that runs in process sees.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use ops::{ActionEvent, Charm, Event, NoticeEvent, Result, Status, StorageEvent, Unit};
use ops_testing::{Context, Exit, State};
use tempfile::TempDir;

/// Tells a test the directory that it was run in.
#[derive(Clone, Default)]
struct Website {
    charm_dir: Arc<Mutex<PathBuf>>,
}

impl Charm for Website {
    fn reconcile(&mut self, unit: &Unit) -> Result<Status> {
        unit.context()
            .charm_dir()
            .clone_into(&mut self.charm_dir.lock().unwrap());
        Ok(Status::active())
    }
}

fn project() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let metadata = "name: website\nstorage: {data: {type: filesystem}}\nactions: {backup: {}}\n";
    fs::write(directory.path().join("charmcraft.yaml"), metadata).unwrap();
    directory
}

fn storage(storage: &str, id: Option<&str>, location: Option<&str>) -> StorageEvent {
    StorageEvent {
        storage: storage.to_owned(),
        id: id.map(|id| id.parse().unwrap()),
        location: location.map(str::to_owned),
    }
}

#[test]
fn an_event_that_juju_never_dispatches_is_refused() {
    let project = project();
    let context = Context::of_charm(project.path(), Website::default);
    let attached = |name, id, location| Event::StorageAttached(storage(name, id, location));
    let action = |name: &str| {
        Event::Action(ActionEvent {
            name: name.to_owned(),
            id: 2.into(),
        })
    };
    let here = Some("/srv/data");
    let given_then = [
        (attached("data", Some("data/0"), here), None),
        (Event::StorageDetaching(storage("data", None, None)), None),
        (
            attached("date", Some("date/0"), here),
            Some(r#"date-storage-attached: the charm has no storage "date""#),
        ),
        (
            attached("data", Some("web/0"), here),
            Some("data-storage-attached: web/0 is no storage of the name data"),
        ),
        (
            attached("data", Some("data/0"), None),
            Some("data-storage-attached: Juju gives the storage's id and its location, or neither"),
        ),
        (action("backup"), None),
        (
            action("restore"),
            Some(r#"restore: the charm has no action "restore""#),
        ),
        (Event::Other("next-years-event".to_owned()), None),
        (
            Event::Other("config-changed".to_owned()),
            Some(
                "config-changed: ops has an event of its own for it, Event::Other is for hooks that it does not know",
            ),
        ),
        (
            Event::Other("db-relation-changed".to_owned()),
            Some(
                "db-relation-changed: ops has an event of its own for it, Event::Other is for hooks that it does not know",
            ),
        ),
    ];
    for (event, then) in given_then {
        let reasons = context.try_run(&event, &State::default()).err();
        let reasons = reasons.map(|impossible| impossible.reasons);
        let then = then.map(|reason| vec![reason.to_owned()]);
        assert_eq!(reasons, then, "{event:?}");
    }
}

#[test]
fn a_custom_notice_of_another_kind_is_refused() {
    let project = project();
    let context = Context::of_charm(project.path(), Website::default);
    let refused = r#"web-pebble-custom-notice: a custom notice is of the kind "custom", not "foo""#;
    for (kind, then) in [("custom", None), ("foo", Some(vec![refused.to_owned()]))] {
        let event = Event::PebbleCustomNotice(NoticeEvent {
            container: "web".to_owned(),
            id: "1".to_owned(),
            kind: kind.to_owned(),
            key: "example.com/backup-done".to_owned(),
        });
        let reasons = context
            .try_run(&event, &State::default().on_kubernetes())
            .err();
        assert_eq!(reasons.map(|impossible| impossible.reasons), then);
    }
}

#[test]
fn a_charm_in_process_is_in_the_directory_of_its_metadata() {
    let (project, website) = (project(), Website::default());
    let given = website.clone();
    let context = Context::of_charm(project.path(), move || given.clone());
    let then = context.run(&Event::Start, &State::default());
    assert!(then.succeeded());
    assert_eq!(*website.charm_dir.lock().unwrap(), project.path());
}

#[test]
fn an_environment_that_cannot_be_understood_fails_the_hook_and_says_why() {
    let project = project();
    let context = Context::of_charm(project.path(), Website::default);
    let event = Event::PebbleCustomNotice(NoticeEvent {
        container: "web".to_owned(),
        id: String::new(),
        kind: "custom".to_owned(),
        key: "example.com/backup-done".to_owned(),
    });
    let then = context.run(&event, &State::default().on_kubernetes());
    assert_eq!(then.exit, Exit::Code(1));
    assert_eq!(
        then.printed,
        "cannot understand the hook's environment: JUJU_NOTICE_ID is not set\n"
    );
    assert!(then.log.is_empty() && then.hook_commands.is_empty());
}

const RESTRICTED: [Event; 2] = [Event::CollectMetrics, Event::MeterStatusChanged];

#[test]
fn a_charm_is_not_called_where_no_hook_command_works() {
    struct NeverCalled;
    impl Charm for NeverCalled {
        fn reconcile(&mut self, _: &Unit) -> Result<Status> {
            unreachable!("there is nothing to reconcile with")
        }
    }
    let project = project();
    let context = Context::of_charm(project.path(), || NeverCalled);
    for event in RESTRICTED {
        let given = State {
            unit_status: Some(Status::blocked("no disk")),
            ..State::default()
        };

        let then = context.run(&event, &given);

        assert_eq!(then.exit, Exit::Code(0), "{event}");
        assert!(then.hook_commands.is_empty() && then.log.is_empty());
        assert_eq!(then.state.unit_status, given.unit_status);
    }
}

#[test]
fn hook_commands_are_refused_where_juju_refuses_them() {
    let project = tempfile::tempdir().unwrap();
    fs::write(project.path().join("metadata.yaml"), "name: website\n").unwrap();
    let script = "#!/bin/sh\nstatus-set active; juju-log hello; config-get; open-port 80\n";
    let dispatch = project.path().join("dispatch");
    fs::write(&dispatch, script).unwrap();
    fs::set_permissions(&dispatch, Permissions::from_mode(0o755)).unwrap();
    let context = Context::dispatching(project.path());
    for event in RESTRICTED {
        let then = context.run(&event, &State::default());

        let refusal = "ERROR not implemented for restricted context not implemented\n";
        assert_eq!(then.printed, refusal.repeat(4), "{event}");
        assert_eq!(then.exit, Exit::Code(1));
        assert_eq!(then.state, State::default());
    }
}
