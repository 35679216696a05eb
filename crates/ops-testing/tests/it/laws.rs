//! Each law catches who breaks it, and nobody else.

use std::fs;

use ops::{Event, Result, Status, Unit};
use ops_testing::{Context, Law, Laws, State, Violation, Workload as _};
use snapbox::{assert_data_eq, file};
use tempfile::TempDir;

use crate::broken_charms::{self, LeavesItsPort, Website, WebsiteCharm};

type Reconcile = fn(&Website, &Unit) -> Result<Status>;

/// The metadata of all charms here.
fn metadata() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let yaml =
        "name: website\nconfig:\n  options:\n    port:\n      type: int\n      default: 8000\n";
    fs::write(directory.path().join("charmcraft.yaml"), yaml).unwrap();
    directory
}

fn context(website: &Website, reconcile: Reconcile) -> Context {
    let fake = website.clone();
    Context::of_charm(metadata().path(), move || WebsiteCharm {
        website: fake.clone(),
        reconcile,
    })
}

fn check(reconcile: Reconcile) -> std::result::Result<(), Violation> {
    let website = Website::default();
    let context = context(&website, reconcile);
    // Few, as these tests are many.
    let laws = Laws::of(&context, website).with_option_values("port", [8000, 8001, 0]);
    laws.try_check([
        State::default(),
        State::default()
            .with_config("port", 22)
            .with_machine_ports("other/0", ["8001/tcp"])
            .as_leader(),
    ])
}

fn violation(reconcile: Reconcile) -> Violation {
    check(reconcile).expect_err("the charm should break a law")
}

fn assert_holistic(reconcile: Reconcile) {
    if let Err(violation) = check(reconcile) {
        panic!("{violation}");
    }
}

#[test]
fn a_holistic_charm_keeps_all_laws() {
    assert_holistic(broken_charms::holistic);
}

#[test]
fn options_are_set_to_what_their_types_suggest() {
    let website = Website::default();
    let context = context(&website, broken_charms::cannot_take_the_highest_port);

    let violation = Laws::of(&context, website)
        .try_check([State::default()])
        .unwrap_err();

    assert_eq!(violation.law, Law::EndsWell, "{violation}");
    assert!(
        violation.story.contains("port is set to 65535"),
        "{violation}"
    );
}

#[test]
fn a_charm_that_blocks_a_bad_configuration_keeps_all_laws() {
    assert_holistic(broken_charms::knows_before_it_opens);
}

#[test]
fn a_charm_that_is_blocked_whatever_the_configuration_may_still_follow_it() {
    assert_holistic(broken_charms::waits_for_a_relation_with_its_port_open);
}

#[test]
fn a_range_that_juju_cuts_in_two_hooks_breaks_no_law() {
    assert_holistic(broken_charms::opens_a_range);
}

#[test]
fn who_fails_a_hook_for_what_the_operator_must_mend_does_not_end_well() {
    let violation = violation(broken_charms::fails_for_a_bad_port);
    assert_eq!(violation.law, Law::EndsWell, "{violation}");
}

#[test]
fn who_closes_and_opens_in_one_hook_has_asked_for_nothing() {
    assert_holistic(broken_charms::closes_and_opens_each_time);
}

#[test]
fn who_takes_away_at_one_event_what_it_has_made_at_the_last_is_not_idempotent() {
    let violation = violation(broken_charms::swaps_its_file_each_time);
    assert_eq!(violation.law, Law::Idempotence, "{violation}");
}

#[test]
fn who_is_blocked_by_the_workload_with_its_port_moved_does_not_stay_as_it_is() {
    let violation = violation(broken_charms::opens_and_is_blocked_when_the_server_fails);
    assert_eq!(violation.law, Law::BlockedIsStable, "{violation}");
}

#[test]
fn who_says_active_though_the_server_has_failed_is_not_run_again() {
    let violation = violation(broken_charms::does_not_look_whether_the_server_has_failed);
    assert_eq!(violation.law, Law::Retry, "{violation}");
    assert!(violation.story.contains("took it for done"), "{violation}");
}

#[test]
fn who_never_closes_its_port_leaves_something() {
    let website = Website::default();
    let fake = website.clone();
    let context = Context::of_charm(metadata().path(), move || LeavesItsPort(fake.clone()));

    let violation = Laws::of(&context, website)
        .try_check([State::default()])
        .unwrap_err();

    assert_eq!(violation.law, Law::NothingIsLeft, "{violation}");
}

#[test]
fn a_sample_of_stories_finds_the_same_mistake_with_no_more_events_than_it_takes() {
    let website = Website::default();
    let context = context(&website, broken_charms::forgets_to_close_the_old_port);

    let violation = Laws::of(&context, website)
        .with_stories(3)
        .try_check([State::default()])
        .unwrap_err();

    assert_eq!(violation.law, Law::Order, "{violation}");
    let lines: Vec<&str> = violation
        .story
        .lines()
        .take_while(|line| !line.is_empty())
        .collect();
    assert_eq!(
        lines.len(),
        3,
        "the given state and two events: {violation}"
    );
}

#[test]
fn the_code_in_a_story_replays_it() {
    let mut workload = Website::default();
    let context = context(&workload, broken_charms::remembers_the_port_in_a_file);
    workload.reset();

    // From violations/remembers_the_port_in_a_file.txt.
    workload.set_fault(Some("the server cannot start"));
    let then = context.run(
        &Event::ConfigChanged,
        &State::default().with_config("port", 8000),
    );
    workload.set_fault(None);
    let then = context.run(&Event::ConfigChanged, &then.state);

    assert!(then.state.opened_ports.is_empty());
}

#[test]
fn the_page_about_it_shows_a_charm_and_what_is_said_of_all_of_them() {
    let page = include_str!("../../../../docs/check-that-your-charm-is-holistic.md");
    let charms = include_str!("broken_charms.rs");
    let start = charms.find("fn forgets_to_close_the_old_port(").unwrap();
    let length = charms[start..].find("\n}\n").unwrap();
    let charm = &charms[start..start + length];
    assert!(page.contains(charm), "show this as it is tested:\n{charm}");
    let violation = include_str!("violations/forgets_to_close_the_old_port.txt").trim();
    assert!(
        page.contains(violation),
        "show this as it is printed:\n{violation}"
    );
    for entry in fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/violations")).unwrap()
    {
        let path = entry.unwrap().path();
        let violation = fs::read_to_string(&path).unwrap();
        let law = violation
            .lines()
            .next()
            .and_then(|line| line.strip_prefix("the charm breaks a law: "))
            .unwrap();
        let file = path.file_name().unwrap().display();
        let link = format!("[{law}](../crates/ops-testing/tests/it/violations/{file})");
        assert!(page.contains(&link), "link to it: {link}");
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
