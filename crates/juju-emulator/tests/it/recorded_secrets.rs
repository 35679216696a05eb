//! What a real Juju 4.0.15 did with secrets, command by command and hook by hook, done again here.
//!
//! `tests/recordings/secrets.txt` is laid out as `relations.txt` is; of hooks it has those about secrets only. `ID1` to `ID3` stand
//! for the secrets in the order in which they were added. Times, numbers of tasks and UUIDs are masked.

use std::fs;

use jiff::Timestamp;
use serde_json::Value;

use crate::recording::{Hooks, Step, arguments, read, told};
use crate::verbs::Juju;

const RECORDING: &str = include_str!("../recordings/secrets.txt");

/// What is taken for the same: one form, and the other, of which Juju printed one and the emulator prints the other; and why.
const SAME: [(&str, &str, &str); 3] = [
    (
        "secret:ID",
        "secret://<uuid>/ID",
        "3.6 prints the id of a secret without its model",
    ),
    (
        "updating secrets: ",
        "cannot apply changes: updating secrets: ",
        "exec prints what 3.6 logs of a refusal",
    ),
    (
        "ERROR invalid secret URI",
        "ERROR parsing settings for application: invalid secret URI",
        "3.6 says where",
    ),
];

/// Commands that exit with another code here: 3.6 counts a task as failed whose changes are refused.
const REFUSED: [&str; 2] = [
    "exec --unit b/0 -- secret-get secret://<uuid>/ID1; echo rc=$?; secret-get secret://<uuid>/ID1 --label mine",
    "exec --unit a/1 -- secret-get secret://<uuid>/ID1; echo rc=$?; secret-info-get",
];

const DISPATCH: &str = r#"#!/bin/bash
case $JUJU_HOOK_NAME in secret-*)
    secret=$JUJU_SECRET_ID/$JUJU_SECRET_LABEL/$JUJU_SECRET_REVISION
    echo "== $JUJU_DISPATCH_PATH leader=$(is-leader) secret=$secret" >>LOGS/${JUJU_UNIT_NAME/\//-} ;;
esac
"#;

const METADATA: &str = "
name: gt
summary: Tells what its hooks are told
description: Tells what its hooks are told.
provides: {db: {interface: gtdb}}
requires: {need: {interface: gtdb, optional: true}}
peers: {ring: {interface: gtring}}
";
const CONFIG: &str = "options:
  tick: {type: int, default: 0, description: change me}
  pw: {type: secret, description: a secret}
";

struct Replay {
    juju: Juju,
    /// Of the secrets that have been added so far.
    ids: Vec<String>,
}

impl Replay {
    fn new() -> Self {
        let juju = Juju::new();
        let logs = juju.home.path().join("logs");
        fs::create_dir(&logs).unwrap();
        juju.write_charm("metadata.yaml", METADATA);
        juju.write_charm("config.yaml", CONFIG);
        let dispatch = DISPATCH.replace("LOGS", &logs.display().to_string());
        juju.write_charm("dispatch", &dispatch);
        for name in ["a", "b"] {
            juju.ok(&["deploy", &juju.charm(), name]);
        }
        juju.ok(&["add-unit", "a", "--to", "1"]);
        juju.ok(&["integrate", "a:db", "b:need"]);
        let ids = Vec::new();
        Self { juju, ids }
    }

    fn run(&mut self, step: &Step) -> Step {
        let mut command = step
            .command
            .replace("<uuid>", "c84c5741-0913-4422-895a-be7f7ab6cd42");
        for (number, id) in self.ids.iter().enumerate() {
            command = command.replace(&format!("ID{}", number + 1), id);
        }
        let ran = self.juju.run(&arguments(&command));
        let state: Value = serde_json::from_str(&self.juju.state()).unwrap();
        let known = state["secrets"].as_object().unwrap().keys();
        let new: Vec<_> = known.filter(|id| !self.ids.contains(id)).cloned().collect();
        self.ids.extend(new);
        Step {
            command: step.command.clone(),
            output: self.masked(&ran.stdout),
            errors: self.masked(&ran.stderr),
            exit_code: ran.code.unwrap(),
        }
    }

    fn masked(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (number, id) in self.ids.iter().enumerate() {
            text = text.replace(id, &format!("ID{}", number + 1));
        }
        text
    }

    fn take_hooks(&self, into: &mut Hooks) {
        for log in fs::read_dir(self.juju.home.path().join("logs")).unwrap() {
            let log = log.unwrap();
            let unit = log.file_name().to_string_lossy().replace('-', "/");
            for line in fs::read_to_string(log.path()).unwrap().lines() {
                told(
                    into.entry(unit.clone()).or_default(),
                    &self.masked(line),
                    true,
                );
            }
            fs::remove_file(log.path()).unwrap();
        }
    }
}

/// What was printed, without what differs from run to run, and without widths of columns.
fn masked(text: &str) -> String {
    let lines = text.lines().map(|line| {
        if let Ok(mut json) = serde_json::from_str::<Value>(line) {
            mask_json(&mut json);
            if let Value::Object(secrets) = &mut json
                && secrets.keys().all(|key| key.starts_with("ID"))
            {
                // They are sorted by ids, which are random.
                secrets.sort_keys();
            }
            return json.to_string();
        }
        let mut words: Vec<&str> = Vec::new();
        for word in line.split_whitespace() {
            let is_task = words.last() == Some(&"id");
            let masked = match word {
                "now" => "<ago>",
                "ago" => {
                    words.truncate(words.len() - 2);
                    "<ago>"
                }
                _ if is_task => "<task>",
                _ if word.parse::<Timestamp>().is_ok() => "<time>",
                _ if word.starts_with("model-") => "model-<uuid>",
                _ => word,
            };
            words.push(masked);
        }
        words.join(" ")
    });
    let lines = lines.map(|line| {
        let replace = |line: String, (one, other, _): &(&str, &str, &str)| line.replace(other, one);
        SAME.iter().fold(line, replace)
    });
    let lines: Vec<_> = lines.filter(|line| !line.is_empty()).collect();
    lines.join("\n")
}

fn mask_json(value: &mut Value) {
    match value {
        Value::Object(fields) => fields.values_mut().for_each(mask_json),
        Value::String(text) if text.parse::<Timestamp>().is_ok() => "<time>".clone_into(text),
        _ => {}
    }
}

#[test]
fn secrets_do_as_they_did_on_a_real_juju() {
    // given
    let (recorded, recorded_hooks) = read(RECORDING);
    let mut replay = Replay::new();
    // when
    let (mut differences, mut hooks) = (Vec::new(), Hooks::new());
    for step in &recorded {
        let done = replay.run(step);
        replay.take_hooks(&mut hooks);
        // then
        let all = |step: &Step| masked(&format!("{}\n{}", step.output, step.errors));
        let is_refused = REFUSED
            .iter()
            .any(|refused| step.command.starts_with(refused));
        let (expected, actual) = (all(step), all(&done));
        let is_same = if is_refused {
            actual.starts_with(&expected) && done.exit_code == 1
        } else {
            actual == expected && done.exit_code == step.exit_code
        };
        if !is_same {
            differences.push(format!(
                "$ {}\nrecorded {}\n{expected}\nreplayed {}\n{actual}",
                step.command, step.exit_code, done.exit_code
            ));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n\n"));
    assert_eq!(hooks, recorded_hooks);
}
