//! What a real Juju 4.0.15 did with related applications, command by command and hook by hook, done again here.
//!
//! `tests/recordings/relations.txt` holds for each command of `juju` (`$`) its output (`>`, errors `!`), its exit code (`=`),
//! and what each unit's hooks (`@`, `==`) were told meanwhile. Addresses, times, names of the cloud and UUIDs are masked.
//! `%` is what was done between two recordings.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::recording::{Hooks, Step, arguments, read, told};
use crate::verbs::Juju;

const RECORDING: &str = include_str!("../recordings/relations.txt");

/// Where the emulator differs, and why.
const DIFFERENCES: [(Difference, &str); 11] = [
    (
        Difference::Key("private-address"),
        "Juju 3.6 publishes it, 4.0 does not",
    ),
    (
        Difference::Command("exec --unit a/1 -- relation-set -r db:2 --app name=beta"),
        "a unit that does not lead may read its own application's data in 4.0 and not in 3.6",
    ),
    (
        Difference::Command("show-unit b/0 --format json"),
        "4.0 prints an empty local-unit, without data, in relations that are not among peers",
    ),
    (
        Difference::Command("config c"),
        "the recorded application was trusted",
    ),
    (
        Difference::Command("status a"),
        "3.6 shows a unit with all others on its machine, 4.0 does not",
    ),
    (
        Difference::Command("show-unit c/0"),
        "4.0 does not show what the other application has published",
    ),
    (
        Difference::Line("b unknown 0 gt 1 no"),
        "an application goes with its last unit, which 4.0 does some time later",
    ),
    (
        Difference::Line("c unknown 0 gt 2 no"),
        "an application goes with its last unit, which 4.0 does some time later",
    ),
    (
        Difference::Hook("a/1", "ring-relation-departed"),
        "3.6 tells the peers of a unit that has left; 4.0 took a quarter of an hour, and listed it until then",
    ),
    (
        Difference::Hook(
            "c/0",
            "install|ring-relation-created|need-relation-created|leader-elected|config-changed|start",
        ),
        "integrate came while the unit was being installed; here a command ends when all hooks have run",
    ),
    (
        Difference::Hook("s/0", "stop rel= app= unit= dep= leader=True|remove"),
        "4.0 removes a subordinate without stop and remove",
    ),
];

/// What a hook sees of a relation can be newer than it was there: Juju's agent reads the data of a unit again when it has
/// a changed for that very unit, the emulator in every hook. And a/0 was among the peers of a/1 for longer, see above.
const SEES_NEWER: [(&str, &str); 3] = [
    ("b/0", "need-relation-changed rel=need:2 app=a unit= "),
    ("c/0", "need-relation-changed rel=need:5 app=a unit= "),
    ("a/1", "rel=db:"),
];

