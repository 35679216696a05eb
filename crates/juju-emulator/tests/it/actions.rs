//! Actions: what becomes of them and of what they asked for, and the verbs about them.

use std::fs;
use std::process::Stdio;

use juju_emulator::charm::action::ActionSpec;
use serde_json::{Value, json};

use crate::emulated_machine::eventually;
use crate::verbs::{Juju, is_running};

const DISPATCH: &str = r#"#!/bin/bash
case $JUJU_DISPATCH_PATH in
    hooks/config-changed) [ $(config-get do) != fail ] || exit 1; exit ;;
    actions/open)
        action-log begun
        open-port $(action-get port)
        status-set active "opening"
        action-set port="$(action-get port)"
        [ "$(action-get fail)" != True ] || action-fail "not today"
        exit $(action-get code) ;;
    actions/nowhere) action-set asked=yes; open-port --endpoints nowhere 5; echo out ;;
    actions/bytes) printf '\xff\xfeA'; printf 'caf\xc3\xa9' >&2 ;;
    actions/show) action-get --format=json ;;
    actions/hang) action-log hanging; echo $$ >hanging; while :; do sleep 1; done ;;
    actions/killed) action-set got=this; kill -KILL $$ ;;
esac
"#;

const ACTIONS: &str = "
open:
  description: |-
    Opens a port.
    Or does not.
  params:
    port: {type: integer, default: 80, minimum: 1}
    fail: {type: boolean, default: false}
    code: {type: integer, default: 0}
nowhere: {}
bytes: {}
show:
  params:
    file: {type: object, properties: {kind: {type: string, default: xz}}}
    text: {type: string}
hang: {description: Hangs.}
killed: {description: Is killed.}
";

fn deployed() -> Juju {
    let juju = Juju::new();
    juju.write_charm("actions.yaml", ACTIONS);
    juju.write_charm("dispatch", DISPATCH);
    juju.ok(&["deploy", &juju.charm()]);
    juju
}

fn opened_ports(juju: &Juju) -> Value {
    let unit: Value =
        serde_json::from_str(&juju.ok(&["show-unit", "tiny/0", "--format=json"])).unwrap();
    unit["tiny/0"]["opened-ports"].clone()
}

/// The task that a run of an action leaves.
fn task(juju: &Juju, args: &[&str]) -> Value {
    let ran = juju.run(&[&["run", "tiny/0", "--format=json"], args].concat());
    let tasks: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
    tasks["tiny/0"].clone()
}

#[test]
fn what_an_action_asked_for_is_kept_when_it_says_that_it_failed() {
    let juju = deployed();
    let task = task(&juju, &["open", "fail=true"]);
    assert_eq!(task["status"], "failed");
    assert_eq!(task["message"], "not today");
    assert_eq!(task["results"], json!({"port": "80", "return-code": 0}));
    assert_eq!(opened_ports(&juju), json!(["80/tcp"]));
}

#[test]
fn what_an_action_asked_for_is_dropped_when_it_exits_with_anything_but_0() {
    let juju = deployed();
    let task = task(&juju, &["open", "fail=true", "code=7"]);
    assert_eq!(task["status"], "failed");
    assert_eq!(task["message"], "exit status 7");
    assert_eq!(task["results"], json!({"port": "80", "return-code": 7}));
    assert_eq!(opened_ports(&juju), Value::Null);
    let log = task["log"][0].as_str().unwrap();
    assert!(log.ends_with(" +0000 UTC begun"), "{log}");
    let status = juju.ok(&["status"]);
    assert!(status.contains("tiny/0*  active    idle "), "{status}");
    juju.ok(&["run", "tiny/0", "open"]);
    assert_eq!(opened_ports(&juju), json!(["80/tcp"]));
}

#[test]
fn an_action_whose_changes_are_refused_has_failed() {
    let juju = deployed();
    let task = task(&juju, &["nowhere"]);
    assert_eq!(task["status"], "failed");
    assert_eq!(task["message"], "committing requested changes failed");
    let results = &task["results"];
    assert_eq!(results["asked"], "yes");
    assert_eq!(results["stdout"], "out\n");
    assert_eq!(results["return-code"], 1);
    let stderr = results["stderr"].as_str().unwrap();
    assert!(stderr.contains("endpoint \"nowhere\" for unit"), "{stderr}");
}

