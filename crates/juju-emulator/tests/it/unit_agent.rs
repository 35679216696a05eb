//! What a unit's agent does around hooks: statuses, retries, reboots, and cleaning up.

use std::fs;

use serde_json::{Value, json};

use crate::emulated_machine::eventually;
use crate::verbs::{Juju, is_running};

const EXEC: [&str; 4] = ["exec", "--unit", "tiny/0", "--"];

/// Starts a service on machine 0 that ends only when it is stopped; hands back its process.
fn start_service(juju: &Juju) -> String {
    let file = juju.on_machine("0/systemd/system/tiny.service");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, "[Service]\nExecStart=/bin/sleep 3600\n").unwrap();
    let line = "systemctl start tiny; systemctl show --value -p MainPID tiny";
    let pid = juju.ok(&[&EXEC[..], &[line]].concat());
    assert!(is_running(&pid), "{pid}");
    pid
}

#[test]
fn a_removed_unit_leaves_its_neighbour_alone() {
    // given
    let juju = Juju::deployed();
    let path = juju.charm();
    let deploy = ["deploy", &path, "web", "--to", "0", "--config", "port=81"];
    juju.ok(&deploy);
    let service = start_service(&juju);
    // when
    juju.ok(&["remove-application", "web"]);
    // then
    assert!(is_running(&service));
    assert!(!juju.on_machine("0/agents/unit-web-0").exists());
    assert!(juju.on_machine("0/agents/unit-tiny-0/charm").exists());
    assert_eq!(juju.unit("tiny/0"), r#""active" "port 8000" ["8000/tcp"]"#);
    juju.ok(&["remove-application", "tiny"]);
    assert!(!is_running(&service));
}

#[test]
fn what_a_hook_has_left_in_the_background_goes_with_its_machine() {
    let juju = Juju::deployed();
    let line = "sleep 600 >/dev/null 2>&1 & echo $!";
    let pid = juju.ok(&[&EXEC[..], &[line]].concat());
    assert!(is_running(&pid), "{pid}");
    juju.ok(&["remove-application", "tiny"]);
    assert!(!is_running(&pid));
}

#[test]
fn no_directory_of_sockets_outlives_its_machine() {
    // given a process that is about to clean up a unit's machine
    let juju = Juju::deployed();
    let run = juju.home.path().join("data/run");
    let locks = juju.on_machine("../locks/machine-0");
    let lock = fs::File::create(&locks).unwrap();
    lock.lock().unwrap();
    let state = juju.state();
    juju.write_state(&state.replace(r#""life":"alive""#, r#""life":"dead""#));
    let mut settles = juju.command(&["model-config", "logging-config=unit=DEBUG"]);
    let mut settles = settles.spawn().unwrap();
    let files = format!("/proc/{}/fd", settles.id());
    let waits = || {
        let files = fs::read_dir(&files).unwrap().flatten();
        files
            .filter_map(|file| fs::read_link(file.path()).ok())
            .any(|file| file.ends_with("locks/machine-0"))
    };
    eventually(waits);
    // when another one has done it meanwhile
    let mut state: Value = serde_json::from_str(&juju.state()).unwrap();
    state["applications"] = json!({});
    juju.write_state(&state.to_string());
    fs::remove_dir_all(&run).unwrap();
    drop(lock);
    assert!(settles.wait().unwrap().success());
    // then
    assert!(!run.exists());
}

#[test]
fn no_directory_of_sockets_outlives_its_model() {
    let juju = Juju::deployed();
    let run = juju.home.path().join("data/run");
    let of_machine = fs::read_dir(&run).unwrap().next().unwrap().unwrap();
    let model = of_machine.file_name().into_string().unwrap();
    let model = model.strip_suffix('0').unwrap();
    fs::create_dir(run.join(format!("{model}7"))).unwrap();
    juju.ok(&["destroy-model", "--no-prompt", "emulator"]);
    assert_eq!(fs::read_dir(&run).unwrap().count(), 0);
}

#[test]
fn a_machine_reboots_alone() {
    let juju = Juju::deployed();
    juju.ok(&["add-unit", "tiny"]);
    let before = juju.log().lines().count();
    juju.ok(&[&EXEC[..], &["reboot"]].concat());
    let log = juju.log();
    let since: Vec<_> = log.lines().skip(before).collect();
    assert_eq!(since.len(), 1, "{log}");
    let start = since[0];
    assert!(start.starts_with("unit-tiny-0: "), "{start}");
    assert!(start.contains(" ran \"start\" hook "), "{start}");
}

#[test]
fn a_machine_that_is_switched_off_stays_off() {
    let juju = Juju::deployed();
    let service = start_service(&juju);
    let before = juju.hooks();
    juju.ok(&[&EXEC[..], &["systemctl", "poweroff"]].concat());
    assert_eq!(juju.hooks(), before);
    assert!(!is_running(&service));
    let log = juju.log();
    assert!(log.contains("the machine is powered off"), "{log}");
}

#[test]
fn a_hook_that_fails_again_is_retried_later() {
    let juju = Juju::deployed();
    juju.ok(&["model-config", "automatically-retry-hooks=false"]);
    juju.ok(&["config", "tiny", "do=fail"]);
    juju.ok(&["resolved", "tiny/0"]);
    let state: Value = serde_json::from_str(&juju.state()).unwrap();
    let unit = &state["applications"]["tiny"]["units"]["tiny/0"];
    assert_eq!(unit["again"]["why"]["failed"]["times"], 2);
}

#[test]
fn a_charm_that_never_sets_its_status_has_the_agents() {
    let juju = Juju::new();
    juju.ok(&["model-config", "automatically-retry-hooks=false"]);
    let script = "#!/bin/sh
juju-log \"$JUJU_HOOK_NAME: $(status-get --include-data --format=json)\"
[ $JUJU_HOOK_NAME != stop ]
";
    juju.write_charm("dispatch", script);
    juju.ok(&["deploy", &juju.charm()]);
    assert_eq!(juju.unit("tiny/0"), r#""unknown" null null"#);
    juju.ok(&["remove-application", "tiny"]);
    let log = juju.log();
    for (hook, message) in [
        ("install", "installing charm software"),
        ("stop", "stopping charm software"),
    ] {
        let seen = log
            .lines()
            .find(|line| line.contains(&format!("{hook}: {{")));
        let seen = seen.unwrap_or_default();
        assert!(seen.contains(r#""status":"maintenance""#), "{log}");
        assert!(seen.contains(message), "{log}");
    }
}