enum Difference {
    /// Not compared in any output.
    Key(&'static str),
    /// A line of an output, without repeated blanks, that only Juju printed.
    Line(&'static str),
    /// A command whose output differs.
    Command(&'static str),
    /// Hooks of a unit that only one of both ran; several with `|`.
    Hook(&'static str, &'static str),
}

/// Tells what each hook is told, as the recorded charm did, and then runs the script beside the log, if there is one.
const DISPATCH: &str = r#"#!/bin/bash
log=LOGS/${JUJU_UNIT_NAME/\//-}
{
    echo "== $JUJU_DISPATCH_PATH rel=$JUJU_RELATION_ID app=$JUJU_REMOTE_APP unit=$JUJU_REMOTE_UNIT dep=$JUJU_DEPARTING_UNIT leader=$(is-leader)"
    for endpoint in db need one ring; do
        for id in $(relation-ids $endpoint); do
            echo "$id list=$(relation-list -r $id --format=json) app=$(relation-list -r $id --app --format=json)"
            for unit in $(relation-list -r $id) $JUJU_UNIT_NAME; do
                [ $unit = $JUJU_UNIT_NAME ] && name=me || name=$unit
                echo "  $id $name $(relation-get -r $id - $unit --format=json)"
            done
        done
    done
} >>$log 2>&1
if [ -e LOGS/script ]; then . LOGS/script >>$log 2>&1; fi
"#;

const METADATA: &str = "
name: gt
summary: Tells what its hooks are told
description: Tells what its hooks are told.
provides: {db: {interface: gtdb}}
requires:
  need: {interface: gtdb, optional: true}
  one: {interface: gtone, limit: 1, optional: true}
peers: {ring: {interface: gtring}}
";
const SUBORDINATE: &str = "
name: gtsub
summary: Tells what its hooks are told
description: Tells what its hooks are told.
subordinate: true
requires: {host: {interface: juju-info, scope: container}}
";
const CONFIG: &str = "options:
  tick: {type: int, default: 0, description: change me}
  pw: {type: secret, description: a secret}
";

/// What the recorded units did beyond telling, by the word after `% script`.
fn script(name: &str) -> &'static str {
    match name {
        "fails" => {
            "if [ $JUJU_DISPATCH_PATH = hooks/config-changed ]; then
                relation-set -r db:5 x=1; relation-set -r db:5 --app y=1;  open-port 99
                relation-get -r db:5 - a/1; opened-ports
                status-set maintenance failing; application-version-set 9
                [ ! -e LOGS/fails ] || exit 1
            fi"
        }
        "broken" => {
            "if [ $JUJU_DISPATCH_PATH = hooks/db-relation-broken ]; then
                relation-list; echo list rc=$?
                relation-get --app - c; echo app rc=$?
                relation-get - c/0; echo unit rc=$?
                relation-set z=1; echo set rc=$?
                relation-ids db; echo ids rc=$?
            fi"
        }
        _ => panic!("{name}"),
    }
}

/// What a command printed, without the names, times and widths that are no fact about Juju.
fn masked(text: &str) -> String {
    let mut masked = String::new();
    for line in text.lines() {
        let is_key = |difference: &Difference| matches!(difference, Difference::Key(key) if line.trim_start().starts_with(key));
        if DIFFERENCES.iter().any(|(difference, _)| is_key(difference)) {
            continue;
        }
        let line = line.replace("127.0.0.1", "<0>").replace("127.0.0.2", "<1>");
        let json: Result<Value, _> = serde_json::from_str(&line);
        let words = json.map_or(line, |mut json| {
            mask_json(&mut json);
            json.to_string()
        });
        let words = words.split_whitespace().map(mask_word);
        let line = words.collect::<Vec<_>>().join(" ");
        let is_line = |difference: &Difference| matches!(difference, Difference::Line(other) if line == *other);
        let is_listed = DIFFERENCES
            .iter()
            .any(|(difference, _)| is_line(difference));
        let is_model = line.contains("<controller> ");
        if !is_listed && !is_model && !is_machine(&line) && !line.is_empty() {
            masked += &line;
            masked.push('\n');
        }
    }
    masked.trim_end().to_owned()
}

/// `0 started <0> <instance> ubuntu@24.04 <machine>`
fn is_machine(line: &str) -> bool {
    let mut words = line.split(' ');
    words.next().is_some_and(|word| word.parse::<u32>().is_ok()) && words.next() == Some("started")
}

fn mask_word(word: &str) -> String {
    let is_uuid = word.len() == 36 && word.matches('-').count() == 4;
    match word {
        _ if is_uuid => "<uuid>".to_owned(),
        "emulator" => "<controller>".to_owned(),
        "3.6.9" => "<version>".to_owned(),
        _ if word.starts_with('\'') => word.replace('\'', "\""),
        _ => word.to_owned(),
    }
}

fn mask_json(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| {
                let is_key = |difference: &Difference| matches!(difference, Difference::Key(key) if name == key);
                !DIFFERENCES.iter().any(|(difference, _)| is_key(difference))
            });
            for (name, value) in fields {
                match name.as_str() {
                    "since" => *value = "<time>".into(),
                    "cidr" => *value = "<network>".into(),
                    "mac-address" => *value = "<mac>".into(),
                    "interface-name" => *value = "<interface>".into(),
                    _ => mask_json(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(mask_json),
        _ => {}
    }
}

struct Replay {
    juju: Juju,
    logs: String,
}

impl Replay {
    fn new() -> Self {
        let juju = Juju::new();
        let logs = juju.home.path().join("logs");
        fs::create_dir(&logs).unwrap();
        let logs = logs.display().to_string();
        for (directory, metadata) in [("charm", METADATA), ("subordinate", SUBORDINATE)] {
            let directory = format!("../{directory}");
            juju.write_charm(&format!("{directory}/metadata.yaml"), metadata);
            juju.write_charm(&format!("{directory}/config.yaml"), CONFIG);
            let dispatch = DISPATCH.replace("LOGS", &logs);
            juju.write_charm(&format!("{directory}/dispatch"), &dispatch);
        }
        Self { juju, logs }
    }

    fn path(&self, name: &str) -> String {
        self.juju.home.path().join(name).display().to_string()
    }

    /// What is done between recorded commands.
    fn prepare(&self, what: &str) {
        let script_file = Path::new(&self.logs).join("script");
        let fails = Path::new(&self.logs).join("fails");
        match what.strip_prefix("script ") {
            Some("succeeds") => fs::remove_file(fails).unwrap(),
            Some(name) => {
                fs::write(fails, "").unwrap();
                fs::write(script_file, script(name).replace("LOGS", &self.logs)).unwrap();
            }
            None => {
                self.juju.ok(&what.split(' ').collect::<Vec<_>>());
                self.forget_hooks();
            }
        }
    }

    fn forget_hooks(&self) {
        for log in fs::read_dir(&self.logs).unwrap().flatten() {
            if log.file_name().to_string_lossy().contains('-') {
                fs::remove_file(log.path()).unwrap();
            }
        }
    }

    /// Runs a recorded command; hands back what it printed, its errors among it or apart, and the exit code.
    fn run(&self, command: &str) -> Step {
        let (gt, subordinate) = (self.path("charm"), self.path("subordinate"));
        let words = arguments(command).into_iter().map(|word| match word {
            "CHARM" => &gt,
            "SUBORDINATE" => &subordinate,
            word => word,
        });
        let args: Vec<&str> = words.collect();
        let ran = self.juju.run(&args);
        Step {
            command: command.to_owned(),
            output: ran.stdout,
            errors: ran.stderr,
            exit_code: ran.code.unwrap(),
        }
    }

    /// What the hooks of each unit have been told since the last look.
    fn take_hooks(&self, into: &mut Hooks) {
        let mut logs: Vec<_> = fs::read_dir(&self.logs).unwrap().flatten().collect();
        logs.sort_by_key(fs::DirEntry::file_name);
        for log in logs {
            let name = log.file_name().to_string_lossy().replace('-', "/");
            if !name.contains('/') {
                continue;
            }
            let hooks = into.entry(name).or_default();
            for line in fs::read_to_string(log.path()).unwrap().lines() {
                told(hooks, line, line.starts_with("== "));
            }
            fs::remove_file(log.path()).unwrap();
        }
    }
}

/// The hooks of a unit as both can be compared: one that came twice in a row, as `config-changed` does in 4.0, counts once.
fn comparable(unit: &str, hooks: &[String]) -> Vec<String> {
    let only_here = |hook: &str| {
        let is_it = |difference: &Difference| {
            matches!(difference, Difference::Hook(of, names) if *of == unit
                && names.split('|').any(|name| hook.starts_with(&format!("== hooks/{name}"))))
        };
        DIFFERENCES.iter().any(|(difference, _)| is_it(difference))
    };
    let sees_newer = |hook: &str| {
        let mut newer = SEES_NEWER.iter();
        newer.any(|(of, header)| *of == unit && hook.lines().next().unwrap().contains(header))
    };
    let masked = hooks.iter().map(|hook| {
        let lines = hook
            .lines()
            .take(if sees_newer(hook) { 1 } else { usize::MAX });
        let lines = lines.map(|line| match line.split_once(" {") {
            Some((before, json)) => format!("{before} {}", masked(&format!("{{{json}"))),
            None => masked(line),
        });
        let lines = lines.filter(|line| !line.is_empty());
        lines.collect::<Vec<_>>().join("\n")
    });
    let mut masked: Vec<_> = masked.filter(|hook| !only_here(hook)).collect();
    masked.dedup();
    masked
}

#[test]
fn related_applications_do_as_they_did_on_a_real_juju() {
    // given
    let (recorded, recorded_hooks) = read(RECORDING);
    let replay = Replay::new();
    for name in ["a", "b"] {
        replay.run(&format!("deploy CHARM {name}"));
    }
    replay.forget_hooks();
    // when
    let (mut differences, mut hooks) = (Vec::new(), Hooks::new());
    for step in &recorded {
        if let Some(what) = step.command.strip_prefix("% ") {
            replay.prepare(what);
            continue;
        }
        let done = replay.run(&step.command);
        replay.take_hooks(&mut hooks);
        // then
        let is_listed = DIFFERENCES.iter().any(|(difference, _)| {
            matches!(difference, Difference::Command(command) if step.command.starts_with(command))
        });
        let all = |step: &Step| masked(&format!("{}\n{}", step.output, step.errors));
        let is_deploy = step.command.starts_with("deploy ");
        if !is_listed && !is_deploy && all(step) != all(&done) {
            differences.push(format!(
                "$ {}\nrecorded\n{}\nreplayed\n{}",
                step.command,
                all(step),
                all(&done)
            ));
        }
        assert_eq!(step.exit_code, done.exit_code, "{}: {done:?}", step.command);
    }
    for (unit, recorded) in &recorded_hooks {
        let (recorded, replayed) = (comparable(unit, recorded), comparable(unit, &hooks[unit]));
        if recorded != replayed {
            let number = recorded
                .iter()
                .zip(&replayed)
                .take_while(|(a, b)| a == b)
                .count();
            differences.push(format!(
                "{unit}, hook {number}\nrecorded {}\nreplayed {}",
                recorded.get(number).map_or("nothing", String::as_str),
                replayed.get(number).map_or("nothing", String::as_str),
            ));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n\n"));
    assert_eq!(
        hooks.keys().collect::<Vec<_>>(),
        recorded_hooks.keys().collect::<Vec<_>>()
    );
}
