//! `show-…`, `exec --machine`, `help`, and where charms and units are put.

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::verbs::{CHARM, Juju, is_running};

fn json_of(juju: &Juju, args: &[&str]) -> Value {
    serde_json::from_str(&juju.ok(&[args, &["--format=json"]].concat())).unwrap()
}

/// This machine's, as Juju calls it.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

#[test]
fn a_unit_an_application_and_a_model_are_shown() {
    let juju = Juju::deployed();
    let unit = json!({"tiny/0": {
        "workload-version": "1.2", "machine": "0", "opened-ports": ["8000/tcp"], "public-address": "127.0.0.1",
        "charm": "local:tiny-0", "leader": true, "life": "alive",
    }});
    assert_eq!(json_of(&juju, &["show-unit", "tiny/leader"]), unit);
    let application = json!({"tiny": {
        "charm": "tiny", "base": "ubuntu@24.04", "constraints": {"arch": architecture()}, "principal": true, "exposed": false,
        "remote": false, "life": "alive", "endpoint-bindings": {"": "alpha", "admin": "alpha", "juju-info": "alpha"},
    }});
    assert_eq!(json_of(&juju, &["show-application", "tiny"]), application);
    let model = json_of(&juju, &["show-model"])["emulator"].clone();
    assert_eq!(model["name"], "admin/emulator");
    assert_eq!(model["machines"], json!({"0": {"cores": 0}}));
    assert_eq!(
        json_of(&juju, &["show-model", "emulator:admin/emulator"])["emulator"],
        model
    );
    assert_eq!(json_of(&juju, &["models"])["models"], json!([model]));
    let table = juju.ok(&["models"]);
    assert!(
        table.starts_with("Controller: emulator\n\nModel  "),
        "{table}"
    );
    assert!(
        table.contains("\nemulator*  emulator/default  emulator  available         1      1  "),
        "{table}"
    );

    assert!(
        juju.ok(&["show-unit", "tiny/0"])
            .starts_with("tiny/0:\n  workload-version: \"1.2\"\n")
    );
    for show in [
        &["show-unit", "tiny/0"][..],
        &["show-application", "tiny"],
        &["show-model"],
    ] {
        let smart = juju.ok(&[show, &["--format=smart"]].concat());
        assert_eq!(smart, juju.ok(show), "in Juju, smart is YAML here");
    }
    juju.refused_beside_empty(&["show-unit", "tiny/1"], r#"unit "tiny/1" not found"#);
    juju.refused_beside_empty(&["show-application", "x"], r#"application "x" not found"#);
    juju.refused(&["show-model", "x"], 1, "model emulator:x not found");
}

#[test]
fn the_model_that_is_worked_on_is_shown_and_none_is_bootstrapped() {
    let juju = Juju::new();
    assert_eq!(juju.ok(&["switch"]), "emulator:admin/emulator\n");
    juju.ok(&["add-model", "other"]);
    assert_eq!(juju.ok(&["switch"]), "emulator:admin/other\n");
    let ran = juju.run(&["bootstrap", "localhost", "lxd", "--config", "a=b"]);
    assert_eq!(ran.code, Some(0));
    assert!(
        ran.stderr.starts_with("There is nothing to bootstrap"),
        "{ran:?}"
    );
}

#[test]
fn a_command_runs_on_a_machine_without_a_hooks_rights() {
    let juju = Juju::deployed();
    let exec = ["exec", "--machine", "0", "--"];
    let task = json_of_exec(&juju, "echo $JUJU_UNIT_NAME; systemctl is-active tiny");
    assert_eq!(task["machine"], "0");
    assert_eq!(task["results"]["return-code"], 0);
    assert_eq!(task["results"]["stdout"], "\ninactive\n");
    let ran = juju.run(&[&exec[..], &["config-get"]].concat());
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert_eq!(ran.stdout, "ERROR JUJU_CONTEXT_ID not set\n");
    let ran = juju.run(&["exec", "--machine", "7", "--", "true"]);
    assert_eq!((ran.code, ran.stdout), (Some(0), String::new()));
    let not_found = " failed to schedule any tasks:\nmachine 7 not found\n";
    assert!(ran.stderr.ends_with(not_found), "{}", ran.stderr);
    let before = juju.hooks().len();
    juju.ok(&[&exec[..], &["reboot"]].concat());
    assert_eq!(juju.hooks()[before..], ["start"]);
}

#[test]
fn what_a_command_printed_is_shown_although_its_changes_are_refused() {
    let juju = Juju::deployed();
    juju.ok(&["add-unit", "tiny"]);
    let command = "echo precious; [ $JUJU_UNIT_NAME = tiny/1 ] || open-port --endpoints nope 80";
    let ran = juju.run(&[
        "exec",
        "--format=json",
        "--application",
        "tiny",
        "--",
        command,
    ]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let tasks: Value = serde_json::from_str(&ran.stdout).unwrap();
    for (unit, code) in [("tiny/0", 1), ("tiny/1", 0)] {
        let results = &tasks[unit]["results"];
        assert_eq!(results["stdout"], "precious\n");
        assert_eq!(results["return-code"], code);
    }
    let stderr = tasks["tiny/0"]["results"]["stderr"].as_str().unwrap();
    let refused = "cannot apply changes: ";
    assert!(
        stderr.starts_with(refused) && stderr.ends_with('\n'),
        "{stderr}"
    );
    let failed = "the following task failed:\n - id \"1\" with return code 1\n";
    assert!(ran.stderr.contains(failed), "{ran:?}");
}

#[test]
fn what_a_command_leaves_in_the_background_of_a_machine_does_not_hold_it_up() {
    let juju = Juju::deployed();
    let started = Instant::now();
    let task = json_of_exec(&juju, "sleep 5 & echo started");
    assert!(started.elapsed() < Duration::from_secs(4));
    assert_eq!(task["results"]["stdout"], "started\n");
}

#[test]
fn an_interrupted_command_on_a_machine_is_ended() {
    let juju = Juju::deployed();
    let pid_file = juju.home.path().join("pid");
    let line = format!("echo $$ >{}; exec sleep 600", pid_file.display());
    let mut exec = juju
        .command(&["exec", "--machine", "0", "--", &line])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while fs::read_to_string(&pid_file).map_or(true, |pid| pid.is_empty()) {
        std::thread::yield_now();
    }
    let pid = nix::unistd::Pid::from_raw(exec.id().cast_signed());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).unwrap();
    assert_eq!(exec.wait().unwrap().code(), Some(1));
    assert!(!is_running(&fs::read_to_string(&pid_file).unwrap()));
}

fn json_of_exec(juju: &Juju, line: &str) -> Value {
    let line = format!("{line}; true");
    let all = juju.ok(&["exec", "--format=json", "--machine", "0", "--", &line]);
    serde_json::from_str::<Value>(&all).unwrap()["0"].clone()
}

#[test]
fn a_command_that_takes_longer_than_it_may_is_ended() {
    let juju = Juju::deployed();
    let exec = ["exec", "--unit", "tiny/0", "--wait"];
    juju.refused(
        &[&exec[..], &["0.1s", "--", "open-port 99; sleep 30"]].concat(),
        1,
        "timed out waiting for results from: unit tiny/0",
    );
    let ports = juju.ok(&[&exec[..], &["1h", "--", "opened-ports"]].concat());
    assert_eq!(ports, "8000/tcp\n");
    juju.refused(
        &[&exec[..], &["soon", "--", "true"]].concat(),
        2,
        "time: invalid duration \"soon\"",
    );
}

#[test]
fn every_verb_explains_itself() {
    let juju = Juju::new();
    let help = juju.ok(&["--help"]);
    let verbs = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let verbs: Vec<_> = verbs
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next())
        .filter(|verb| *verb != "help")
        .collect();
    assert!(verbs.len() > 20, "{help}");
    for verb in verbs {
        let long = juju.ok(&[verb, "--help"]);
        assert!(
            long.contains(&format!("Usage: juju-emulator {verb}")),
            "{long}"
        );
        assert_eq!(juju.ok(&["help", verb]), long);
    }
}

#[test]
fn what_deploys_have_left_is_removed_when_nobody_needs_it() {
    let juju = Juju::deployed();
    let charms = juju.home.path().join("data/models/emulator/charms");
    let staged = || {
        let entries = fs::read_dir(&charms).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    };
    fs::create_dir_all(charms.join(".new/killed")).unwrap();
    juju.ok(&["refresh", "tiny", "--path", &juju.charm()]);
    assert_eq!(staged(), ["tiny-1"]);

    // A unit in error keeps the charm that it has.
    juju.ok(&["model-config", "automatically-retry-hooks=false"]);
    juju.ok(&["config", "tiny", "do=fail"]);
    juju.write_charm("dispatch", &CHARM.replace("1.2", "1.3"));
    juju.ok(&["refresh", "tiny", "--path", &juju.charm()]);
    assert_eq!(staged(), ["tiny-1", "tiny-2"]);
}

#[test]
fn units_are_put_on_the_machines_that_are_named() {
    let juju = Juju::deployed();
    juju.ok(&["add-unit", "tiny", "-n", "2"]);
    juju.ok(&[
        "deploy",
        &juju.charm(),
        "web",
        "-n",
        "3",
        "--to",
        "1,0",
        "--config",
        "port=81",
    ]);
    let units = juju.status()["applications"]["web"]["units"].clone();
    let machines = ["web/0", "web/1", "web/2"].map(|unit| units[unit]["machine"].clone());
    assert_eq!(machines, ["1", "0", "3"]);
}

#[test]
fn what_cannot_be_deployed_is_not_built() {
    // given a project, with a cargo that must not run
    let juju = Juju::deployed();
    let project = juju.home.path().join("project");
    fs::create_dir(&project).unwrap();
    let metadata = "name: tiny\nsummary: s\ndescription: d\nparts: {charm: {plugin: rust}}\n";
    fs::write(project.join("charmcraft.yaml"), metadata).unwrap();
    let project = project.display().to_string();
    let given_then = [
        (&["deploy", &project][..], "application already exists"),
        (&["deploy", &project, "X"], "invalid application name"),
        (
            &["deploy", &project, "x", "--config", "prot=1"],
            "unknown option \"prot\"",
        ),
        (
            &["refresh", "web", "--path", &project],
            "cannot refresh \"web\" from charm \"other\"",
        ),
        (&["deploy", &project, "x"], "cannot run cargo"),
    ];
    juju.write_charm("metadata.yaml", "name: other\nsummary: s\ndescription: d\n");
    juju.ok(&["deploy", &juju.charm(), "web", "--config", "port=81"]);
    for (args, stderr) in given_then {
        // when
        let ran = juju.command(args).env("CARGO", "/nowhere").output();
        // then
        let said = String::from_utf8(ran.unwrap().stderr).unwrap();
        assert!(said.contains(stderr), "{args:?}: {said}");
    }
}

#[test]
fn what_is_printed_as_yaml_is_quoted_as_the_go_library_of_juju_does() {
    let juju = Juju::new();
    juju.write_charm(
        "config.yaml",
        "options:
  port: {type: int, default: 8000, description: \"Which port.\\n\\nAny will do.\\n\"}
  do: {type: string, default: 'no'}
  empty: {type: string, default: ''}
",
    );
    juju.ok(&["deploy", &juju.charm()]);
    assert_eq!(
        juju.ok(&["config", "tiny"]),
        r#"application: tiny
application-config:
  trust:
    default: false
    description: Does this application have access to trusted credentials
    source: default
    type: bool
    value: false
charm: tiny
settings:
  do:
    default: "no"
    description: ""
    source: default
    type: string
    value: "no"
  empty:
    default: ""
    description: ""
    source: default
    type: string
    value: ""
  port:
    default: 8000
    description: |
      Which port.

      Any will do.
    source: default
    type: int
    value: 8000
"#
    );
    for text in ["on", "22:22", "1_000", "2024-01-01", "0x1f", "~", "1e3"] {
        juju.ok(&["config", "tiny", &format!("empty={text}")]);
        let all = juju.ok(&["config", "tiny"]);
        assert!(all.contains(&format!("    value: \"{text}\"\n")), "{all}");
        let set = format!("status-set active '{text}'");
        juju.ok(&["exec", "--unit", "tiny/0", "--", &set]);
        let status = juju.ok(&["status", "--format=yaml"]);
        assert!(
            status.contains(&format!("message: \"{text}\"\n")),
            "{status}"
        );
    }
    let unit = juju.ok(&["show-unit", "tiny/0"]);
    assert!(
        unit.contains("  machine: \"0\"\n  opened-ports:\n  - 8000/tcp\n"),
        "{unit}"
    );
    let model = juju.ok(&["model-config", "--format=yaml"]);
    assert!(
        model.contains("automatically-retry-hooks:\n  value: true\n  source: default\n"),
        "{model}"
    );
}

#[test]
fn units_and_machines_are_listed_by_their_numbers_in_yaml() {
    let juju = Juju::deployed();
    juju.ok(&["add-unit", "tiny", "-n", "10"]);
    let status = juju.ok(&["status", "--format=yaml"]);
    let at = |text: &str| {
        status
            .find(text)
            .unwrap_or_else(|| panic!("{text}: {status}"))
    };
    assert!(at("      tiny/9:\n") < at("      tiny/10:\n"));
    assert!(at("  \"9\":\n") < at("  \"10\":\n"));
    assert!(at("model:\n") < at("machines:\n") && at("machines:\n") < at("applications:\n"));
}

#[test]
fn the_relations_of_a_unit_are_shown_as_far_as_they_are_asked_for() {
    // given
    let juju = Juju::new();
    juju.write_charm("dispatch", "#!/bin/sh\n");
    let endpoints = "provides: {db: {interface: data}}\nrequires: {need: {interface: data}}\npeers: {ring: {interface: ring}}\n";
    let metadata = format!("name: tiny\nsummary: s\ndescription: d\n{endpoints}");
    juju.write_charm("metadata.yaml", &metadata);
    juju.ok(&["deploy", &juju.charm(), "a"]);
    juju.ok(&["deploy", &juju.charm(), "b", "-n", "2"]);
    juju.ok(&["integrate", "a:db", "b:need"]);
    juju.ok(&[
        "exec",
        "--unit",
        "b/leader",
        "--",
        "relation-set -r need:2 --app name=b",
    ]);
    let shown = |flags: &[&str]| {
        let args = [&["show-unit", "a/0", "--format=json"], flags].concat();
        let unit: Value = serde_json::from_str(&juju.ok(&args)).unwrap();
        let info = unit["a/0"]["relation-info"].as_array().cloned();
        let info = info.unwrap_or_default().into_iter().map(|relation| {
            let units = relation["related-units"].as_object().cloned();
            let units: Vec<_> = units
                .unwrap_or_default()
                .into_iter()
                .map(|(unit, _)| unit)
                .collect();
            let endpoint = relation["endpoint"].as_str().unwrap().to_owned();
            format!(
                "{endpoint} {} {}",
                relation["application-data"],
                units.join(" ")
            )
        });
        info.collect::<Vec<_>>().join("; ").replace(' ', "")
    };
    // then
    assert_eq!(shown(&[]), r#"db{"name":"b"}b/0b/1;ring{}"#);
    assert_eq!(shown(&["--endpoint", "db"]), r#"db{"name":"b"}b/0b/1"#);
    assert_eq!(
        shown(&["--related-unit", "b/1"]),
        r#"db{"name":"b"}b/1;ring{}"#
    );
    assert_eq!(shown(&["--app"]), r#"db{"name":"b"};ring{}"#);
}
