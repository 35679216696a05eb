//! Machines without units, and where units are put.

use serde_json::Value;

use crate::verbs::Juju;

#[test]
fn a_machine_is_added_used_and_removed() {
    let juju = Juju::new();
    let ran = juju.run(&["add-machine", "-n", "2", "--constraints", "mem=1G"]);
    assert_eq!(
        ran.stderr,
        "--constraints: every machine is this one; they are shown, and mean nothing\n\
         created machine 0\ncreated machine 1\n"
    );
    let charm = juju.charm();
    juju.ok(&["deploy", &charm, "--to", "1"]);
    juju.ok(&["add-unit", "tiny", "--to", "0"]);
    assert_eq!(juju.unit("tiny/0"), r#""active" "port 8000" ["8000/tcp"]"#);
    let machines = juju.ok(&["machines"]);
    let status = juju.ok(&["status"]);
    assert!(status.contains(&machines), "{machines}\n{status}");
    assert_eq!(machines.lines().count(), 3, "{machines}");
    for (args, refusal) in [
        (
            &["remove-machine", "1"][..],
            "ERROR removing machine 1 failed: machine 1 has unit \"tiny/0\" assigned",
        ),
        (
            &["remove-machine", "9"],
            "ERROR removing machine 9 failed: machine 9 not found",
        ),
        (&["deploy", &charm, "b", "--to", "9"], "machine 9 not found"),
        (
            &["add-machine", "--constraints", "nosuch=1"],
            "ERROR unknown constraint \"nosuch\"",
        ),
    ] {
        juju.refused(args, 1, refusal);
    }
    juju.refused(
        &["add-machine", "ssh:me@there"],
        2,
        "no machines but directories",
    );
    let out = juju.ok(&["remove-machine", "1", "--force", "--no-prompt"]);
    assert_eq!(out, "will remove machine 1\n- will remove unit tiny/0\n");
    juju.ok(&["add-machine"]);
    juju.ok(&[
        "exec",
        "--machine",
        "2",
        "--",
        "echo hello >$JUJU_EMULATOR_MACHINE/hello",
    ]);
    let directory = juju.home.path().join("data/models/emulator/machines/2");
    assert!(directory.join("hello").exists());
    juju.ok(&["remove-machine", "2", "--no-prompt"]);
    assert!(!directory.exists());
    let machines: Value =
        serde_json::from_str(&juju.ok(&["machines", "--format", "json"])).unwrap();
    let numbers: Vec<_> = machines["machines"].as_object().unwrap().keys().collect();
    assert_eq!(numbers, ["0"]);
    let shown = juju.ok(&["show-machine", "0"]);
    assert!(
        shown.starts_with(
            "model: emulator\nmachines:\n  \"0\":\n    juju-status:\n      current: started\n"
        ),
        "{shown}"
    );
}

#[test]
fn bindings_and_constraints_are_checked_and_shown() {
    let juju = Juju::new();
    let charm = juju.charm();
    for (args, refusal) in [
        (["--bind", "nosuch"], "ERROR space \"nosuch\" not found"),
        (
            ["--bind", "alpha nosuch=alpha"],
            "has no endpoint \"nosuch\" to bind",
        ),
        (
            ["--constraints", "nosuch=1"],
            "ERROR unknown constraint \"nosuch\"",
        ),
    ] {
        juju.refused(&[&["deploy", &charm, "e"][..], &args].concat(), 1, refusal);
    }
    let given = [
        "--bind",
        "alpha admin=alpha",
        "--constraints",
        "mem=1G cores=2",
    ];
    let ran = juju.run(&[&["deploy", &charm, "e"][..], &given].concat());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let note = "--constraints: every machine is this one; they are shown, and mean nothing\n";
    assert_eq!(ran.stderr.matches(note).count(), 1, "{ran:?}");
    let shown = juju.ok(&["show-application", "e"]);
    assert!(shown.contains("    cores: 2\n    mem: 1024\n"), "{shown}");
    assert!(shown.contains("    admin: alpha\n"), "{shown}");
}
