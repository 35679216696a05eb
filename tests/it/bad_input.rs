//! The charm's binary, given what it should never be given: a defined exit code and one clear line each, and no panic.

use std::fs;
use std::num::NonZeroU16;
use std::path::Path;
use std::process::Command;

use hello_server::charm::HelloServer;
use hello_server::workload::{Workload, WorkloadError};
use ops::{Charm, Event, Status, Unit};
use ops_testing::{Context, State};

use crate::scripted_hook::{ScriptedHook, stderr};

#[test]
fn started_by_hand_it_explains_itself() {
    let output = ScriptedHook::new().dispatch(&[]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        stderr(&output),
        "hello-server is a Juju charm, to be run by Juju for an event (JUJU_DISPATCH_PATH is not set): \
         try it with `cargo juju deploy .`\n"
    );
}

#[test]
fn a_wrong_command_line_is_refused() {
    let output = Command::new(env!("CARGO_BIN_EXE_hello-server"))
        .args(["serve", "--port", "0"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("--port"));
}

#[test]
fn a_hook_command_that_is_missing_is_named() {
    let hook = ScriptedHook::new();
    hook.without_command("config-get");

    let output = hook.config_changed();

    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        hook.calls_of("juju-log"),
        [
            "--log-level ERROR -- config-changed failed: hook command `config-get --format=json` was not found on PATH; \
         Juju puts the hook commands there for the time of a hook"
        ]
    );
}

#[test]
fn without_juju_log_the_line_goes_to_stderr() {
    let hook = ScriptedHook::new();
    hook.without_command("config-get");
    hook.without_command("juju-log");

    let output = hook.config_changed();

    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output)
            .starts_with("ERROR: config-changed failed: hook command `config-get --format=json`")
    );
    assert_eq!(stderr(&output).lines().count(), 1);
}

#[test]
fn a_hook_command_that_fails_is_named_with_all_that_is_known() {
    for (script, message) in [
        (
            "echo 'ERROR permission denied' >&2; exit 1",
            "failed (exit status: 1): ERROR permission denied",
        ),
        ("kill -9 $$", "failed (signal: 9 (SIGKILL))"),
        (
            "echo '{\"server-port\": '",
            "printed \"{\\\"server-port\\\": \\n\", which is not the JSON expected: \
             EOF while parsing a value at line 2 column 0",
        ),
        (
            "exit 0",
            "printed \"\", which is not the JSON expected: EOF while parsing a value at line 1 column 0",
        ),
    ] {
        let hook = ScriptedHook::new();
        hook.command("config-get", script);

        let output = hook.config_changed();

        assert_eq!(output.status.code(), Some(1), "{script}");
        let line = format!(
            "--log-level ERROR -- config-changed failed: hook command `config-get --format=json` {message}"
        );
        assert_eq!(hook.calls_of("juju-log"), [line], "{script}");
        assert!(hook.calls_of("status-set").is_empty(), "{script}");
    }
}

#[test]
fn a_port_that_is_no_number_blocks_the_unit() {
    for (value, message) in [
        (
            "8000.5",
            "server-port: 8000.5 is not a port; choose one from 1 to 65535",
        ),
        (
            "\"8000\"",
            "server-port: \"8000\" is not a port from 1 to 65535",
        ),
        (
            "18446744073709551615",
            "server-port: 18446744073709551615 is not a port; choose one from 1 to 65535",
        ),
        (
            "99999999999999999999",
            "server-port: 100000000000000000000 is not a port; choose one from 1 to 65535",
        ),
        (
            "null",
            "server-port: no value is set; choose one with `juju config`",
        ),
    ] {
        let hook = ScriptedHook::new();
        hook.command(
            "config-get",
            &format!("echo '{{\"server-port\": {value}}}'"),
        );

        let output = hook.config_changed();

        assert_eq!(output.status.code(), Some(0), "{value}");
        assert_eq!(
            hook.calls_of("status-set"),
            [format!("blocked -- {message}")]
        );
        assert_eq!(
            stderr(&output),
            format!("config-changed: blocked: {message}\n")
        );
        assert!(hook.calls_of("juju-log").is_empty());
    }
}

