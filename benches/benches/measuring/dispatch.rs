//! A program as Juju starts a charm, measured.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};
use juju_emulator::hook_command_names;

use super::build::cheapest;
use super::measurement::Measurement;

const MEASURE: &str = env!("CARGO_BIN_EXE_measure");

/// A program that is measured, with what is the same in each of its dispatches.
pub(crate) struct Program {
    pub(crate) path: PathBuf,
    pub(crate) charm_dir: PathBuf,
    /// Where the stand-ins for hook commands are.
    pub(crate) commands_dir: PathBuf,
    /// The unit, such as `hello-server/0`.
    pub(crate) unit: &'static str,
}

impl Program {
    /// Dispatches an event, such as `config-changed`, once. What commands answer is among the variables.
    pub(crate) fn dispatch(
        &self,
        event: &str,
        variables: impl IntoIterator<Item = (String, OsString)>,
    ) -> Result<Measurement> {
        let output = Command::new(MEASURE)
            .arg(&self.path)
            .env_clear()
            .env(
                "PATH",
                format!("{}:/usr/bin:/bin", self.commands_dir.display()),
            )
            .env("CHARM_DIR", &self.charm_dir)
            .env("JUJU_CHARM_DIR", &self.charm_dir)
            .env("JUJU_DISPATCH_PATH", format!("hooks/{event}"))
            .env("JUJU_HOOK_NAME", event)
            .env("JUJU_UNIT_NAME", self.unit)
            .env("JUJU_MODEL_NAME", "bench")
            .env("JUJU_MODEL_UUID", "00000000-0000-4000-8000-000000000000")
            .env("JUJU_MACHINE_ID", "0")
            .env("JUJU_VERSION", "3.6.9")
            .env("LANG", "C.UTF-8")
            .envs(variables)
            .current_dir(&self.charm_dir)
            .output()?;
        ensure!(
            output.status.success(),
            "{event}: {} failed: {}",
            self.path.display(),
            String::from_utf8_lossy(&output.stderr)
        );
        Measurement::read(&String::from_utf8(output.stdout)?)
    }

    /// The commands that it runs for an event, as the stand-in writes them down.
    pub(crate) fn calls(
        &self,
        event: &str,
        variables: impl IntoIterator<Item = (String, OsString)>,
    ) -> Result<Vec<String>> {
        let calls = self.commands_dir.with_file_name("calls");
        if calls.exists() {
            fs::remove_file(&calls)?;
        }
        let variable = ("CALLS".to_owned(), calls.clone().into_os_string());
        self.dispatch(event, variables.into_iter().chain([variable]))?;
        let calls = fs::read_to_string(&calls)?;
        Ok(calls.lines().map(str::to_owned).collect())
    }
}

/// Makes a directory with the stand-in for each hook command, and for `systemctl`.
pub(crate) fn link_stand_in(home: &Path) -> Result<PathBuf> {
    let commands_dir = home.join("commands");
    fs::create_dir(&commands_dir)?;
    let stand_in = cheapest("stand_in")?;
    for command in hook_command_names().chain(["systemctl"]) {
        symlink(&stand_in, commands_dir.join(command))?;
    }
    Ok(commands_dir)
}
