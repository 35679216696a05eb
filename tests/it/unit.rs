//! A unit of the charm on a test machine, and what its operator does to it with the commands of `juju`.

use std::fs;
use std::io::Write;
use std::process::Output;

use serde_json::Value;

use crate::machine::{Machine, text};

pub(crate) const UNIT_DIR: &str = "/etc/systemd/system";

/// What the operator deploys, on the machine.
const CHARM: &str = "/var/lib/charm";
const DATA: &str = "/var/lib/juju";

/// The unit of an application on a machine, such as `hello-server/0`.
pub(crate) struct Unit<'a> {
    machine: &'a Machine,
    application: &'a str,
}

impl<'a> Unit<'a> {
    /// Deploys the charm as `application`, such as `hello-server`, to serve on `port`.
    pub(crate) fn deploy(machine: &'a Machine, application: &'a str, port: u16) -> Self {
        let unit = Self {
            machine,
            application,
        };
        let option = format!("server-port={port}");
        let mut arguments = vec!["deploy", CHARM, application, "--config", &option];
        let juju = machine.path("/usr/local/bin/juju");
        if juju.exists() {
            arguments.extend(["--to", "0"]);
        } else {
            fs::copy(ops_testing::emulator().unwrap(), juju).unwrap();
            let project = env!("CARGO_MANIFEST_DIR").as_ref();
            ops_testing::stage_charm(project, &machine.path(CHARM)).unwrap();
        }
        unit.juju(&arguments);
        assert_eq!(unit.status(), "active");
        unit
    }

    /// The same unit after the machine was rebooted.
    pub(crate) fn on(machine: &'a Machine, application: &'a str) -> Self {
        Self {
            machine,
            application,
        }
    }

    fn name(&self) -> String {
        format!("{}/0", self.application)
    }

    pub(crate) fn charm_path(&self, path: &str) -> String {
        format!(
            "{DATA}/models/emulator/machines/0/agents/unit-{}-0/charm/{path}",
            self.application
        )
    }

    /// Runs a command of `juju`, which must succeed, on this machine and with its systemd.
    pub(crate) fn juju(&self, arguments: &[&str]) -> String {
        let output = self.try_juju(arguments);
        assert!(
            output.status.success(),
            "juju {arguments:?}: {}",
            text(&output)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    fn try_juju(&self, arguments: &[&str]) -> Output {
        self.machine
            .command("juju")
            .args(arguments)
            .env("JUJU_EMULATOR_DATA", DATA)
            .env("JUJU_EMULATOR_SYSTEMD", "host")
            .output()
            .unwrap()
    }

    fn shown(&self) -> Value {
        let status: Value = serde_json::from_str(&self.juju(&["status", "--format=json"])).unwrap();
        status["applications"][self.application]["units"][self.name()].clone()
    }

    /// Its status and the message, such as `active` or `error hook failed: "config-changed"`.
    pub(crate) fn status(&self) -> String {
        let status = &self.shown()["workload-status"];
        let part = |name: &str| status[name].as_str().unwrap_or_default();
        format!("{} {}", part("current"), part("message"))
            .trim()
            .to_owned()
    }

    /// Sets `server-port`, and returns the status that the charm sets.
    pub(crate) fn configure(&self, port: u16) -> String {
        let option = format!("server-port={port}");
        self.juju(&["config", self.application, &option]);
        self.status()
    }

    /// Makes a revision of the charm whose program differs in one byte, for the next [`Unit::refresh`].
    pub(crate) fn revise_charm(&self) {
        self.append_byte(&format!("{CHARM}/bin/hello-server"));
    }

    /// Appends a byte to a program on the machine; whoever loads it does not mind.
    pub(crate) fn append_byte(&self, program: &str) {
        let path = self.machine.path(program);
        let mut program = fs::File::options().append(true).open(path).unwrap();
        program.write_all(&[0]).unwrap();
    }

    /// Gives the unit the charm as it is now, and returns the status that the charm sets.
    pub(crate) fn refresh(&self) -> String {
        self.juju(&["refresh", self.application, "--path", CHARM]);
        self.status()
    }

    /// Runs the hook that was killed again, as Juju does some seconds later, and returns the status that it sets.
    pub(crate) fn status_after_the_killed_hook(&self) -> String {
        let file = self
            .machine
            .path(&format!("{DATA}/models/emulator/state.json"));
        let mut state: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        let unit = &mut state["applications"][self.application]["units"][self.name()];
        let due = unit.pointer_mut("/again/why/killed/due");
        *due.expect("its hook was killed") = "1970-01-01T00:00:00Z".into();
        fs::write(&file, state.to_string()).unwrap();
        self.status()
    }

    /// Runs the hook, which must succeed, and returns the status that it sets.
    pub(crate) fn status_after(&self, hook: &str) -> String {
        let output = self.exec(hook);
        assert!(output.status.success(), "{hook}: {}", text(&output));
        self.status()
    }

    /// Runs the hook, which must fail, and returns what is logged.
    pub(crate) fn failure_of(&self, hook: &str) -> String {
        let before = self.log().len();
        let output = self.exec(hook);
        assert_eq!(output.status.code(), Some(1), "{hook}: {}", text(&output));
        self.log().split_off(before)
    }

    /// Runs a hook that Juju would not run now.
    pub(crate) fn exec(&self, hook: &str) -> Output {
        let hook = format!("JUJU_DISPATCH_PATH=hooks/{hook}");
        let unit = self.name();
        self.try_juju(&["exec", "--unit", &unit, "--", "env", &hook, "./dispatch"])
    }

    /// All warnings and errors of the model.
    pub(crate) fn log(&self) -> String {
        self.juju(&["debug-log", "--replay", "--level", "WARNING"])
    }

    /// What the names of its systemd units begin with, such as `hello-server-0@`.
    pub(crate) fn prefix(&self) -> String {
        format!("{}-0@", self.application)
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
        self.machine.property("MainPID", &service).parse().unwrap()
    }

    pub(crate) fn greeting(&self, port: u16) -> String {
        format!("{} is listening on port {port}\n", self.name())
    }

    /// The server answers on `port`, which is open in Juju, and nothing of this unit is left on any other.
    #[track_caller]
    pub(crate) fn assert_serves_on(&self, port: u16) {
        assert_eq!(self.machine.get(port).unwrap(), self.greeting(port));
        let (socket, service) = (
            self.systemd_unit(port, "socket"),
            self.systemd_unit(port, "service"),
        );
        assert_eq!(self.loaded(), [service.clone(), socket.clone()]);
        assert_eq!(self.enabled(), [socket]);
        assert_eq!(self.machine.property("NeedDaemonReload", &service), "no");
        let open = self.shown()["open-ports"].clone();
        assert_eq!(open, Value::from(vec![format!("{port}/tcp")]));
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
