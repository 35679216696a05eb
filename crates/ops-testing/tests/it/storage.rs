//! Storage, resources, addresses, the cloud and reboots in tests of charms.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use ops::{Charm, Event, Reboot, Result, Status, Unit};
use ops_testing::{Context, Exit, Law, Laws, State, Storage};
use serde_json::json;
use tempfile::TempDir;

const METADATA: &str = "
name: keeper
storage:
  data: {type: filesystem, multiple: {range: 0-2}}
  disk: {type: block, multiple: {range: 0-}}
resources:
  site: {type: file, filename: site.tar}
provides: {website: {interface: http}}
";

fn project() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("charmcraft.yaml"), METADATA).unwrap();
    directory
}

/// A charm that does this in every hook.
struct Doing(fn(&Unit) -> Result<Status>);

impl Charm for Doing {
    fn reconcile(&mut self, unit: &Unit) -> Result<Status> {
        (self.0)(unit)
    }
}

fn doing(project: &TempDir, what: fn(&Unit) -> Result<Status>) -> Context {
    Context::of_charm(project.path(), move || Doing(what))
}

/// Keeps a file on all of its storage.
fn keep(unit: &Unit) -> Result<Status> {
    let storages = unit.storages("data")?;
    for storage in &storages {
        fs::write(storage.location().join("kept"), "data")?;
    }
    Ok(match storages.len() {
        0 => Status::waiting("for storage"),
        count => Status::active().with_message(format!("keeps {count}")),
    })
}

#[test]
fn storage_comes_with_its_event_and_goes_with_it() {
    let project = project();
    let context = doing(&project, keep);
    let data = context.storage("data", 0);
    // Before install, later, and away again.
    let mut state = State::default();
    for (event, message) in [
        (data.attached(), "keeps 1"),
        (Event::Install, "keeps 1"),
        (context.storage("data", 1).attached(), "keeps 2"),
        (data.detaching(), "keeps 1"),
        (Event::UpdateStatus, "keeps 1"),
    ] {
        let then = context.run(&event, &state);
        state = then.state;
        assert_eq!(
            state.unit_status.as_ref().unwrap().message(),
            message,
            "{event}"
        );
    }
    assert_eq!(state.storages, [context.storage("data", 1)]);
    assert_eq!(
        fs::read_to_string(data.location.join("kept")).unwrap(),
        "data"
    );
}

#[test]
fn storage_that_is_asked_for_is_to_come_once_the_hook_has_succeeded() {
    let project = project();
    let ask = |unit: &Unit| {
        unit.add_storage("data", 2);
        Ok(Status::active())
    };
    let then = doing(&project, ask).run(&Event::Install, &State::default());
    assert_eq!(then.state.storage_to_come, [("data".to_owned(), 2)].into());
    let context = doing(&project, ask);
    let then = context.run(
        &Event::Install,
        &State::default().with_storage(context.storage("data", 0)),
    );
    assert_eq!(then.exit, Exit::CommitRefused);
    assert!(then.state.storage_to_come.is_empty());
    assert!(then.errors()[0].contains("brings the total to 3, exceeding the maximum of 2"));
}

#[test]
fn what_juju_is_never_in_is_refused() {
    let project = project();
    let context = doing(&project, keep);
    let reasons = |state: State| {
        let run = context.try_run(&Event::Install, &state);
        run.unwrap_err().reasons.join("\n")
    };
    let data = |number| Storage::new("data", number, "/srv");
    for (state, reason) in [
        (
            State::default().with_storage(Storage::new("date", 0, "/srv")),
            "the charm has no storage \"date\"",
        ),
        (
            State::default().with_storage(data(1)).with_storage(data(1)),
            "1 is the number of two",
        ),
        (
            State::default().with_storage(data(0).as_block_device()),
            "data/0 is not of the type",
        ),
        (
            (0..3).map(data).fold(State::default(), State::with_storage),
            "data/2 is one more than the charm allows",
        ),
        (
            State::default().with_resource("blob", "/tmp/x"),
            "the charm has no resource \"blob\"",
        ),
    ] {
        let reasons = reasons(state);
        assert!(reasons.contains(reason), "{reasons}");
    }
}

