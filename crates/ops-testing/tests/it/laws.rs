//! Each law catches who breaks it, and nobody else.

use std::fs;

use ops::{Event, Result, Status, Unit};
use ops_testing::{Context, Law, Laws, State, Violation};
use snapbox::{assert_data_eq, file};
use tempfile::TempDir;

use crate::broken_charms::{self, Website, WebsiteCharm};

type Reconcile = fn(&Website, &Event, &Unit) -> Result<Status>;

/// The metadata of all charms here.
fn metadata() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let yaml =
        "name: website\nconfig:\n  options:\n    port:\n      type: int\n      default: 8000\n";
    fs::write(directory.path().join("charmcraft.yaml"), yaml).unwrap();
    directory
}

fn check(reconcile: Reconcile) -> std::result::Result<(), Violation> {
    let website = Website::default();
    let fake = website.clone();
    let directory = metadata();
    let context = Context::of_charm(directory.path(), move || WebsiteCharm {
        website: fake.clone(),
        reconcile,
    });
    Laws::of(&context, website).try_check([
        State::default(),
        State::default().with_config("port", 22),
        State::default()
            .with_machine_ports("other/0", ["8001/tcp"])
            .as_leader(),
    ])
}

fn violation(reconcile: Reconcile) -> Violation {
    check(reconcile).expect_err("the charm should break a law")
}

#[test]
fn a_holistic_charm_keeps_all_laws() {
    for reconcile in [
        broken_charms::holistic,
        broken_charms::knows_before_it_opens,
    ] {
        if let Err(violation) = check(reconcile) {
            panic!("{violation}");
        }
    }
}

#[test]
fn who_forgets_to_close_the_old_port_breaks_the_law_of_order() {
    let violation = violation(broken_charms::forgets_to_close_the_old_port);
    assert_eq!(violation.law, Law::Order);
    assert_data_eq!(
        violation.to_string(),
        file!["violations/forgets_to_close_the_old_port.txt"]
    );
}

#[test]
fn who_opens_before_it_knows_does_not_stay_as_it_is_when_blocked() {
    let violation = violation(broken_charms::opens_before_it_knows);
    assert_eq!(violation.law, Law::BlockedIsStable);
    assert_data_eq!(
        violation.to_string(),
        file!["violations/opens_before_it_knows.txt"]
    );
}

#[test]
fn who_remembers_the_port_in_a_file_is_not_made_good_by_a_retry() {
    let violation = violation(broken_charms::remembers_the_port_in_a_file);
    assert_eq!(violation.law, Law::Retry);
    assert_data_eq!(
        violation.to_string(),
        file!["violations/remembers_the_port_in_a_file.txt"]
    );
}

#[test]
fn who_says_active_before_the_work_is_done_is_not_made_good_by_a_retry() {
    let violation = violation(broken_charms::says_active_before_the_work_is_done);
    assert_eq!(violation.law, Law::Retry);
    assert_data_eq!(
        violation.to_string(),
        file!["violations/says_active_before_the_work_is_done.txt"]
    );
}

#[test]
fn who_reacts_to_config_changed_only_breaks_the_law_of_order() {
    let violation = violation(broken_charms::reacts_to_config_changed_only);
    assert_eq!(violation.law, Law::Order);
    assert_data_eq!(
        violation.to_string(),
        file!["violations/reacts_to_config_changed_only.txt"]
    );
}
