//! The charm as its operator has it: deployed, configured, refreshed and removed with the commands of `juju`.

use std::fmt::Display;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;

use crate::juju::Juju;
use crate::levels::{free_port, http_get};

const UNIT: &str = "hello-server/0";

/// A model of its own, with hello-server on it.
struct Deployment {
    juju: Juju,
    port: u16,
}

impl Deployment {
    fn new() -> Self {
        let deployment = Self {
            juju: Juju::new(),
            port: free_port(),
        };
        let charm = deployment.charm();
        ops_testing::stage_charm(env!("CARGO_MANIFEST_DIR").as_ref(), &charm).unwrap();
        let option = format!("server-port={}", deployment.port);
        deployment.juju(&["deploy", charm.to_str().unwrap(), "--config", &option]);
        deployment
    }

    fn charm(&self) -> PathBuf {
        self.juju.directory().join("charm")
    }

    fn try_juju(&self, args: &[&str]) -> Output {
        self.juju.try_run(args)
    }

    #[track_caller]
    fn juju(&self, args: &[&str]) -> String {
        self.juju.run(args)
    }

    fn configure(&self, port: impl Display) {
        let option = format!("server-port={port}");
        self.juju(&["config", "hello-server", &option]);
    }

    /// The unit as `juju status --format=json` shows it.
    fn unit(&self) -> Value {
        let status: Value = serde_json::from_str(&self.juju(&["status", "--format=json"])).unwrap();
        status["applications"]["hello-server"]["units"][UNIT].clone()
    }

    #[track_caller]
    fn assert_active_on(&self, port: u16) {
        let unit = self.unit();
        assert_eq!(unit["workload-status"]["current"], "active", "{unit}");
        assert_eq!(unit["open-ports"], Value::from(vec![format!("{port}/tcp")]));
        assert_eq!(
            greeting(port).as_deref(),
            Some(&*format!("{UNIT} is listening on port {port}\n"))
        );
    }

    #[track_caller]
    fn assert_blocked_on(&self, port: u16, message: &str) {
        let unit = self.unit();
        assert_eq!(unit["workload-status"]["current"], "blocked", "{unit}");
        assert_eq!(unit["workload-status"]["message"], message);
        assert_eq!(unit["open-ports"], Value::from(vec![format!("{port}/tcp")]));
        assert!(greeting(port).is_some());
    }

    /// The server's process.
    fn server(&self) -> Option<u32> {
        let executable = self.juju.directory().join(
            "data/models/emulator/machines/0/agents/unit-hello-server-0/charm/server/hello-server",
        );
        fs::read_dir("/proc")
            .unwrap()
            .flatten()
            .find_map(|process| {
                let command = fs::read(process.path().join("cmdline")).ok()?;
                let program = command.split(|byte| *byte == 0).next()?;
                if program != executable.as_os_str().as_encoded_bytes() {
                    return None;
                }
                process.file_name().to_str()?.parse().ok()
            })
    }
}

/// The body of what the server answers, if it does.
fn greeting(port: u16) -> Option<String> {
    Some(http_get(port)?.split_once("\r\n\r\n")?.1.to_owned())
}

#[test]
fn deployed_it_is_active_and_answers_on_the_port_that_is_open() {
    let deployment = Deployment::new();

    deployment.assert_active_on(deployment.port);

    let table = deployment.juju(&["status"]);
    let unit = table.lines().find(|line| line.starts_with(UNIT)).unwrap();
    let words: Vec<&str> = unit.split_whitespace().collect();
    let port = format!("{}/tcp", deployment.port);
    assert_eq!(
        words,
        ["hello-server/0*", "active", "idle", "0", "127.0.0.1", &port]
    );
}

#[test]
fn the_operator_moves_it_to_another_port() {
    let deployment = Deployment::new();
    let port = free_port();

    deployment.configure(port);

    deployment.assert_active_on(port);
    assert!(greeting(deployment.port).is_none());
}

