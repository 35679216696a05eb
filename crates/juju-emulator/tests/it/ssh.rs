//! `ssh` and `scp` on a machine's directory.

use std::fs;

use crate::verbs::Juju;

#[test]
fn a_command_runs_in_the_machines_directory_and_its_exit_code_is_that_of_ssh() {
    let juju = Juju::deployed();
    let machine = juju.home.path().join("data/models/emulator/machines/0");
    let machine = machine.display().to_string();
    assert_eq!(juju.ok(&["ssh", "tiny/0", "pwd"]), format!("{machine}\n"));
    assert_eq!(
        juju.ok(&[
            "ssh",
            "ubuntu@tiny/leader",
            "echo",
            "$JUJU_EMULATOR_MACHINE"
        ]),
        format!("{machine}\n")
    );
    let ran = juju.run(&["ssh", "0", "echo out; echo err >&2; exit 7"]);
    let streams = (ran.code, ran.stdout.as_str(), ran.stderr.as_str());
    assert_eq!(streams, (Some(7), "out\n", "err\n"));
    juju.refused(&["ssh", "tiny/9", "true"], 1, "unit \"tiny/9\" not found");
    juju.refused(&["ssh", "9", "true"], 1, "machine 9 not found");
    // A reboot is done, and the unit starts again.
    juju.ok(&["ssh", "0", "reboot"]);
    juju.ok(&["status"]);
    let log = juju.ok(&["debug-log", "--replay"]);
    assert_eq!(log.matches("ran \"start\" hook").count(), 2, "{log}");
}

#[test]
fn files_are_copied_from_and_to_machines() {
    let juju = Juju::deployed();
    juju.ok(&["add-unit", "tiny"]);
    let home = juju.home.path().display().to_string();
    let file = |name: &str| format!("{home}/{name}");
    fs::write(file("one"), "1").unwrap();
    fs::write(file("two"), "2").unwrap();
    juju.ok(&["ssh", "tiny/0", "mkdir in"]);
    juju.ok(&["scp", &file("one"), &file("two"), "tiny/0:in"]);
    juju.ok(&["scp", "-r", "tiny/0:in", "tiny/1:out"]);
    assert_eq!(juju.ok(&["ssh", "tiny/1", "cat out/one out/two"]), "12");
    juju.ok(&["scp", "1:out/two", &file("back")]);
    assert_eq!(fs::read_to_string(file("back")).unwrap(), "2");
    for (args, code, refusal) in [
        (
            &["scp", "tiny/0:nosuch", &home][..],
            1,
            "nosuch: no such file or directory",
        ),
        (
            &["scp", "tiny/0:in", &home],
            1,
            "not a regular file; to copy a directory: scp -r",
        ),
        (
            &["scp", &file("one"), &file("two"), "tiny/0:nosuch"],
            1,
            "nosuch: not a directory",
        ),
        (&["scp", "tiny/9:x", &home], 1, "unit \"tiny/9\" not found"),
        (&["scp", &home], 2, "at least two arguments required"),
    ] {
        juju.refused(args, code, refusal);
    }
}
