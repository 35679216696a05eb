//! The emulator's model, and the verbs that change it.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};

use crate::charm::Charm;

/// How many seconds hooks took, and all the rest.
pub(crate) struct Taken {
    pub(crate) count: u32,
    pub(crate) hooks: f64,
    pub(crate) rest: f64,
}

impl fmt::Display for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let for_each = self.rest * 1e3 / f64::from(self.count);
        write!(f, "{:.3} + {:.3}, {for_each:.1}", self.hooks, self.rest)
    }
}

/// A model of its own.
pub(crate) struct Model {
    data: PathBuf,
    emulator: PathBuf,
}

impl Model {
    pub(crate) fn new(home: &Path, emulator: &Path) -> Self {
        Self {
            data: home.join("data"),
            emulator: emulator.to_owned(),
        }
    }

    pub(crate) fn run(&self, verb: &str) -> Result<()> {
        let output = Command::new(&self.emulator)
            .args(verb.split(' '))
            .env("JUJU_EMULATOR_DATA", &self.data)
            .output()?;
        ensure!(
            output.status.success(),
            "{verb:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(())
    }

    /// Runs verbs, and says how long the charm's hooks took and how long all the rest.
    pub(crate) fn time(
        &self,
        charm: &Charm,
        verbs: impl IntoIterator<Item = String>,
    ) -> Result<Taken> {
        fs::write(charm.times(), "")?;
        let started = Instant::now();
        for verb in verbs {
            self.run(&verb)?;
        }
        let wall = started.elapsed().as_secs_f64();
        let times = fs::read_to_string(charm.times())?;
        let walls: Vec<f64> = times
            .lines()
            .map(|line| line.split(' ').next().unwrap_or_default().parse::<f64>())
            .collect::<Result<_, _>>()?;
        let hooks = walls.iter().sum::<f64>() / 1e6;
        Ok(Taken {
            count: u32::try_from(walls.len())?,
            hooks,
            rest: wall - hooks,
        })
    }

    pub(crate) fn state_size(&self) -> Result<u64> {
        Ok(fs::metadata(self.data.join("models/emulator/state.json"))?.len())
    }

    /// Ends the servers that run, and all else.
    pub(crate) fn end(&self, applications: &[String]) -> Result<()> {
        let names = applications.join(" ");
        self.run(&format!(
            "remove-application --force --no-wait --no-prompt {names}"
        ))?;
        fs::remove_dir_all(&self.data).context("cannot remove the model")
    }
}
