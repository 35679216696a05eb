//! What is wrong with one unit, machine or model keeps no other from its work.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::verbs::Juju;

impl Juju {
    fn in_model(&self, path: &str) -> PathBuf {
        self.home.path().join("data/models/emulator").join(path)
    }

    /// The workload's status and message of a unit of any application.
    fn shown(&self, unit: &str) -> (String, String) {
        let (application, _) = unit.split_once('/').unwrap();
        let status = self.status()["applications"][application]["units"][unit].clone();
        let text = |key: &str| status["workload-status"][key].as_str().unwrap().to_owned();
        (text("current"), text("message"))
    }

    /// What has to work whatever is wrong with another unit.
    fn is_usable(&self) {
        for args in [
            &["status"][..],
            &["status", "--format=yaml"],
            &["debug-log", "--limit", "1"],
            &["models"],
            &["show-unit", "tiny/0"],
            &["exec", "--unit", "tiny/0", "--", "true"],
        ] {
            self.ok(args);
        }
        for port in ["81", "82"] {
            self.ok(&["config", "tiny", &format!("port={port}")]);
            let then = format!("\"active\" \"port {port}\" [\"{port}/tcp\"]");
            assert_eq!(self.unit("tiny/0"), then);
        }
    }
}

#[test]
fn a_unit_that_cannot_be_set_up_is_in_error_until_it_can() {
    // given a file where the directory of the next machine has to be
    let juju = Juju::deployed();
    let obstacle = juju.on_machine("1");
    fs::write(&obstacle, "").unwrap();
    // when
    juju.ok(&["deploy", &juju.charm(), "bad"]);
    // then
    let (status, message) = juju.shown("bad/0");
    assert_eq!(status, "error");
    let path = obstacle.display().to_string();
    assert!(
        message.contains(&path) && message.contains("Not a directory"),
        "{message}"
    );
    let table = juju.ok(&["status"]);
    assert!(table.contains("bad/0*   error"), "{table}");
    let log = juju.log();
    assert_eq!(
        log.matches("unit-bad-0: ").count(),
        1,
        "it is logged once: {log}"
    );
    juju.is_usable();
    let refusal = "cannot run commands in bad/0: ";
    juju.refused(&["exec", "--unit", "bad/0", "--", "true"], 1, refusal);
    juju.ok(&["resolved", "bad/0"]);
    assert_eq!(juju.shown("bad/0").0, "error");
    juju.refused(&["resolved", "tiny/0"], 1, "not in an error state");
    let ran = juju.run(&["remove-unit", "--no-prompt", "bad/0"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(
        ran.stderr.contains("bad/0 is in error and stays"),
        "{ran:?}"
    );
    juju.ok(&["add-unit", "bad", "--to", "1"]);
    // and when nothing is in the way any more
    fs::remove_file(obstacle).unwrap();
    let then = ("active".to_owned(), "port 8000".to_owned());
    assert_eq!(juju.shown("bad/1"), then);
    let units = juju.status()["applications"]["bad"]["units"].clone();
    assert_eq!(units["bad/0"], Value::Null);
}

#[test]
fn a_machine_whose_lock_cannot_be_had_holds_up_its_own_units_only() {
    let juju = Juju::deployed();
    fs::create_dir_all(juju.in_model("locks/machine-1")).unwrap();
    juju.ok(&["deploy", &juju.charm(), "bad"]);
    let (status, message) = juju.shown("bad/0");
    assert_eq!(status, "error");
    assert!(
        message.contains("locks/machine-1: Is a directory"),
        "{message}"
    );
    juju.is_usable();
    let ran = juju.run(&["remove-application", "--no-prompt", "--force", "bad"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(
        ran.stderr
            .contains("bad/0 is forgotten; what is left of it is in "),
        "{ran:?}"
    );
    assert_eq!(juju.status()["applications"]["bad"], Value::Null);
    assert_eq!(juju.unit("tiny/0"), r#""active" "port 82" ["82/tcp"]"#);
}

#[test]
fn a_charm_that_is_gone_or_damaged_holds_up_its_own_units_only() {
    let juju = Juju::deployed();
    juju.ok(&["deploy", &juju.charm(), "bad"]);
    let config = juju.in_model("charms/tiny-1/config.yaml");
    fs::write(&config, "options: [").unwrap();
    let ran = juju.run(&["config", "bad", "port=83"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stderr.contains("config.yaml: line 2"), "{ran:?}");
    juju.is_usable();
    fs::remove_dir_all(juju.in_model("charms/tiny-1")).unwrap();
    juju.ok(&["add-unit", "bad"]);
    assert_eq!(juju.shown("bad/1").0, "error");
    juju.is_usable();
    juju.ok(&["destroy-model", "--no-prompt", "--force", "emulator"]);
    assert_eq!(juju.status()["applications"], json!({}));
}

#[test]
fn a_name_that_no_file_can_have_is_refused_before_anything_is_changed() {
    let juju = Juju::deployed();
    let before = juju.state();
    let long = "b".repeat(201);
    let refusal = "of at most 200 characters";
    juju.refused(&["deploy", &juju.charm(), &long], 1, refusal);
    let metadata = format!("name: {long}\nsummary: s\ndescription: d\n");
    juju.write_charm("metadata.yaml", &metadata);
    juju.refused(&["deploy", &juju.charm(), "short"], 1, refusal);
    assert_eq!(juju.state(), before);
    let longest = "b".repeat(200);
    let metadata = format!("name: {longest}\nsummary: s\ndescription: d\n");
    juju.write_charm("metadata.yaml", &metadata);
    juju.ok(&["deploy", &juju.charm()]);
    assert_eq!(juju.shown(&format!("{longest}/0")).0, "active");
}

#[test]
fn a_model_that_cannot_be_changed_or_read_can_be_looked_at_beside_the_others() {
    // given a unit for which something is due, in a model that nobody can lock
    let juju = Juju::deployed();
    let mut state: Value = serde_json::from_str(&juju.state()).unwrap();
    let unit = &mut state["applications"]["tiny"]["units"]["tiny/0"];
    unit["update_status_at"] = "1970-01-01T00:00:00Z".into();
    juju.write_state(&state.to_string());
    let lock = juju.in_model("locks/model");
    fs::remove_file(&lock).unwrap();
    fs::create_dir(&lock).unwrap();
    // when, then
    let looked = juju.run(&["status"]);
    assert_eq!(looked.code, Some(0), "{looked:?}");
    assert!(looked.stdout.contains("tiny/0"), "{looked:?}");
    assert!(
        looked.stderr.contains("locks/model: Is a directory"),
        "{looked:?}"
    );
    juju.ok(&["debug-log"]);
    // and when a model is damaged
    juju.ok(&["add-model", "other"]);
    juju.write_state("{");
    let models = juju.run(&["models"]);
    assert_eq!(models.code, Some(0), "{models:?}");
    assert!(models.stdout.contains("other*"), "{models:?}");
    assert!(
        models.stderr.contains("state.json is damaged"),
        "{models:?}"
    );
    juju.ok(&["deploy", &juju.charm()]);
}

#[test]
fn a_log_that_cannot_be_written_is_said_and_leaves_no_unit_in_error_for_good() {
    let juju = Juju::deployed();
    let log = juju.in_model("debug.log");
    fs::rename(&log, juju.in_model("kept")).unwrap();
    fs::create_dir(&log).unwrap();
    let ran = juju.run(&["config", "tiny", "port=81"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let warning = "WARNING the agent of tiny/0 cannot work: cannot write to the log ";
    assert!(ran.stderr.starts_with(warning), "{ran:?}");
    juju.ok(&["status"]);
    juju.refused(&["debug-log"], 1, "cannot read the log ");
    fs::remove_dir(&log).unwrap();
    assert_eq!(juju.unit("tiny/0"), r#""active" "port 81" ["81/tcp"]"#);
}
