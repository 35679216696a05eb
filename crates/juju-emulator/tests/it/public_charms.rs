//! Charms of the shapes that public machine charms have: each deploys, settles, and is what its files say.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use serde_json::{Value, json};

use crate::verbs::Juju;

const SHAPES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/public_charms");

const DISPATCH: &str = "#!/bin/sh
case $JUJU_DISPATCH_PATH in
    actions/*) action-set ran=${JUJU_DISPATCH_PATH#*/} ;;
    *) status-set active ;;
esac
";

/// The subordinates, which have units beside others only.
const SUBORDINATES: [&str; 3] = ["check-runner", "fleet-client", "telemetry"];

fn names() -> Vec<String> {
    let entries = fs::read_dir(SHAPES).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

fn write_program(path: &Path) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, DISPATCH).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Lays a charm out as it is packed, with a trivial program; hands back its directory.
fn packed(juju: &Juju, name: &str) -> String {
    let shape = Path::new(SHAPES).join(name);
    let charm = juju.home.path().join(name);
    if shape.join("charmcraft.yaml").exists() {
        // What else charmcraft does for a charm in Python adds nothing to what Juju reads.
        let project = juju.home.path().join("project");
        fs::create_dir(&project).unwrap();
        fs::copy(
            shape.join("charmcraft.yaml"),
            project.join("charmcraft.yaml"),
        )
        .unwrap();
        write_program(&project.join("dispatch"));
        juju_emulator::charm::stage::stage(&project, &[], &charm).unwrap();
    } else {
        fs::create_dir(&charm).unwrap();
        for file in fs::read_dir(shape).unwrap() {
            let file = file.unwrap();
            fs::copy(file.path(), charm.join(file.file_name())).unwrap();
        }
    }
    if name == "check-runner" {
        // As older charms are: a program for all hooks, under their names.
        write_program(&charm.join("hooks/hooks.py"));
        for hook in ["install", "config-changed", "general-info-relation-changed"] {
            symlink("hooks.py", charm.join("hooks").join(hook)).unwrap();
        }
        fs::create_dir(charm.join("actions")).unwrap();
        for action in ["ack-reboot", "list-checks", "run-check"] {
            symlink("../hooks/hooks.py", charm.join("actions").join(action)).unwrap();
        }
    } else {
        write_program(&charm.join("dispatch"));
    }
    charm.display().to_string()
}

/// Everything deployed, the subordinates beside others.
fn everything() -> Juju {
    let juju = Juju::new();
    let tool = juju.home.path().join("tool");
    fs::write(&tool, "a tool").unwrap();
    let tool = format!("tool={}", tool.display());
    for name in names() {
        let charm = packed(&juju, &name);
        let more: &[&str] = match name.as_str() {
            "object-storage" => &["--storage", "devices=2,3M", "--resource", &tool],
            "event-log" => &["--storage", "log-data=rootfs,20G,2", "--bind", "alpha"],
            _ => &[],
        };
        juju.ok(&[&["deploy", &charm], more].concat());
    }
    for (subordinate, principal) in [
        ("check-runner:general-info", "plain-machine"),
        ("fleet-client", "plain-machine"),
        ("telemetry:juju-info", "plain-machine"),
        ("telemetry", "search-engine:cos-agent"),
    ] {
        juju.ok(&["integrate", subordinate, principal]);
    }
    juju
}

/// The statuses of all units: the unit, its workload and its agent.
fn statuses(status: &Value) -> Vec<String> {
    let mut statuses = Vec::new();
    let mut add = |name: &String, unit: &Value| {
        let word = |of: &str| unit[of]["current"].as_str().unwrap().to_owned();
        statuses.push(format!(
            "{name} {} {}",
            word("workload-status"),
            word("juju-status")
        ));
    };
    for application in status["applications"].as_object().unwrap().values() {
        for (name, unit) in application["units"].as_object().into_iter().flatten() {
            add(name, unit);
            for (name, unit) in unit["subordinates"].as_object().into_iter().flatten() {
                add(name, unit);
            }
        }
    }
    statuses.sort();
    statuses
}