#[test]
fn a_long_log_line_arrives_whole_in_parts() {
    // given an error text of 300 kB in characters of three bytes
    let hook = ScriptedHook::new();
    let text = hook.directory().join("text");
    fs::write(&text, "€".repeat(100_000)).unwrap();
    hook.command(
        "config-get",
        &format!("/bin/cat '{}' >&2; exit 1", text.display()),
    );

    let output = hook.config_changed();

    assert_eq!(output.status.code(), Some(1));
    let log = hook.calls_of("juju-log");
    assert_eq!(log.len(), 3);
    assert_eq!(log.concat().matches('€').count(), 100_000);
    assert_eq!(stderr(&output), "");
}

#[test]
fn a_hook_that_nobody_knows_is_handled_like_any_other() {
    let hook = ScriptedHook::new();
    let output = hook.dispatch(&[("JUJU_DISPATCH_PATH", "hooks/next-years-event")]);
    // The unit files are new and there is no socket, so the fake systemctl is asked to start one.
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(hook.calls_of("status-set"), ["active"]);
}

#[test]
fn a_relation_event_without_its_relation_is_refused() {
    let hook = ScriptedHook::new();
    let output = hook.dispatch(&[("JUJU_DISPATCH_PATH", "hooks/db-relation-changed")]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        stderr(&output),
        "cannot understand the hook's environment: JUJU_RELATION_ID is not set\n"
    );
}

#[test]
fn a_status_message_may_begin_with_a_dash_and_hold_a_nul() {
    struct Dashing;
    impl Charm for Dashing {
        fn reconcile(&mut self, unit: &Unit) -> ops::Result<Status> {
            unit.set_status(&Status::maintenance("--application"))?;
            Ok(Status::waiting("-\0-"))
        }
    }
    let context = Context::new(|| Dashing);

    let then = context.run(&Event::Install, &State::default());

    assert_eq!(
        then.status_history,
        [
            Status::maintenance("--application"),
            Status::waiting("-\u{fffd}-")
        ]
    );
}

#[test]
fn a_panic_is_logged_and_fails_the_hook() {
    struct Panicking;
    impl Charm for Panicking {
        fn reconcile(&mut self, _: &Unit) -> ops::Result<Status> {
            let ports: Vec<u16> = Vec::new();
            Ok(Status::active().with_message(ports.first().expect("a port").to_string()))
        }
    }
    let context = Context::new(|| Panicking);

    let then = context.run(&Event::Install, &State::default());

    assert!(!then.succeeded());
    assert_eq!(then.log.len(), 1);
    let message = then.errors()[0];
    assert!(
        message.starts_with("panicked at ") && message.ends_with(": a port"),
        "{message}"
    );
    assert!(message.contains(Path::new(file!()).file_name().unwrap().to_str().unwrap()));
}

#[test]
fn a_port_that_the_machine_does_not_let_us_have_blocks_the_unit() {
    struct Denied;
    impl Workload for Denied {
        fn serve_on(&mut self, port: NonZeroU16) -> Result<(), WorkloadError> {
            let reason = "permission denied".to_owned();
            Err(WorkloadError::PortDenied { port, reason })
        }
        fn stop(&mut self) -> Result<(), WorkloadError> {
            Ok(())
        }
        fn uninstall(&mut self) -> Result<(), WorkloadError> {
            Ok(())
        }
    }
    let context = Context::new(|| HelloServer::new(Denied));
    let given = State::default().with_config("server-port", 80);

    let then = context.run(&Event::ConfigChanged, &given);

    let message = "server-port: 80 cannot be opened on this machine (permission denied); \
                   choose another port";
    assert_eq!(then.state.unit_status, Some(Status::blocked(message)));
    assert!(then.state.opened_ports.is_empty());
}