#[test]
fn bad_ports_block_it_and_a_good_one_mends_it() {
    let deployment = Deployment::new();
    for (bad, message) in [
        (
            "22",
            "server-port: 22 is reserved for SSH; choose another port",
        ),
        (
            "70000",
            "server-port: 70000 is not a port; choose one from 1 to 65535",
        ),
        (
            "0",
            "server-port: 0 is not a port; choose one from 1 to 65535",
        ),
        (
            "-1",
            "server-port: -1 is not a port; choose one from 1 to 65535",
        ),
    ] {
        deployment.configure(bad);
        deployment.assert_blocked_on(deployment.port, message);
    }

    deployment.configure(deployment.port);

    deployment.assert_active_on(deployment.port);
}

#[test]
fn a_value_of_the_wrong_type_never_reaches_the_charm() {
    let deployment = Deployment::new();

    let output = deployment.try_juju(&["config", "hello-server", "server-port=abc"]);

    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        stderr.contains("option \"server-port\" expected int, got \"abc\""),
        "{stderr}"
    );
    deployment.assert_active_on(deployment.port);
}

#[test]
fn two_units_of_a_machine_cannot_have_the_same_port() {
    let deployment = Deployment::new();
    let port = deployment.port;
    let charm = deployment.charm();
    let option = format!("server-port={port}");

    deployment.juju(&[
        "deploy",
        charm.to_str().unwrap(),
        "second",
        "--to",
        "0",
        "--config",
        &option,
    ]);

    let status: Value =
        serde_json::from_str(&deployment.juju(&["status", "--format=json"])).unwrap();
    let second = &status["applications"]["second"]["units"]["second/0"];
    assert_eq!(second["workload-status"]["current"], "blocked", "{second}");
    let message = second["workload-status"]["message"].as_str().unwrap();
    assert!(
        message.contains(&format!("{port}/tcp")) && message.contains(UNIT),
        "{message}"
    );
    deployment.assert_active_on(port);
    deployment.juju(&["remove-application", "--no-prompt", "second"]);
}

#[test]
fn a_refresh_replaces_the_running_server_only_when_it_differs() {
    let deployment = Deployment::new();
    let charm = deployment.charm();
    let before = deployment.server();
    assert!(before.is_some());

    let path = charm.to_str().unwrap();
    deployment.juju(&["refresh", "hello-server", "--path", path]);
    assert_eq!(deployment.server(), before);

    // A loader does not mind what comes after a program's end.
    let mut program = fs::File::options()
        .append(true)
        .open(charm.join("bin/hello-server"))
        .unwrap();
    program.write_all(b"another build").unwrap();
    drop(program);
    deployment.juju(&["refresh", "hello-server", "--path", path]);
    let after = deployment.server();
    assert!(after.is_some() && after != before);
    deployment.assert_active_on(deployment.port);
}

#[test]
fn a_killed_server_is_back_after_the_next_event() {
    let deployment = Deployment::new();
    let server = deployment.server().unwrap().to_string();
    assert!(
        Command::new("kill")
            .args(["-9", &server])
            .status()
            .unwrap()
            .success()
    );

    deployment.juju(&[
        "exec",
        "--unit",
        UNIT,
        "--",
        "env",
        "JUJU_DISPATCH_PATH=hooks/update-status",
        "./dispatch",
    ]);

    deployment.assert_active_on(deployment.port);
}

#[test]
fn removed_it_leaves_no_process_no_file_and_no_port() {
    let deployment = Deployment::new();

    deployment.juju(&["remove-application", "--no-prompt", "hello-server"]);

    assert_eq!(deployment.server(), None);
    assert!(greeting(deployment.port).is_none());
    let machines = deployment
        .juju
        .directory()
        .join("data/models/emulator/machines");
    assert_eq!(fs::read_dir(machines).unwrap().count(), 0);
    let status: Value =
        serde_json::from_str(&deployment.juju(&["status", "--format=json"])).unwrap();
    assert_eq!(
        status["applications"],
        Value::Object(serde_json::Map::new())
    );
}