#[test]
fn charms_of_the_shapes_that_public_ones_have_deploy_and_settle() {
    // given
    let juju = everything();
    let names = names();
    assert!(names.len() >= 10, "{names:?}");
    let json = |args: &[&str]| -> Value {
        serde_json::from_str(&juju.ok(&[args, &["--format=json"]].concat())).unwrap()
    };
    // then all is active and idle
    let principals = names
        .iter()
        .filter(|name| !SUBORDINATES.contains(&name.as_str()));
    let principals = principals.map(|name| format!("{name}/0"));
    let beside = [
        "check-runner/0",
        "fleet-client/0",
        "telemetry/0",
        "telemetry/1",
    ];
    let mut expected: Vec<_> = principals
        .chain(beside.map(str::to_owned))
        .map(|unit| format!("{unit} active idle"))
        .collect();
    expected.sort();
    assert_eq!(statuses(&json(&["status"])), expected);
    // and the options have the types and values that the files give them
    let given_then = [
        ("sql-database", "durability", json!("on")),
        ("sql-database", "log_longer_than", json!(-1)),
        ("sql-database", "tuple_cost", json!(0.0025)),
        ("sql-database", "compile_above_cost", json!(100_000)),
        ("sql-database", "system-users", Value::Null),
        ("event-log", "flush_messages", json!("9223372036854775807")),
        ("event-log", "max_bytes", json!(1_048_588)),
        ("plain-machine", "hostname", Value::Null),
        ("check-runner", "check_options", json!("-w 20\n-c 10\n")),
        ("object-storage", "autotune", json!(true)),
        (
            "object-storage",
            "flags",
            json!("{crush-failure-domain: host}"),
        ),
        ("load-balancer", "maxconn", json!(4096)),
        ("telemetry", "max_kept_percentage", json!(100)),
    ];
    for (application, option, then) in given_then {
        let settings = json(&["config", application]);
        let value = &settings["settings"][option]["value"];
        assert_eq!(*value, then, "{application} {option}");
    }
    // and its actions run, with the parameters that they need and no others
    for name in &names {
        let actions = json(&["actions", name]);
        let schemas = json(&["actions", name, "--schema"]);
        for action in actions.as_object().unwrap().keys() {
            let unit = format!("{name}/leader");
            let ran = juju.run(&["run", &unit, action, "--format=json"]);
            let task: Value = serde_json::from_str(&ran.stdout).unwrap();
            let task = task.as_object().unwrap().values().next().unwrap().clone();
            if schemas[action]["required"].is_null() {
                assert_eq!(task["status"], "completed", "{name} {action}: {ran:?}");
            } else {
                let why = task["message"].as_str().unwrap();
                assert!(
                    why.ends_with("property is missing and required, given {}"),
                    "{why}"
                );
            }
        }
    }
    let ran = juju.ok(&["run", "event-log/0", "rebalance", "mode=add", "brokerid=7"]);
    assert_eq!(ran, "ran: rebalance\n\n");
    let bad = juju.ok(&["run", "event-log/0", "rebalance", "broker=7"]);
    assert!(
        bad.contains("additional property \"broker\" is not allowed"),
        "{bad}"
    );
}

#[test]
fn what_public_charms_declare_is_there() {
    let juju = everything();
    let storage: Value = serde_json::from_str(&juju.ok(&["storage", "--format=json"])).unwrap();
    let ids = storage["storage"].as_object().unwrap().keys();
    let mut names: Vec<_> = ids.map(|id| id.split('/').next().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "archive",
            "archive",
            "data",
            "data",
            "database",
            "devices",
            "devices",
            "log-data",
            "log-data",
            "logs",
            "search-data",
            "temp",
            "temp"
        ]
    );
    let tool = juju.ok(&[
        "exec",
        "--unit",
        "object-storage/0",
        "cat $(resource-get tool)",
    ]);
    assert_eq!(tool, "a tool\n");
    let peers = "relation-ids database-peers; relation-ids restart; relation-ids refresh-v-three";
    let peers = juju.ok(&["exec", "--unit", "sql-database/0", peers]);
    assert_eq!(peers.lines().count(), 3, "{peers}");
    let bindings = juju.ok(&["show-application", "object-storage"]);
    assert!(
        bindings.contains("    cluster: alpha\n") && bindings.contains("    public: alpha\n"),
        "{bindings}"
    );
    // A secret is given to an option that wants one.
    let id = juju.ok(&["add-secret", "users", "admin=hunter2"]);
    juju.ok(&["grant-secret", "users", "event-log"]);
    juju.ok(&[
        "config",
        "event-log",
        &format!("system-users={}", id.trim()),
    ]);
    let read = "secret-get $(config-get system-users) admin";
    assert_eq!(
        juju.ok(&["exec", "--unit", "event-log/0", read]),
        "hunter2\n"
    );
    // A subordinate is related to the principal beside it only, and stays as long as one relation to it does.
    let ids = |unit| {
        juju.ok(&["exec", "--unit", unit, "relation-ids juju-info"])
            .lines()
            .count()
    };
    assert_eq!((ids("telemetry/0"), ids("telemetry/1")), (1, 0));
    juju.ok(&["integrate", "telemetry:juju-info", "search-engine"]);
    assert_eq!((ids("telemetry/0"), ids("telemetry/1")), (1, 1));
    juju.ok(&["remove-relation", "telemetry:juju-info", "search-engine"]);
    assert_eq!((ids("telemetry/0"), ids("telemetry/1")), (1, 0));
    // Beside a principal that goes, its subordinates go.
    juju.ok(&["remove-application", "plain-machine", "--no-prompt"]);
    let status: Value = serde_json::from_str(&juju.ok(&["status", "--format=json"])).unwrap();
    let left = statuses(&status);
    let beside = left
        .iter()
        .filter(|unit| SUBORDINATES.iter().any(|name| unit.starts_with(name)));
    assert_eq!(beside.collect::<Vec<_>>(), ["telemetry/1 active idle"]);
}
