//! The charm's binary in a hook whose commands are scripts.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// A hook whose commands are scripts, which note that they were called and then do what a test makes them do.
pub(crate) struct ScriptedHook(TempDir);

impl ScriptedHook {
    /// A hook in which all goes well, for a unit that serves on port 8000 already, as far as Juju knows.
    pub(crate) fn new() -> Self {
        let hook = Self(tempfile::tempdir().unwrap());
        for (command, script) in [
            ("juju-log", ""),
            ("status-set", ""),
            ("config-get", "echo '{\"server-port\": 8000}'"),
            ("opened-ports", "echo '[\"8000/tcp\"]'"),
            ("relation-ids", "echo '[]'"),
            ("systemctl", ""),
        ] {
            hook.command(command, script);
        }
        hook
    }

    /// The charm's directory, which is also where unit files go.
    pub(crate) fn directory(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn command(&self, name: &str, script: &str) {
        let path = self.directory().join(name);
        let calls = self.calls_file();
        let note = format!("printf '%s\\n' \"{name} $*\" >> '{}'", calls.display());
        fs::write(&path, format!("#!/bin/sh\n{note}\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    pub(crate) fn without_command(&self, name: &str) {
        fs::remove_file(self.directory().join(name)).unwrap();
    }

    pub(crate) fn dispatch(&self, variables: &[(&str, &str)]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_hello-server"))
            .env_clear()
            .env("PATH", self.directory())
            .env("JUJU_UNIT_NAME", "hello-server/0")
            .env("JUJU_MACHINE_ID", "0")
            .env("JUJU_MODEL_NAME", "staging")
            .env("JUJU_CHARM_DIR", self.directory())
            .env("SYSTEMD_UNIT_PATH", self.directory())
            .envs(variables.iter().copied())
            .output()
            .unwrap()
    }

    pub(crate) fn config_changed(&self) -> Output {
        self.dispatch(&[("JUJU_DISPATCH_PATH", "hooks/config-changed")])
    }

    /// Every command that was called, in order: `config-get --format=json`.
    pub(crate) fn calls(&self) -> Vec<String> {
        let calls = fs::read_to_string(self.calls_file()).unwrap_or_default();
        calls.lines().map(str::to_owned).collect()
    }

    /// What one command was called with each time: of `status-set` for example `["active"]`.
    pub(crate) fn calls_of(&self, command: &str) -> Vec<String> {
        self.calls()
            .iter()
            .filter_map(|call| call.strip_prefix(command)?.strip_prefix(' '))
            .map(str::to_owned)
            .collect()
    }

    fn calls_file(&self) -> PathBuf {
        self.directory().join("calls")
    }
}

/// What a process wrote to its standard error.
pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}
