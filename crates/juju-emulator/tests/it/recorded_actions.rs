//! What a real Juju 4.0.15 did with actions, command by command, done again here.
//!
//! `tests/recordings/actions.txt` holds for each command of `juju` (`$`) its output (`>`, errors `!`), its exit code (`=`), and
//! what each unit's actions (`@`, `==`) were told meanwhile. Addresses and times are masked. `%` is what was done before.

use std::fs;

use serde_json::Value;

use crate::recording::arguments;
use crate::verbs::Juju;

const RECORDING: &str = include_str!("../recordings/actions.txt");

/// Where the emulator differs, and why.
const DIFFERENCES: [(Difference, &str); 6] = [
    (
        Difference::Key("completed"),
        "4.0's client looks at a task before it is noted when it was completed",
    ),
    (
        Difference::Key("private-address"),
        "Juju 3.6 publishes it in relations, 4.0 does not",
    ),
    (
        Difference::Key("additionalProperties"),
        "4.0 refuses other parameters than those declared unless the charm says otherwise, 3.6 takes them",
    ),
    (
        Difference::Column("<time> <time>", "<time>"),
        "4.0 leaves the column Started of operations empty",
    ),
    (
        Difference::Column(
            "linking task to unit: getting unit UUID for \"a/9\": unit",
            "unit",
        ),
        "4.0 says what its database did",
    ),
    (
        Difference::Command("run a/0 say --wait 5s"),
        "4.0.15 timed out although the task had ended",
    ),
];

