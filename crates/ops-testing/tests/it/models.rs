//! The laws of a model catch who breaks them, and nobody else.

use std::fs;

use ops::{Event, Result, Status, Unit};
use ops_testing::{Application, Fault, Model, ModelLaw, ModelState, ModelViolation, laws};
use snapbox::{Data, assert_data_eq, file};
use tempfile::TempDir;

use crate::broken_models::{self as charms, Memory, Reconciled};

type Reconcile = fn(&Memory, &Unit) -> Result<Status>;

const PROVIDER: &str = "name: provider
provides:
  db:
    interface: db
peers:
  cluster:
    interface: cluster
";

const REQUIRER: &str = "name: requirer
requires:
  db:
    interface: db
    limit: 1
";

const KEEPER: &str = "name: keeper
storage:
  data:
    type: filesystem
";

fn application(metadata: &str, reconcile: Reconcile) -> Application {
    let directory: TempDir = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("charmcraft.yaml"), metadata).unwrap();
    Application::of_charm(directory.path(), move |memory: &Memory| Reconciled {
        memory: memory.clone(),
        reconcile,
    })
}

/// The two charms, not deployed yet.
fn model(provider: Reconcile, requirer: Reconcile) -> Model {
    Model::of([
        application(PROVIDER, provider),
        application(REQUIRER, requirer),
    ])
}

fn related(provider: Reconcile, requirer: Reconcile) -> Model {
    model(provider, requirer)
        .deploy("provider", 2)
        .deploy("requirer", 2)
        .integrate("provider", "requirer")
        .add_unit("provider")
        .remove_unit("provider/1")
}

/// The violation, and whether it is one that a reader takes in: it is kept as a file.
#[track_caller]
fn violation(model: Model, file: Data) -> ModelViolation {
    let violation = laws::of_model(model).try_check().unwrap_err();
    assert!(violation.steps.len() <= 8, "{:#?}", violation.steps);
    assert_data_eq!(violation.to_string(), file);
    violation
}

#[test]
fn charms_that_work_it_out_anew_keep_all_laws() {
    let report = laws::of_model(related(charms::provider, charms::requirer))
        .with_schedules(200)
        .check();
    assert_eq!((report.schedules, report.distinct), (200, 200));
    let report = laws::of_model(model(charms::provider, charms::requirer))
        .with_schedules(50)
        .check();
    let follows = |before: &str, after: &str| {
        let pair = ["requirer", before, after].map(str::to_owned);
        report.pairs.contains(&pair.into())
    };
    assert!(follows("db-relation-broken", "stop"));
    assert!(!follows("stop", "db-relation-broken"));
    let of_requirer = report.kinds.iter().filter(|(name, _)| name == "requirer");
    let kinds: Vec<_> = of_requirer.map(|(_, kind)| kind.as_str()).collect();
    assert_eq!(
        kinds.join(" "),
        "config-changed db-relation-broken db-relation-changed db-relation-created db-relation-departed \
         db-relation-joined install leader-elected remove start stop update-status"
    );
}

#[test]
fn who_follows_only_joined_is_caught() {
    let model = related(charms::provider, charms::follows_only_joined);
    let violation = violation(model, file!["model_violations/follows_only_joined.txt"]);
    assert_eq!(violation.law, ModelLaw::SameEnd);
}

#[test]
fn who_remembers_its_leader_is_caught() {
    let model = related(charms::remembers_its_leader, |_, _| Ok(Status::active()));
    let violation = violation(model, file!["model_violations/remembers_its_leader.txt"]);
    assert_eq!(violation.law, ModelLaw::SameEnd);
}

#[test]
fn who_writes_application_data_as_whoever_is_first_is_caught() {
    let model = related(charms::writes_as_whoever_is_first, |_, _| {
        Ok(Status::active())
    });
    let violation = violation(
        model,
        file!["model_violations/writes_as_whoever_is_first.txt"],
    );
    assert_eq!(violation.law, ModelLaw::SameEnd);
}

#[test]
fn who_answers_every_change_with_a_change_is_caught() {
    let model = related(charms::answers_every_change, charms::answers_every_change);
    let violation = violation(model, file!["model_violations/answers_every_change.txt"]);
    assert_eq!(violation.law, ModelLaw::Settles);
}

#[test]
fn who_reads_the_other_side_when_the_relation_is_created_is_caught() {
    let model = related(charms::provider, charms::reads_at_created);
    let violation = violation(model, file!["model_violations/reads_at_created.txt"]);
    assert_eq!(violation.law, ModelLaw::SameEnd);
}