#[test]
fn what_is_no_text_is_shown_in_base64() {
    let juju = deployed();
    let results = task(&juju, &["bytes"])["results"].clone();
    let then =
        json!({"return-code": 0, "stderr": "café", "stdout": "//5B", "stdout-encoding": "base64"});
    assert_eq!(results, then);
    assert_eq!(juju.ok(&["run", "tiny/0", "bytes"]), "\n//5B\ncafé\n");
}

#[test]
fn parameters_come_from_a_file_and_from_arguments_and_have_defaults() {
    let juju = deployed();
    let file = juju.home.path().join("params.yaml");
    fs::write(&file, "text: y\nfile: {size: 7}\n").unwrap();
    let params = format!("--params={}", file.display());
    let shown =
        |args: &[&str]| task(&juju, &[&["show"], args].concat())["results"]["stdout"].clone();
    assert_eq!(shown(&[]), "{\"file\":{\"kind\":\"xz\"}}\n");
    let of_both = "{\"file\":{\"kind\":\"gz\",\"size\":7},\"more\":1,\"text\":\"on\"}\n";
    assert_eq!(
        shown(&[&params, "file.kind=gz", "text='on'", "more=1"]),
        of_both
    );
    let as_text = "{\"file\":{\"kind\":\"xz\"},\"text\":\"5\"}\n";
    assert_eq!(shown(&["--string-args", "text=5"]), as_text);
    let refused = task(&juju, &[&params, "show", "file=1", "text=x"]);
    assert_eq!(refused["status"], "error");
    let why = "cannot run \"show\" action: validation failed: (root).file : must be of type object, given 1";
    assert_eq!(refused["message"], why);
}

#[test]
fn every_keyword_of_a_schema_counts() {
    let cases = include_str!("../cases/action_schemas.txt").lines().skip(1);
    for case in cases {
        let [schema, value, then] = case.split(" |").collect::<Vec<_>>()[..] else {
            panic!("{case}");
        };
        let [schema, value]: [Value; 2] =
            [schema, value].map(|json| serde_json::from_str(json).unwrap());
        let action = ActionSpec {
            description: String::new(),
            schema: json!({"properties": {"it": schema}}),
        };
        let checked = action.check(json!({"it": value}).as_object().unwrap());
        match (then.trim(), &checked) {
            ("", checked) => assert_eq!(*checked, Ok(()), "{case}"),
            (then, Err(why)) => assert!(why.contains(then) && !why.contains("; "), "{case}: {why}"),
            _ => panic!("{case}: it fits"),
        }
    }
}

#[test]
fn a_unit_in_error_runs_actions_and_no_action_puts_it_there() {
    let juju = deployed();
    juju.ok(&["config", "tiny", "do=fail"]);
    let before = juju.ok(&["status"]);
    assert!(
        before.contains("hook failed: \"config-changed\""),
        "{before}"
    );
    juju.ok(&["run", "tiny/leader", "open"]);
    assert_eq!(opened_ports(&juju), json!(["80/tcp"]));
    assert!(
        juju.ok(&["status"])
            .contains("hook failed: \"config-changed\"")
    );
    juju.ok(&["config", "tiny", "do=nothing"]);
    juju.ok(&["resolved", "tiny/0"]);
    let killed = task(&juju, &["killed"]);
    assert_eq!(killed["status"], "failed");
    assert_eq!(killed["message"], "action terminated");
    assert_eq!(killed["results"]["got"], "this");
    assert!(!juju.ok(&["status"]).contains("failed"));
}

#[test]
fn a_charm_of_scripts_may_lack_one() {
    let juju = Juju::new();
    fs::remove_file(juju.home.path().join("charm/dispatch")).unwrap();
    juju.write_charm("hooks/install", "#!/bin/sh\n");
    juju.write_charm("actions/say", "#!/bin/sh\naction-set said=this\n");
    juju.write_charm("actions.yaml", "say: {}\nsay-not: {}\n");
    juju.ok(&["deploy", &juju.charm()]);
    assert_eq!(task(&juju, &["say"])["results"]["said"], "this");
    let missing = task(&juju, &["say-not"]);
    assert_eq!(
        missing["message"],
        "action not implemented on unit \"tiny/0\""
    );
    assert_eq!(missing["status"], "failed");
}

