//! What a real Juju 4.0.15 did with storage, resources and machines, command by command and hook by hook, done again here.
//!
//! `tests/recordings/storage.txt` is written like `relations.txt`; of the hooks only those that are about no relation.

use std::fs;

use serde_json::Value;

use crate::recording::{Hooks, Step, arguments, read, told};
use crate::verbs::Juju;

const RECORDING: &str = include_str!("../recordings/storage.txt");

/// The commands whose output differs, and why. Their exit codes are compared all the same.
const DIFFERENCES: [(&str, &str); 8] = [
    (
        "remove-storage data/0",
        "other words for the same refusal in 3.6",
    ),
    (
        "add-storage a/0 nosuch",
        "other words for the same refusal in 3.6",
    ),
    (
        "deploy CHARM f --to 1 --storage",
        "other words for the same refusal in 3.6",
    ),
    (
        "remove-machine 1",
        "other words for the same refusal in 3.6, which names the unit",
    ),
    (
        "attach-resource a nosuch",
        "4.0 says \"getting resource uuid\" in between",
    ),
    (
        "exec --unit a/0 -- storage-list",
        "other words for the same refusal in 3.6, see REFUSED",
    ),
    (
        "exec --unit a/0 -- resource-get blob",
        "in 3.6 a resource is in a directory of its name",
    ),
    (
        "remove-unit a/0",
        "3.6 says which storage is detached; and what 4.0 says of it is not recorded",
    ),
];

/// `exec` has failed when what it asked for is refused at its end; 4.0.15 says so and exits with 0.
const REFUSED: &str = "exec --unit a/0 -- storage-list";

/// `storage` went on showing `detached` after `attach-storage` had run its hook, a fault of 4.0.15.
const STILL_DETACHED: [&str; 2] = [
    "\ndata/0 filesystem rootfs <size> detached",
    "\na/0 data/0 filesystem rootfs <size> attached",
];

/// A unit that led from its first hook got no `leader-elected`; it does in 3.6.
const NOT_ELECTED: (&str, &str) = ("c/0", "hooks/leader-elected");