#[test]
fn who_tidies_up_when_broken_which_peers_never_have_is_caught() {
    let model = related(charms::tidies_up_when_broken, |_, _| Ok(Status::active()));
    let violation = violation(model, file!["model_violations/tidies_up_when_broken.txt"]);
    assert_eq!(violation.law, ModelLaw::SameEnd);
}

#[test]
fn who_gives_away_a_secret_and_revokes_it_is_caught() {
    let model = related(charms::revokes_what_it_gave, charms::reads_the_password);
    let violation = violation(model, file!["model_violations/revokes_what_it_gave.txt"]);
    assert_eq!(violation.law, ModelLaw::SameEnd);
}

#[test]
fn who_counts_joined_minus_departed_is_caught() {
    let model = related(charms::provider, charms::counts_joined_and_departed);
    let violation = violation(
        model,
        file!["model_violations/counts_joined_and_departed.txt"],
    );
    assert_eq!(violation.law, ModelLaw::SameEnd);
}

#[test]
fn who_publishes_again_and_again_what_nobody_reads_is_caught() {
    let model = model(charms::publishes_for_nobody, |_, _| Ok(Status::active()))
        .deploy("provider", 1)
        .deploy("requirer", 1)
        .integrate("provider", "requirer");
    let model = (0..10).fold(model, |model, _| model.add_unit("provider"));
    let laws = laws::of_model(model).with_schedules(10);
    let violation = laws.try_check().unwrap_err();
    assert_eq!(violation.law, ModelLaw::WrittenIsRead);
    assert!(violation.story.contains("provider/"), "{violation}");
}

#[test]
fn what_a_test_demands_is_checked_after_every_hook_and_in_the_end() {
    let model = || related(charms::provider, charms::requirer);
    let waits = |end: &ModelState| end.unit("requirer/0").status.is_none();
    let violation = laws::of_model(model())
        .always("nobody has a status", move |now| {
            now.units().all(|(_, unit)| unit.status.is_none())
        })
        .try_check()
        .unwrap_err();
    assert_eq!(violation.law, ModelLaw::Invariant);
    assert!(
        violation
            .story
            .starts_with("after every hook it should be so: nobody has a status")
    );
    // No operation is left out, as the demand may be about any unit.
    for operation in [".deploy(\"requirer\", 2)", ".remove_unit(\"provider/1\")"] {
        assert!(
            violation.steps.iter().any(|it| it == operation),
            "{violation}"
        );
    }

    let laws = laws::of_model(model()).with_schedules(20);
    let violation = laws.eventually("it has no status", waits).try_check();
    let violation = violation.unwrap_err();
    assert_eq!(violation.law, ModelLaw::Invariant);
    laws::of_model(model())
        .with_schedules(20)
        .eventually("it has a status", move |end| !waits(end))
        .check();
}

#[test]
fn a_violation_is_replayed_by_the_code_that_it_prints() {
    let (provider, requirer) = (
        application(PROVIDER, charms::provider),
        application(REQUIRER, charms::reads_at_created),
    );
    // As model_violations/reads_at_created.txt has it.
    let end = Model::of([provider, requirer])
        .deploy("provider", 1)
        .deploy("requirer", 2)
        .integrate("provider", "requirer")
        .settle_unit("requirer/1")
        .settle_in_order();
    assert_eq!(end.unit("requirer/1").workload["database"], "");
    assert_eq!(end.unit("requirer/0").workload["database"], "records");
}

#[test]
fn the_page_about_it_shows_one_violation_and_leads_to_the_others() {
    let page = include_str!("../../../../docs/test-a-whole-model.md");
    let shown = include_str!("model_violations/reads_at_created.txt").trim();
    assert!(page.contains(shown), "show this as it is printed:\n{shown}");
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/model_violations");
    for entry in fs::read_dir(directory).unwrap() {
        let name = entry.unwrap().file_name().display().to_string();
        let link = format!("(../crates/ops-testing/tests/it/model_violations/{name})");
        let is_shown = name == "reads_at_created.txt";
        assert!(is_shown || page.contains(&link), "link to it: {link}");
    }
}

#[test]
fn a_hook_about_storage_finds_it_in_the_same_place_when_it_runs_again() {
    let keeper = application(KEEPER, |memory, unit| {
        let storages = unit.storages("data")?;
        if let (Event::StorageAttached(event), [storage]) = (unit.event(), &storages[..]) {
            let is_there = storage.location().is_dir();
            let is_same = event.location.as_deref() == storage.location().to_str();
            memory.set("found", &format!("{is_there} {is_same}"));
        }
        Ok(Status::active())
    });
    let end = Model::of([keeper])
        .deploy("keeper", 1)
        .hook_with_fault("keeper/0", Fault::refused(0))
        .settle_in_order();
    assert_eq!(end.unit("keeper/0").workload["found"], "true true");
}