#[test]
fn an_action_that_takes_too_long_is_ended() {
    let juju = deployed();
    let ran = juju.run(&["run", "tiny/0", "hang", "--wait", "200ms"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let then = "ERROR timed out waiting for results from: unit tiny/0\n";
    assert!(ran.stderr.ends_with(then), "{ran:?}");
    assert!(ran.stderr.contains(" hanging\n"), "{ran:?}");
    let shown = juju.ok(&["show-task", "1"]);
    assert!(
        shown.starts_with("Action id 1 failed: action terminated\n"),
        "{shown}"
    );
}

#[test]
fn an_action_whose_agent_was_killed_has_failed() {
    // given
    let juju = deployed();
    let mut command = juju.command(&["run", "tiny/0", "hang"]);
    let mut run = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let hanging = juju.on_machine("0/agents/unit-tiny-0/charm/hanging");
    eventually(|| fs::read_to_string(&hanging).is_ok_and(|pid| pid.ends_with('\n')));
    let pid = fs::read_to_string(&hanging).unwrap();
    // when
    run.kill().unwrap();
    run.wait().unwrap();
    juju.ok(&["run", "tiny/0", "open"]);
    // then
    assert!(!is_running(&pid), "{pid}");
    let operations = juju.ok(&["operations", "--actions", "hang"]);
    assert!(operations.contains("\n 0  failed  "), "{operations}");
}

#[test]
fn a_task_that_waits_can_be_cancelled() {
    // given a machine where another process runs hooks
    let juju = deployed();
    let lock = fs::File::create(juju.on_machine("../locks/machine-0")).unwrap();
    lock.lock().unwrap();
    let mut command = juju.command(&["run", "tiny/0", "open"]);
    let run = command.stdout(Stdio::piped()).stderr(Stdio::null());
    let run = run.spawn().unwrap();
    eventually(|| juju.ok(&["operations"]).contains(" 0  pending "));
    // when
    juju.ok(&["cancel-task", "1"]);
    drop(lock);
    // then
    let output = run.wait_with_output().unwrap();
    assert_eq!(output.stdout, b"Task 1 cancelled\n\n");
    assert_eq!(opened_ports(&juju), Value::Null);
    let again = juju.run(&["cancel-task", "1"]);
    let then = "WARNING The following tasks could not be canceled:\ntask: 1, error: \n";
    assert_eq!((again.code, again.stderr.as_str()), (Some(0), then));
}

#[test]
fn operations_are_listed_by_what_ran_and_where() {
    let juju = deployed();
    juju.ok(&["add-unit", "tiny"]);
    juju.ok(&["deploy", &juju.charm(), "other"]);
    juju.ok(&["run", "tiny/0", "tiny/1", "open", "--background"]);
    juju.ok(&["run", "other/0", "open", "port=0"]);
    juju.ok(&["exec", "--machine", "0", "--", "true"]);
    let listed = |args: &[&str]| {
        let table = juju.ok(&[&["operations"], args].concat());
        let ids = table
            .lines()
            .skip(1)
            .map(|line| line.split_whitespace().next().unwrap());
        ids.map(str::to_owned).collect::<Vec<_>>().join(" ")
    };
    let given_then: [(&[&str], &str); 9] = [
        (&[], "0 3 5"),
        (&["--apps", "tiny"], "0"),
        (&["--applications", "tiny,other"], "0 3"),
        (&["--units", "tiny/1"], "0"),
        (&["--machines", "0"], "5"),
        (&["--actions", "open"], "0 3"),
        (&["--actions", "juju-exec,nosuch"], "5"),
        (&["--status", "completed,failed"], "0 5"),
        (&["--status", "error", "--apps", "tiny"], ""),
    ];
    for (given, then) in given_then {
        assert_eq!(listed(given), then, "{given:?}");
    }
    let json: Value = serde_json::from_str(&juju.ok(&["operations", "--format=json"])).unwrap();
    let shown: Value =
        serde_json::from_str(&juju.ok(&["show-operation", "3", "--format=json"])).unwrap();
    assert_eq!(json["3"], shown);
    assert_eq!(shown["summary"], "action \"open\"");
    assert_eq!(shown["status"], "error");
    assert_eq!(
        shown["action"],
        json!({"name": "open", "parameters": {"port": 0}})
    );
    assert_eq!(shown["tasks"]["4"]["host"], "other/0");
    let refusals = [
        (["--apps", "X"], "invalid application name \"X\""),
        (["--units", "x"], "invalid unit name \"x\""),
        (
            ["--status", "done"],
            "\"done\" is not a valid task status, want one of [pending running completed failed cancelled aborting aborted error]",
        ),
    ];
    for (args, then) in refusals {
        juju.refused(&[&["operations"], &args[..]].concat(), 2, then);
    }
}

#[test]
fn the_results_of_several_units_are_shown_by_unit() {
    let juju = deployed();
    juju.ok(&["add-unit", "tiny"]);
    let plain = juju.ok(&["run", "tiny/0", "tiny/1", "open"]);
    let then = "tiny/0:\n  id: \"1\"\n  output: |\n    port: \"80\"\n  status: completed\n\
tiny/1:\n  id: \"2\"\n  output: |\n    port: \"80\"\n  status: completed\n";
    assert_eq!(plain, then);
    let ran = juju.run(&["run", "tiny/0", "tiny/1", "open", "--background"]);
    assert_eq!(ran.stdout, "tiny/0:\n  id: \"4\"\ntiny/1:\n  id: \"5\"\n");
    let then = "Scheduled operation 3 with 2 tasks\nCheck operation status with 'juju show-operation 3'\nCheck task status with 'juju show-task <id>'\n";
    assert_eq!(ran.stderr, then);
}

#[test]
fn what_cannot_be_run_is_refused_in_jujus_words() {
    let juju = deployed();
    let given_then: [(&[&str], i32, &str); 12] = [
        (&["run"], 2, "no unit specified"),
        (&["run", "tiny/0"], 2, "no action specified"),
        (&["run", "tiny", "open"], 2, "no unit specified"),
        (
            &["run", "tiny/0", "Open"],
            2,
            "invalid unit or action name \"Open\"",
        ),
        (
            &["run", "tiny/0", "other/0", "open"],
            2,
            "all units must be of the same application",
        ),
        (
            &["run", "tiny/0", "open", "x"],
            2,
            "argument \"x\" must be of the form key.key.key...=value",
        ),
        (
            &["run", "tiny/0", "open", "X=1"],
            2,
            "key \"X\" must start and end with lowercase alphanumeric, and contain only lowercase alphanumeric and hyphens",
        ),
        (
            &["run", "tiny/0", "nosuch"],
            1,
            "action \"nosuch\" not defined for unit \"tiny/0\". (not found)",
        ),
        (&["show-task", "x"], 2, "task ID \"x\" not valid"),
        (
            &["actions", "nosuch"],
            1,
            "application \"nosuch\" not found",
        ),
        (&["show-action", "tiny"], 2, "no action specified"),
        (
            &["show-action", "tiny", "nosuch"],
            1,
            "unknown action \"nosuch\"",
        ),
    ];
    for (given, code, then) in given_then {
        juju.refused(given, code, then);
    }
}

#[test]
fn a_description_of_several_lines_stays_in_its_column() {
    let juju = deployed();
    let table = juju.ok(&["actions", "tiny"]);
    assert!(
        table.starts_with("Action   Description\nbytes    No description\n"),
        "{table}"
    );
    assert!(
        table.contains("\nopen     Opens a port.\n         Or does not.\n"),
        "{table}"
    );
    let yaml = juju.ok(&["actions", "tiny", "--format=yaml"]);
    assert!(yaml.contains("killed: Is killed.\n"), "{yaml}");
    let schema = juju.ok(&["actions", "tiny", "--schema"]);
    assert!(
        schema.contains(
            "hang:\n  description: Hangs.\n  properties: {}\n  title: hang\n  type: object\n"
        ),
        "{schema}"
    );
    assert_eq!(
        juju.ok(&["show-action", "tiny", "hang"]),
        "Hangs.\n\nArguments\n{}\n\n"
    );
}
