//! Operations that somebody waits for, or nobody; what an action tells meanwhile; and lists of operations in parts.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use serde_json::Value;

use crate::emulated_machine::eventually;
use crate::verbs::Juju;

/// Tells what it does, and does not end before it may.
const DISPATCH: &str = r"#!/bin/bash
case $JUJU_DISPATCH_PATH in
    actions/talk) action-log first; while [ ! -e go ]; do read -t 0.02 <> <(:); done; action-log second ;;
    actions/show) action-set done=yes ;;
esac
";

fn deployed() -> Juju {
    let juju = Juju::new();
    juju.write_charm("actions.yaml", "talk: {}\nshow: {}\n");
    juju.write_charm("dispatch", DISPATCH);
    juju.ok(&["deploy", &juju.charm()]);
    juju
}

fn start(juju: &Juju, args: &[&str]) -> Child {
    let mut command = juju.command(args);
    let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// Reads lines up to one that ends so.
fn read_to(lines: &mut impl Iterator<Item = std::io::Result<String>>, end: &str) {
    let found = lines.find(|line| line.as_ref().unwrap().ends_with(end));
    assert!(found.is_some(), "{end}");
}

#[test]
fn what_an_action_logs_is_shown_while_it_runs() {
    // given
    let juju = deployed();
    // when
    let mut run = start(&juju, &["run", "tiny/0", "talk"]);
    let mut told = BufReader::new(run.stderr.take().unwrap()).lines();
    read_to(&mut told, "Waiting for task 1...");
    read_to(&mut told, " first");
    // then another client sees it too, and that it goes on
    let mut show = start(&juju, &["show-task", "1", "--watch"]);
    let mut shown = BufReader::new(show.stderr.take().unwrap()).lines();
    read_to(&mut shown, " first");
    let late = juju.run(&["show-operation", "0", "--wait", "1ms"]);
    assert_eq!(
        (late.code, late.stderr.as_str()),
        (Some(1), "ERROR timeout reached\n")
    );
    fs::write(juju.on_machine("0/agents/unit-tiny-0/charm/go"), "").unwrap();
    read_to(&mut told, " second");
    read_to(&mut shown, " second");
    assert!(run.wait().unwrap().success() && show.wait().unwrap().success());
    let ended = juju.run(&["show-task", "1", "--watch"]);
    assert_eq!(ended.stderr, "");
}

#[test]
fn who_waits_for_a_task_sees_it_when_another_process_has_ended_it() {
    // given a machine where another process runs hooks
    let juju = deployed();
    let lock = File::create(juju.on_machine("../locks/machine-0")).unwrap();
    lock.lock().unwrap();
    let mut run = start(&juju, &["run", "tiny/0", "show"]);
    eventually(|| juju.ok(&["operations"]).contains(" 0  pending "));
    // when
    let show = start(&juju, &["show-task", "1", "--wait=1h"]);
    drop(lock);
    // then
    assert_eq!(
        show.wait_with_output().unwrap().stdout,
        b"done: \"yes\"\n\n"
    );
    run.wait().unwrap();
    let both = "specify either --watch or --wait but not both";
    for verb in ["show-task", "show-operation"] {
        juju.refused(&[verb, "1", "--watch", "--wait", "1s"], 2, both);
    }
}

#[test]
fn nobody_waits_for_commands_in_the_background() {
    let juju = deployed();
    juju.ok(&["add-unit", "tiny"]);
    let ran = juju.run(&[
        "exec",
        "--background",
        "--unit",
        "tiny/0",
        "--",
        "touch here; echo out; exit 3",
    ]);
    let then = "Scheduled operation 0 with task 1\nCheck operation status with 'juju show-operation 0'\nCheck task status with 'juju show-task 1'\n";
    assert_eq!(
        (ran.code, ran.stdout.as_str(), ran.stderr.as_str()),
        (Some(0), "", then)
    );
    assert!(juju.on_machine("0/agents/unit-tiny-0/charm/here").exists());
    assert!(juju.ok(&["show-task", "1"]).ends_with("out\n"));
    let several = juju.ok(&[
        "exec",
        "--background",
        "--application",
        "tiny",
        "--",
        "true",
    ]);
    assert_eq!(several, "tiny/0:\n  id: \"3\"\ntiny/1:\n  id: \"4\"\n");
    let both = "cannot specify both --wait and --background";
    juju.refused(
        &["exec", "--background", "--wait=1s", "--all", "true"],
        2,
        both,
    );
    juju.refused(
        &["run", "--background", "--wait=1s", "tiny/0", "show"],
        2,
        both,
    );
    let machine = "The following exec targets are not valid:\n  \"x\" is not a valid machine id";
    juju.refused(&["exec", "--machine=x", "true"], 2, machine);
}

#[test]
fn operations_are_listed_in_parts() {
    let juju = deployed();
    for _ in 0..3 {
        juju.ok(&["run", "tiny/0", "show"]);
    }
    let second = juju.ok(&["operations", "--offset=1", "--limit", "1"]);
    let then = "Displaying operation results 2 to 2.\nRun the command again with --offset=2 --limit=1 to see the next batch.\n\nID  Status ";
    assert!(
        second.starts_with(then) && second.contains("\n 2  completed "),
        "{second}"
    );
    assert_eq!(second.lines().count(), 5, "{second}");
    let json: Value =
        serde_json::from_str(&juju.ok(&["operations", "--limit=2", "--format=json"])).unwrap();
    assert_eq!(
        json.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["0", "2"]
    );
    assert_eq!(
        juju.run(&["operations", "--offset=9"]).stderr,
        "no matching operations\n"
    );
    assert!(juju.ok(&["operations"]).starts_with("ID  Status "));
    juju.refused(
        &["operations", "--machines=x"],
        2,
        "invalid machine id \"x\"",
    );
    let limit =
        "invalid value \"x\" for option --limit: strconv.ParseUint: parsing \"x\": invalid syntax";
    juju.refused(&["operations", "--limit=x"], 2, limit);
}
