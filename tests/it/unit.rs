//! A unit of the charm on a test machine, and what Juju does to it.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Output;

use crate::machine::{Machine, text};

pub(crate) const UNIT_DIR: &str = "/etc/systemd/system";

/// Answers as Juju's hook commands do, with config from a file, and keeps status and log in others.
const HOOK_COMMAND: &str = r#"#!/bin/sh
case ${0##*/} in
config-get) cat config.json ;;
opened-ports) echo '[]' ;;
status-set) echo "$*" > status ;;
juju-log) echo "$*" >> log ;;
esac
"#;

/// A unit of the charm on a machine, such as `hello-server/0`.
pub(crate) struct Unit<'a> {
    machine: &'a Machine,
    name: &'a str,
}

impl<'a> Unit<'a> {
    /// Unpacks the charm and configures it to serve on `port`.
    pub(crate) fn deploy(machine: &'a Machine, name: &'a str, port: u16) -> Self {
        let unit = Self { machine, name };
        for dir in ["/usr/local/bin".to_owned(), unit.charm_path("bin")] {
            fs::create_dir_all(machine.path(&dir)).unwrap();
        }
        let hook_command = machine.path("/usr/local/bin/hook-command");
        if !hook_command.exists() {
            fs::write(&hook_command, HOOK_COMMAND).unwrap();
            fs::set_permissions(&hook_command, fs::Permissions::from_mode(0o755)).unwrap();
            for name in [
                "config-get",
                "opened-ports",
                "open-port",
                "close-port",
                "status-set",
                "juju-log",
            ] {
                symlink("hook-command", hook_command.with_file_name(name)).unwrap();
            }
        }
        let dispatch = concat!(env!("CARGO_MANIFEST_DIR"), "/dispatch");
        fs::copy(dispatch, machine.path(&unit.charm_path("dispatch"))).unwrap();
        fs::copy(
            env!("CARGO_BIN_EXE_hello-server"),
            machine.path(&unit.executable()),
        )
        .unwrap();
        unit.configure(port);
        unit
    }

    /// The same unit after the machine was rebooted.
    pub(crate) fn on(machine: &'a Machine, name: &'a str) -> Self {
        Self { machine, name }
    }

    pub(crate) fn charm_path(&self, path: &str) -> String {
        format!(
            "/var/lib/juju/agents/unit-{}/charm/{path}",
            self.name.replace('/', "-")
        )
    }

    pub(crate) fn executable(&self) -> String {
        self.charm_path("bin/hello-server")
    }

    /// Sets `server-port`, and lets the charm act on it; returns the status it sets.
    pub(crate) fn configure(&self, port: u16) -> String {
        fs::write(
            self.machine.path(&self.charm_path("config.json")),
            format!("{{\"server-port\": {port}}}"),
        )
        .unwrap();
        self.status_after("config-changed")
    }

    /// Runs the hook, which must succeed, and returns the status that it sets.
    pub(crate) fn status_after(&self, hook: &str) -> String {
        let output = self.dispatch(hook);
        assert!(output.status.success(), "{hook}: {}", text(&output));
        let status = fs::read_to_string(self.machine.path(&self.charm_path("status"))).unwrap();
        status.trim().to_owned()
    }

    /// Runs the hook, which must fail, and returns what is logged.
    pub(crate) fn failure_of(&self, hook: &str) -> String {
        let output = self.dispatch(hook);
        assert_eq!(output.status.code(), Some(1), "{hook}: {}", text(&output));
        fs::read_to_string(self.machine.path(&self.charm_path("log"))).unwrap()
    }

    pub(crate) fn dispatch(&self, hook: &str) -> Output {
        let _ = fs::remove_file(self.machine.path(&self.charm_path("log")));
        self.machine
            .command("env")
            .args(["--chdir", &self.charm_path(""), "./dispatch"])
            .env("JUJU_DISPATCH_PATH", format!("hooks/{hook}"))
            .env("JUJU_UNIT_NAME", self.name)
            .env("JUJU_CHARM_DIR", self.charm_path(""))
            .output()
            .unwrap()
    }

    /// What `juju refresh` to a revision that differs in one byte does before it runs a hook.
    pub(crate) fn refresh(&self) {
        let path = self.machine.path(&self.executable());
        let mut program = fs::read(&path).unwrap();
        program.push(0);
        fs::write(&path, program).unwrap();
    }

    /// What the names of its systemd units begin with, such as `hello-server-0@`.
    pub(crate) fn prefix(&self) -> String {
        format!("{}@", self.name.replace('/', "-"))
    }

    pub(crate) fn template(&self, kind: &str) -> String {
        format!("{UNIT_DIR}/{}.{kind}", self.prefix())
    }

    /// A systemd unit of this unit, such as `hello-server-0@80.socket`.
    pub(crate) fn systemd_unit(&self, port: u16, kind: &str) -> String {
        format!("{}{port}.{kind}", self.prefix())
    }

    /// The server's process, as the machine numbers it; 0 for none.
    pub(crate) fn pid(&self, port: u16) -> u32 {
        let service = self.systemd_unit(port, "service");
        let shown = self.machine.run(&format!(
            "systemctl show --property=MainPID --value {service}"
        ));
        shown.trim().parse().unwrap()
    }

    pub(crate) fn greeting(&self, port: u16) -> String {
        format!("{} is listening on port {port}\n", self.name)
    }

    /// The server answers on `port`, and nothing of this unit is left on any other.
    pub(crate) fn assert_serves_on(&self, port: u16) {
        assert_eq!(self.machine.get(port).unwrap(), self.greeting(port));
        let (socket, service) = (
            self.systemd_unit(port, "socket"),
            self.systemd_unit(port, "service"),
        );
        assert_eq!(self.loaded(), [service, socket.clone()]);
        assert_eq!(self.enabled(), [socket]);
        let outdated = "systemctl show --property=NeedDaemonReload --value";
        let outdated = self.machine.run(&format!(
            "{outdated} {}",
            self.systemd_unit(port, "service")
        ));
        assert_eq!(outdated.trim(), "no");
    }

    /// Its systemd units that are running, or failed.
    pub(crate) fn loaded(&self) -> Vec<String> {
        let list = "systemctl list-units --all --plain --no-legend";
        let listed = self.machine.run(&format!("{list} {}*", self.prefix()));
        let mut names: Vec<_> = listed
            .lines()
            .map(|line| line.split_whitespace().next().unwrap().to_owned())
            .collect();
        names.sort();
        names
    }

    /// Its systemd units that start when the machine boots.
    pub(crate) fn enabled(&self) -> Vec<String> {
        let wants = self
            .machine
            .path(&format!("{UNIT_DIR}/sockets.target.wants"));
        let Ok(entries) = fs::read_dir(wants) else {
            return Vec::new();
        };
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.starts_with(&self.prefix()))
            .collect()
    }
}
