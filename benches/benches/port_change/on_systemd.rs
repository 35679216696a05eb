//! Port changes on a machine with a real systemd.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use juju_emulator::charm::stage::stage;
use juju_emulator::hook_command_names;

use crate::build::{cheapest, project};
use crate::machine::Machine;
use crate::median::median;
use crate::{Programs, Row};

pub(crate) const LEAST: &str = "least script";

const COMMANDS: &str = "/var/lib/commands";
const MEASURE: &str = "/var/lib/measure";
const SCRIPT: &str = "/var/lib/measured.sh";

/// Changes ports in turns, and looks after each change whether the new port answers and the old one refuses.
pub(crate) fn measure(
    machine: &Machine,
    now: &Programs,
    earlier: Option<&Programs>,
    rounds: usize,
) -> Result<Vec<Row>> {
    fs::create_dir(machine.path(COMMANDS))?;
    fs::copy(cheapest("measure")?, machine.path(MEASURE))?;
    let stand_in = format!("{COMMANDS}/stand_in");
    fs::copy(cheapest("stand_in")?, machine.path(&stand_in))?;
    for command in hook_command_names() {
        symlink(&stand_in, machine.path(&format!("{COMMANDS}/{command}")))?;
    }

    let mut charm = Unit::install(machine, "charm", &now.hello_server, [8000, 8001])?;
    let mut earlier = earlier
        .map(|earlier| Unit::install(machine, "earlier", &earlier.hello_server, [8010, 8011]))
        .transpose()?;
    let mut script = Unit::install(machine, "script", &now.hello_server, [8020, 8021])?;
    let mut calls = Unit::install(machine, "calls", &now.hello_server, [8030, 8031])?;

    let mut taken: Vec<(&str, Vec<f64>)> = Vec::new();
    for _ in 0..rounds {
        let mut round = vec![("charm", charm.change()?), ("nothing to do", charm.hook()?)];
        if let Some(earlier) = &mut earlier {
            round.push(("charm, earlier", earlier.change()?));
        }
        round.push((
            LEAST,
            script.change_by(|unit, old, new| {
                unit.script(&format!(
                    "systemctl enable --now --no-reload {new}.socket {new}.service\nsystemctl disable --now {old}.socket"
                ))
            })?,
        ));
        let mut parts = Vec::new();
        calls.change_by(|unit, old, new| {
            for call in [
                format!("show --property=Id,ActiveState,Result {old}.socket {old}.service"),
                format!("enable --now --no-reload {new}.socket {new}.service"),
                "daemon-reload".to_owned(),
                format!("disable --now --no-reload {old}.socket"),
            ] {
                parts.push(unit.script(&format!("exec systemctl {call}"))?);
            }
            Ok(0.0)
        })?;
        let names = [
            "systemctl show",
            "systemctl enable --now --no-reload",
            "systemctl daemon-reload",
            "systemctl disable --now --no-reload",
        ];
        round.extend(names.into_iter().zip(parts));
        taken.resize_with(round.len(), Default::default);
        for ((name, ms), (known, all)) in round.into_iter().zip(&mut taken) {
            *known = name;
            all.push(ms);
        }
    }
    let rows = taken.into_iter().map(|(name, all)| Row {
        name: name.to_owned(),
        median: median(all),
    });
    Ok(rows.collect())
}

/// A unit of the charm on the machine.
struct Unit<'a> {
    machine: &'a Machine,
    application: &'static str,
    /// The port that it serves on, and the one that is next.
    ports: [u16; 2],
}

impl<'a> Unit<'a> {
    fn install(
        machine: &'a Machine,
        application: &'static str,
        program: &Path,
        ports: [u16; 2],
    ) -> Result<Self> {
        let unit = Self {
            machine,
            application,
            ports,
        };
        let charm_dir = machine.path(&unit.charm_dir());
        stage(&project(), &[program.to_owned()], &charm_dir)?;
        unit.hook()?;
        unit.is_served()?;
        Ok(unit)
    }

    fn charm_dir(&self) -> String {
        format!("/var/lib/{}", self.application)
    }

    /// The time in ms that the charm's process takes for a new port.
    fn change(&mut self) -> Result<f64> {
        self.change_by(|unit, _, _| unit.hook())
    }

    /// The time in ms that a change takes, given the names of the old units and of the new ones without their kind.
    fn change_by(&mut self, change: impl FnOnce(&Self, &str, &str) -> Result<f64>) -> Result<f64> {
        self.ports.reverse();
        let [new, old] = self
            .ports
            .map(|port| format!("{}-0@{port}", self.application));
        let taken = change(self, &old, &new)?;
        self.is_served()?;
        Ok(taken)
    }

    fn is_served(&self) -> Result<()> {
        let [port, other] = self.ports;
        let answer = self.machine.get(port);
        let answer = answer.with_context(|| format!("{}: port {port}", self.application))?;
        ensure!(answer.contains(&port.to_string()), "{answer}");
        ensure!(self.machine.get(other).is_err(), "{other} still answers");
        Ok(())
    }

    /// The time in ms of a hook for the port that the unit is to serve on.
    fn hook(&self) -> Result<f64> {
        let [port, other] = self.ports;
        let mut hook = self.machine.command("env");
        hook.arg(format!("--chdir={}", self.charm_dir()))
            .args([MEASURE, "./dispatch"])
            .env("PATH", format!("{COMMANDS}:/usr/bin:/bin"))
            .env("CHARM_DIR", self.charm_dir())
            .env("JUJU_CHARM_DIR", self.charm_dir())
            .env("JUJU_DISPATCH_PATH", "hooks/config-changed")
            .env("JUJU_HOOK_NAME", "config-changed")
            .env("JUJU_UNIT_NAME", format!("{}/0", self.application))
            .env("JUJU_MODEL_NAME", "bench")
            .env("JUJU_MODEL_UUID", "00000000-0000-4000-8000-000000000000")
            .env("JUJU_MACHINE_ID", "0")
            .env("JUJU_VERSION", "3.6.9")
            .env("LANG", "C.UTF-8")
            .env("config_get", format!(r#"{{"server-port":{port}}}"#))
            .env("opened_ports", format!(r#"["{other}/tcp"]"#))
            .env("relation_ids", "[]");
        measured(hook)
    }

    /// The time in ms of a shell script.
    fn script(&self, text: &str) -> Result<f64> {
        let path = self.machine.path(SCRIPT);
        fs::write(&path, format!("#!/bin/sh\nset -e\n{text}\n"))?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
        let mut script = self.machine.command(MEASURE);
        script.arg(SCRIPT);
        measured(script)
    }
}

fn measured(mut command: Command) -> Result<f64> {
    let output = command.output()?;
    ensure!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let printed = String::from_utf8(output.stdout)?;
    let wall = printed.split(' ').next().unwrap_or_default();
    let microseconds: f64 = wall.parse().context("measure prints numbers")?;
    Ok(microseconds / 1e3)
}
