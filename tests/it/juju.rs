//! The commands of `juju`, in the emulator.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// An emulator with a model of its own, which goes with it.
pub(crate) struct Juju {
    emulator: PathBuf,
    directory: TempDir,
    model: &'static str,
}

impl Juju {
    /// One with the model that it has when nobody adds another.
    pub(crate) fn new() -> Self {
        Self {
            emulator: ops_testing::emulator().unwrap(),
            directory: tempfile::tempdir().unwrap(),
            model: "emulator",
        }
    }

    /// One with a model of this name.
    pub(crate) fn with_model(model: &'static str) -> Self {
        let mut juju = Self::new();
        juju.model = model;
        juju.run(&["add-model", model]);
        juju
    }

    /// A directory that is there as long as this is; the emulator's is `data` in it.
    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn try_run(&self, args: &[&str]) -> Output {
        Command::new(&self.emulator)
            .args(args)
            .env("JUJU_EMULATOR_DATA", self.directory.path().join("data"))
            .output()
            .unwrap()
    }

    /// What a command prints that has to succeed.
    #[track_caller]
    pub(crate) fn run(&self, args: &[&str]) -> String {
        let output = self.try_run(args);
        assert!(output.status.success(), "juju {args:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Juju {
    fn drop(&mut self) {
        let _ = self.try_run(&["destroy-model", "--no-prompt", "--force", self.model]);
    }
}