const DISPATCH: &str = r#"#!/bin/bash
log=LOGS/${JUJU_UNIT_NAME/\//-}
echo "== $JUJU_DISPATCH_PATH leader=$(is-leader) storage=$JUJU_STORAGE_ID@$JUJU_STORAGE_LOCATION kind=$JUJU_STORAGE_KIND" >>$log
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
storage:
  data: {type: filesystem, multiple: {range: 0-}, location: /srv/gt}
resources:
  blob: {type: file, filename: blob.txt, description: a file}
";

struct Replay {
    juju: Juju,
}

impl Replay {
    fn new() -> Self {
        let juju = Juju::new();
        let home = juju.home.path();
        fs::create_dir(home.join("logs")).unwrap();
        fs::write(home.join("file"), "hi").unwrap();
        let logs = home.join("logs").display().to_string();
        juju.write_charm("metadata.yaml", METADATA);
        juju.write_charm("config.yaml", "options: {tick: {type: int, default: 0}}");
        juju.write_charm("dispatch", &DISPATCH.replace("LOGS", &logs));
        Self { juju }
    }

    /// Runs a command of the recording.
    fn run(&self, command: &str) -> Step {
        let file = self.juju.home.path().join("file").display().to_string();
        let replaced = command
            .replace("CHARM", &self.juju.charm())
            .replace("FILE", &file);
        let ran = self.juju.run(&arguments(&replaced));
        Step {
            command: command.to_owned(),
            output: ran.stdout,
            errors: ran.stderr,
            exit_code: ran.code.unwrap(),
        }
    }

    /// What the hooks have been told since the last look, by unit.
    fn take_hooks(&self) -> Hooks {
        let mut hooks = Hooks::new();
        for log in fs::read_dir(self.juju.home.path().join("logs"))
            .unwrap()
            .flatten()
        {
            let unit = log.file_name().to_string_lossy().replace('-', "/");
            let lines = fs::read_to_string(log.path()).unwrap();
            for line in lines.lines().filter(|line| !line.contains("-relation-")) {
                told(hooks.entry(unit.clone()).or_default(), line, true);
            }
            fs::remove_file(log.path()).unwrap();
        }
        hooks
    }
}

/// Without the places, times, sizes and names that are no fact about Juju.
fn masked(text: &str) -> String {
    let mut lines = Vec::new();
    for line in text.lines() {
        let line = line
            .replace("127.0.0.1:17070", "<api>")
            .replace("127.0.0.2", "<1>");
        let json: Result<Value, _> = serde_json::from_str(&line);
        if let Ok(mut json) = json {
            mask_json(&mut json);
            lines.push(json.to_string());
            continue;
        }
        let words: Vec<_> = line.split_whitespace().map(mask_word).collect();
        let line = words.join(" ");
        let (key, _) = line.split_once(": ").unwrap_or((&line, ""));
        let line = match key {
            "since" => "since: <time>".to_owned(),
            "size" => "size: <size>".to_owned(),
            "model" => "model: <model>".to_owned(),
            "hostname" | "instance-id" => format!("{key}: <host>"),
            "message" => "message: <message>".to_owned(),
            "mac-address" => "mac-address: <mac>".to_owned(),
            "arch" => "arch: amd64".to_owned(),
            "hardware" => "hardware: <hardware>".to_owned(),
            "lo:" => "<interface>:".to_owned(),
            "- <1>/8" => "- <1>/<bits>".to_owned(),
            _ => line
                .replace("5.0 MiB", "<size>")
                .replace("1.0 GiB", "<size>")
                .replace("upload -", "upload <time>"),
        };
        // Loopback has none.
        if !line.is_empty() && key != "gateway" {
            lines.push(line);
        }
    }
    lines.join("\n")
}

fn mask_word(word: &str) -> String {
    let is_uuid = |part: &str| part.len() == 36 && part.matches('-').count() == 4;
    let at = word.find("/srv/gt");
    match at {
        Some(_) if word.starts_with('/') => "<location>".to_owned(),
        Some(_) => match word.split_once('@') {
            Some((before, _)) => format!("{before}@<location>"),
            None => word.to_owned(),
        },
        None => {
            let parts = word.split('/');
            let parts = parts.map(|part| if is_uuid(part) { "<uuid>" } else { part });
            parts.collect::<Vec<_>>().join("/")
        }
    }
}

fn mask_json(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match name.as_str() {
                    "since" => *value = "<time>".into(),
                    "size" => *value = "<size>".into(),
                    "location" | "mount-point" => *value = "<location>".into(),
                    _ => mask_json(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(mask_json),
        _ => {}
    }
}

/// In which order several instances come is not fixed; `config-changed` comes twice in 4.0.
fn comparable(unit: &str, hooks: &[String]) -> Vec<String> {
    let (not_elected, hook) = NOT_ELECTED;
    let hooks = hooks.iter().map(|it| masked(it));
    let mut hooks: Vec<_> = hooks
        .filter(|it| unit != not_elected || !it.contains(hook))
        .collect();
    hooks.dedup();
    for run in
        hooks.chunk_by_mut(|one, other| one.contains("-storage-") && other.contains("-storage-"))
    {
        run.sort();
    }
    hooks
}

#[test]
fn storage_resources_and_machines_do_as_they_did_on_a_real_juju() {
    let mut replay = Replay::new();
    let (mut differences, mut since_anew, mut seen) = (Vec::new(), String::new(), 0);
    let mut check_hooks = |recording: &str, replayed: &Hooks| {
        for (unit, recorded) in read(recording).1 {
            let replayed = replayed.get(&unit).map(Vec::as_slice).unwrap_or_default();
            let (recorded, replayed) = (comparable(&unit, &recorded), comparable(&unit, replayed));
            seen += recorded.len();
            assert_eq!(recorded, replayed, "{unit} in {recording}");
        }
    };
    // A command with what was recorded of it.
    let steps = RECORDING
        .split_inclusive('\n')
        .fold(Vec::<String>::new(), |mut steps, line| {
            if line.starts_with(['$', '%']) {
                steps.push(String::new());
            }
            steps.last_mut().unwrap().push_str(line);
            steps
        });
    for recording in &steps {
        let step = &read(recording).0[0];
        match step.command.strip_prefix("% ") {
            Some("anew") => {
                replay = Replay::new();
                since_anew.clear();
                continue;
            }
            Some(preparation) => {
                let done = replay.run(preparation);
                assert_eq!(done.exit_code, 0, "{done:?}");
                replay.take_hooks();
                continue;
            }
            None => {}
        }
        let done = replay.run(&step.command);
        since_anew.extend(["$ ", &step.command, "\n"]);
        let is_refused = step.command.starts_with(REFUSED);
        assert!(
            is_refused || step.exit_code == done.exit_code,
            "{since_anew}{done:?}"
        );
        let all = |step: &Step| masked(&format!("{}\n{}", step.output, step.errors));
        let is_listed = DIFFERENCES
            .iter()
            .any(|(command, _)| step.command.starts_with(command));
        let is_deployed = step.command.starts_with("deploy ") && step.exit_code == 0;
        if !is_listed && !is_deployed && all(step) != all(&done) {
            let (mut recorded, replayed) = (all(step), all(&done));
            if since_anew.contains("attach-storage a/0 data/0") {
                recorded = recorded.replace(STILL_DETACHED[0], STILL_DETACHED[1]);
            }
            if recorded != replayed {
                differences.push(format!(
                    "{since_anew}recorded\n{recorded}\nreplayed\n{replayed}"
                ));
            }
        }
        check_hooks(recording, &replay.take_hooks());
    }
    assert!(differences.is_empty(), "{}", differences.join("\n\n"));
    assert_eq!(seen, 24);
}