enum Difference {
    /// Not compared in any output.
    Key(&'static str),
    /// What is one text here is another there.
    Column(&'static str, &'static str),
    /// A command whose output differs.
    Command(&'static str),
}

/// The recorded charm's, which tells what each action is told, and then does it.
const DISPATCH: &str = r#"#!/bin/bash
case $JUJU_DISPATCH_PATH in actions/*)
    {
        echo "== $JUJU_DISPATCH_PATH rel=$JUJU_RELATION_ID app=$JUJU_REMOTE_APP unit=$JUJU_REMOTE_UNIT dep=$JUJU_DEPARTING_UNIT leader=$(is-leader)"
        env | grep -E '^JUJU_(ACTION|HOOK)' | sort
        for endpoint in db need one ring; do
            for id in $(relation-ids $endpoint); do
                echo "$id list=$(relation-list -r $id --format=json) app=$(relation-list -r $id --app --format=json)"
                for unit in $(relation-list -r $id) $JUJU_UNIT_NAME; do
                    [ $unit = $JUJU_UNIT_NAME ] && name=me || name=$unit
                    echo "  $id $name $(relation-get -r $id - $unit --format=json)"
                done
            done
        done
    } >>LOGS/${JUJU_UNIT_NAME/\//-} 2>&1 ;;
esac
case $JUJU_DISPATCH_PATH in
    actions/say) juju-log "say $(action-get --format=json)"; action-log "first"; action-log "second line"; action-set text="$(action-get text)" nested.a=1 nested.b=2; echo out; echo err >&2 ;;
    actions/fails) action-set got=this; action-fail "no luck: today"; exit 0 ;;
    actions/crash) action-set got=that; echo dying >&2; exit 3 ;;
    actions/logs) action-log -- "-x"; for i in 1 2 3; do action-log "$i"; done ;;
esac
"#;

const METADATA: &str = "
name: gt
summary: Tells what its actions are told
description: Tells what its actions are told.
provides: {db: {interface: gtdb}}
requires: {need: {interface: gtdb, optional: true}}
peers: {ring: {interface: gtring}}
";
const ACTIONS: &str = "
say:
  description: Says it.
  params:
    text: {type: string, default: hello, description: what}
    times: {type: integer, default: 1}
  required: []
  additionalProperties: false
fails:
  description: Fails with a message.
crash:
  description: Exits 3.
logs:
  description: Logs.
";

/// A command with what it left: its output, its errors, its exit code, and what actions were told.
#[derive(Debug, Default)]
struct Step {
    command: String,
    output: String,
    errors: String,
    exit_code: i32,
    told: String,
}

fn read(recording: &str) -> Vec<Step> {
    let mut steps = Vec::<Step>::new();
    for line in recording.lines() {
        let (kind, rest) = line.split_at(line.len().min(2));
        if ["$ ", "% "].contains(&kind) {
            steps.push(Step {
                command: line.trim_start_matches("$ ").to_owned(),
                ..Step::default()
            });
            continue;
        }
        let step = steps.last_mut().unwrap();
        match kind.trim_end() {
            ">" => step.output.extend([rest, "\n"]),
            "!" => step.errors.extend([rest, "\n"]),
            "=" => step.exit_code = rest.parse().unwrap(),
            _ => step.told.extend([line, "\n"]),
        }
    }
    steps
}

/// A line of text without widths, times and addresses, which are no fact about Juju.
fn masked_words(text: &str) -> String {
    let is_like = |word: &str, form: &str| {
        let digit = |c: char| if c.is_ascii_digit() { '0' } else { c };
        word.chars()
            .map(digit)
            .collect::<String>()
            .starts_with(form)
    };
    let words = text.split_whitespace().filter_map(|word| match word {
        "+0000" | "UTC" => None,
        _ if is_like(word, "0000-00-00T00:00:00") => Some("<time>".to_owned()),
        _ if is_like(word, "0000-00-00") => None,
        _ if is_like(word, "00:00:00") => Some("<time>".to_owned()),
        _ => Some(word.replace("127.0.0.1", "<0>").replace("127.0.0.2", "<1>")),
    });
    let mut line = words.collect::<Vec<_>>().join(" ");
    for (difference, _) in &DIFFERENCES {
        if let Difference::Column(one, other) = difference {
            line = line.replace(one, other);
        }
    }
    line
}

fn mask_json(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !is_key(name));
            fields.values_mut().for_each(mask_json);
        }
        Value::Array(items) => items.iter_mut().for_each(mask_json),
        Value::String(text) => *text = masked_words(text),
        _ => {}
    }
}

/// Whether a name, or a line that it begins, is not compared.
fn is_key(name: &str) -> bool {
    let name = name.trim_start();
    let is_it = |difference: &Difference| matches!(difference, Difference::Key(key) if name == *key || name.starts_with(&format!("{key}:")));
    DIFFERENCES.iter().any(|(difference, _)| is_it(difference))
}

fn masked(text: &str) -> Vec<String> {
    let lines = text.trim_end().lines().filter(|line| !is_key(line));
    let mask = |line: &str| {
        // In what actions are told, JSON follows on a name.
        let at = line.find('{').unwrap_or(line.len());
        let (before, json) = line.split_at(at);
        match serde_json::from_str(json) {
            Ok(mut json) => {
                mask_json(&mut json);
                format!("{}{json}", masked_words(before))
            }
            Err(_) => masked_words(line),
        }
    };
    lines.map(mask).collect()
}

struct Replay {
    juju: Juju,
    /// Words of the recording that stand for paths.
    paths: [(&'static str, String); 2],
    logs: String,
}

impl Replay {
    fn new() -> Self {
        let juju = Juju::new();
        let path = |name: &str| juju.home.path().join(name).display().to_string();
        let (logs, params) = (path("logs"), path("params.yaml"));
        fs::create_dir(&logs).unwrap();
        fs::write(&params, "text: from file\n").unwrap();
        juju.write_charm("metadata.yaml", METADATA);
        juju.write_charm("actions.yaml", ACTIONS);
        juju.write_charm("dispatch", &DISPATCH.replace("LOGS", &logs));
        let paths = [("CHARM", juju.charm()), ("PARAMS", params)];
        Self { juju, paths, logs }
    }

    fn run(&self, command: &str) -> Step {
        let words = arguments(command).into_iter().map(|word| {
            let path = self.paths.iter().find(|(name, _)| *name == word);
            path.map_or(word, |(_, path)| path)
        });
        let args: Vec<&str> = words.collect();
        let ran = self.juju.run(&args);
        Step {
            command: command.to_owned(),
            output: ran.stdout,
            errors: ran.stderr,
            exit_code: ran.code.unwrap(),
            told: self.take_told(),
        }
    }

    /// What actions have been told since the last look, by unit.
    fn take_told(&self) -> String {
        let mut logs: Vec<_> = fs::read_dir(&self.logs).unwrap().flatten().collect();
        logs.sort_by_key(fs::DirEntry::file_name);
        let told = logs.iter().map(|log| {
            let text = fs::read_to_string(log.path()).unwrap();
            fs::remove_file(log.path()).unwrap();
            let unit = log.file_name().to_string_lossy().replace('-', "/");
            format!("@ {unit}\n{text}")
        });
        told.collect()
    }
}

#[test]
fn actions_do_as_they_did_on_a_real_juju() {
    // given
    let replay = Replay::new();
    for name in ["a", "b"] {
        replay.run(&format!("deploy CHARM {name}"));
    }
    // when
    let mut differences = Vec::new();
    for recorded in read(RECORDING) {
        if let Some(command) = recorded.command.strip_prefix("% ") {
            let done = replay.run(command);
            let is_exec = command.starts_with("exec ");
            assert!(is_exec || done.exit_code == 0, "{done:?}");
            continue;
        }
        let done = replay.run(&recorded.command);
        // then
        let is_listed = |difference: &Difference| matches!(difference, Difference::Command(command) if recorded.command == *command);
        if DIFFERENCES
            .iter()
            .any(|(difference, _)| is_listed(difference))
        {
            continue;
        }
        let all = |step: &Step| {
            let code = vec![step.exit_code.to_string()];
            [
                masked(&step.output),
                masked(&step.errors),
                code,
                masked(&step.told),
            ]
        };
        let (recorded_then, done_then) = (all(&recorded), all(&done));
        if recorded_then != done_then {
            differences.push(format!(
                "$ {}\nrecorded {recorded_then:#?}\nreplayed {done_then:#?}",
                recorded.command
            ));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n\n"));
}
