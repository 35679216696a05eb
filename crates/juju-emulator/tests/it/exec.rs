//! `exec`: an operation of one task for each target, and what it prints.

use serde_json::{Value, json};

use crate::verbs::Juju;

fn exec(juju: &Juju, args: &[&str], line: &str) -> String {
    juju.ok(&[&["exec"], args, &["--", line]].concat())
}

fn tasks(juju: &Juju, args: &[&str], line: &str) -> Value {
    serde_json::from_str(&exec(juju, &[args, &["--format=json"]].concat(), line)).unwrap()
}

#[test]
fn operations_and_tasks_are_numbered_together_and_a_task_knows_its_number() {
    let juju = Juju::deployed();
    juju.ok(&["add-unit", "tiny"]);
    let line =
        "env | grep ^JUJU_ACTION | sort; echo $JUJU_CONTEXT_ID; env | grep -c ^JUJU_DISPATCH_PATH";
    for numbers in [[1, 2], [4, 5]] {
        let tasks = tasks(&juju, &["--application", "tiny"], &format!("{line}; true"));
        for (unit, number) in ["tiny/0", "tiny/1"].into_iter().zip(numbers) {
            let task = &tasks[unit];
            assert_eq!(task["id"], number.to_string());
            assert_eq!(
                (&task["unit"], &task["status"]),
                (&json!(unit), &json!("completed"))
            );
            let stdout = task["results"]["stdout"].as_str().unwrap();
            let (variables, rest) = stdout.split_at(stdout.find("tiny/").unwrap());
            assert_eq!(
                variables,
                format!(
                    "JUJU_ACTION_NAME=juju-exec\nJUJU_ACTION_TAG=action-{number}\nJUJU_ACTION_UUID={number}\n"
                )
            );
            let context = rest.strip_suffix("\n0\n").unwrap();
            let random = context.strip_prefix(&format!("{unit}-juju-exec-")).unwrap();
            assert!(
                random.len() == 32 && random.chars().all(|c| c.is_ascii_hexdigit()),
                "{rest}"
            );
        }
    }
}

#[test]
fn what_several_units_print_is_told_apart() {
    let juju = Juju::deployed();
    juju.ok(&["add-unit", "tiny"]);
    let units = ["--unit", "tiny/1,tiny/0"];
    // stdout, then stderr, each ended.
    let both = exec(&juju, &units, "echo err >&2; printf $JUJU_UNIT_NAME");
    assert_eq!(both, "tiny/0:\ntiny/0\nerr\n\ntiny/1:\ntiny/1\nerr\n\n");
    // As in Juju, no names when only one has something to say.
    let one = exec(
        &juju,
        &units,
        "[ $JUJU_UNIT_NAME = tiny/0 ] || echo only; true",
    );
    assert_eq!(one, "only\n");
    assert_eq!(exec(&juju, &units, "true"), "");
    assert_eq!(
        exec(&juju, &["--all"], "echo $JUJU_EMULATOR_ADDRESS"),
        "0:\n127.0.0.1\n\n1:\n127.0.0.2\n\n"
    );
    let yaml = exec(&juju, &["--unit", "tiny/0", "--format=yaml"], "echo 080");
    assert!(
        yaml.contains(
            "  results:\n    return-code: 0\n    stdout: |\n      080\n  status: completed\n"
        ),
        "{yaml}"
    );
    let ran = juju.run(&["exec", "--unit", "tiny/0,tiny/1", "--", "echo out; exit 3"]);
    assert_eq!(ran.stdout, "tiny/0:\nout\n\ntiny/1:\nout\n\n");
    assert!(
        ran.stderr
            .starts_with("ERROR the following tasks failed:\n - id \"15\" with return code 3\n"),
        "{ran:?}"
    );
    assert_eq!(ran.code, Some(1));
}

#[test]
fn units_come_in_the_order_of_their_numbers() {
    let juju = Juju::deployed();
    juju.ok(&["add-unit", "tiny", "-n", "10"]);
    let names = exec(&juju, &["--application=tiny"], "echo x");
    let names: Vec<_> = names.lines().filter(|line| line.ends_with(':')).collect();
    let expected: Vec<_> = (0..11).map(|number| format!("tiny/{number}:")).collect();
    assert_eq!(names, expected);
}

#[test]
fn output_that_is_no_utf_8_comes_in_base64() {
    let juju = Juju::deployed();
    for (target, name) in [("--unit=tiny/0", "tiny/0"), ("--machine=0", "0")] {
        let line = r"printf '\xff\xfeA'; printf 'ü\n' >&2; true";
        let results = &tasks(&juju, &[target], line)[name]["results"];
        let expected = json!({
            "return-code": 0, "stdout": "//5B", "stdout-encoding": "base64", "stderr": "ü\n",
        });
        assert_eq!(*results, expected);
        assert_eq!(exec(&juju, &[target], line), "//5B\nü\n");
    }
}

#[test]
fn units_that_are_not_there_are_said_and_the_others_run() {
    let juju = Juju::deployed();
    let ran = juju.run(&["exec", "--unit", "nosuch/0,tiny/0", "--", "echo out"]);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (Some(0), "out\n"),
        "{ran:?}"
    );
    assert_eq!(
        ran.stderr,
        "Some actions could not be scheduled:\nunit \"nosuch/0\" not found\n\n\n"
    );
    let ran = juju.run(&["exec", "--unit", "nosuch/0,x/leader", "--", "echo out"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), ""), "{ran:?}");
    assert_eq!(
        ran.stderr,
        "Operation 2 failed to schedule any tasks:\nunit \"nosuch/0\" not found\nunit \"x/leader\" not found\n"
    );
}

#[test]
fn a_task_whose_changes_are_refused_has_failed() {
    let juju = Juju::deployed();
    let line = "open-port --endpoints nope 80; echo precious";
    let ran = juju.run(&["exec", "--unit", "tiny/0", "--format=json", "--", line]);
    let tasks: Value = serde_json::from_str(&ran.stdout).unwrap();
    let task = &tasks["tiny/0"];
    assert_eq!(task["status"], "failed");
    assert_eq!(task["message"], "committing requested changes failed");
    assert_eq!(task["results"]["return-code"], 1);
    assert_eq!(task["results"]["stdout"], "precious\n");
    assert_eq!(ran.code, Some(1));
}