#[test]
fn a_charm_reads_its_addresses_resource_and_cloud() {
    let project = project();
    let context = doing(&project, |unit| {
        let network = unit.network("website")?;
        let site = unit.resource("site")?;
        let cloud = unit.cloud()?;
        let said = format!(
            "{} {} {}",
            network.bind_address(),
            site.display(),
            cloud.name
        );
        assert_eq!(unit.status()?, Some(Status::waiting("so far")));
        Ok(Status::active().with_message(said))
    });
    let given = State::default()
        .with_address(Some([10, 1, 2, 3].into()))
        .with_unit_status(Status::waiting("so far"))
        .with_resource("site", "/tmp/site.tar");
    let then = context.run(&Event::Start, &given);
    let untrusted = "needs the credentials of the cloud; to allow it: juju trust keeper";
    assert_eq!(then.state.unit_status, Some(Status::blocked(untrusted)));
    let given = given.trusted(json!({"type": "lxd", "name": "localhost"}));
    let then = context.run(&Event::Start, &given);
    let said = "10.1.2.3 /tmp/site.tar localhost";
    assert_eq!(
        then.state.unit_status,
        Some(Status::active().with_message(said))
    );
}

#[test]
fn a_reboot_comes_after_a_hook_that_succeeds_or_kills_it() {
    let project = project();
    let after = doing(&project, |unit| {
        unit.reboot(Reboot::AfterHook)?;
        Ok(Status::active())
    });
    let then = after.run(&Event::Start, &State::default());
    assert_eq!(
        (then.exit, then.reboot),
        (Exit::Code(0), Some(Reboot::AfterHook))
    );
    let now = doing(&project, |unit| {
        unit.add_storage("data", 1);
        unit.reboot(Reboot::Now)?;
        unreachable!("it is killed")
    });
    let then = now.run(&Event::Start, &State::default());
    assert_eq!(
        (then.exit, then.reboot),
        (Exit::Signal(9), Some(Reboot::Now))
    );
    assert!(then.state.storage_to_come.is_empty());
}

#[test]
fn a_real_dispatch_finds_the_same_storage() {
    let project = project();
    let path = |name: &str| project.path().join(name);
    fs::rename(path("charmcraft.yaml"), path("metadata.yaml")).unwrap();
    let script = "#!/bin/sh\nset -e\necho kept >$(storage-get location)/kept\nstorage-add disk\nstatus-set active \"$(storage-list)\"\n";
    fs::write(path("dispatch"), script).unwrap();
    fs::set_permissions(path("dispatch"), fs::Permissions::from_mode(0o755)).unwrap();
    let context = Context::dispatching(project.path());
    let data = context.storage("data", 0);
    let then = context.run(&data.attached(), &State::default());
    assert_eq!(
        then.state.unit_status,
        Some(Status::active().with_message("data/0")),
        "{then:?}"
    );
    assert_eq!(then.state.storage_to_come, [("disk".to_owned(), 1)].into());
    assert!(data.location.join("kept").exists());
}

#[test]
fn a_charm_with_storage_keeps_the_laws() {
    let project = project();
    Laws::of(&doing(&project, keep), ()).check([State::default()]);
    let asks = doing(&project, |unit| {
        if unit.storages("data")?.is_empty() {
            unit.add_storage("data", 1);
        }
        Ok(Status::active())
    });
    Laws::of(&asks, ()).check([State::default()]);
}

#[test]
fn a_charm_that_asks_for_more_in_every_hook_breaks_a_law() {
    let project = project();
    let greedy = doing(&project, |unit| {
        unit.add_storage("disk", 1);
        Ok(Status::active())
    });
    let violation = Laws::of(&greedy, ())
        .try_check([State::default()])
        .unwrap_err();
    assert_eq!(violation.law, Law::Idempotence);
    assert!(
        violation.story.contains("storage-add disk=1"),
        "{}",
        violation.story
    );
}

#[test]
fn a_charm_that_believes_the_event_breaks_a_law() {
    let project = project();
    let believing = doing(&project, |unit| {
        let attached = matches!(unit.event(), Event::StorageAttached(_));
        Ok(if attached {
            Status::active()
        } else {
            Status::waiting("for storage")
        })
    });
    let violation = Laws::of(&believing, ())
        .try_check([State::default()])
        .unwrap_err();
    assert_eq!(violation.law, Law::Order);
    let replay = "Storage::new(\"data\", 1000, \"";
    assert!(violation.story.contains(replay), "{}", violation.story);
}
