//! What every verb works with.

use std::env;
use std::fmt;
use std::io::{self, Write};
use std::time::Duration;

use anyhow::{Result, bail};

use crate::agent::interrupt::Interrupt;
use crate::agent::settle::settle;
use crate::controller::data_directory::{CONTROLLER, DataDirectory};
use crate::controller::store::Store;

/// What every verb works with.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) data: DataDirectory,
    pub(crate) interrupt: Interrupt,
    pub(crate) model: Option<String>,
}

impl Session {
    /// The model to work on.
    pub(crate) fn store(&self) -> Result<Store> {
        let given = self.model.clone().or_else(|| env::var("JUJU_MODEL").ok());
        let given = given.filter(|name| !name.is_empty());
        let name = given.map_or_else(|| self.data.current_model(), Ok)?;
        self.data.model(model_name(&name)?)
    }

    /// Runs what has become due.
    pub(crate) fn settle(&self, store: &Store) -> Result<()> {
        settle(store, &self.interrupt, None)
    }

    /// Runs what has become due before something is only looked at: not on machines where another process runs hooks.
    pub(crate) fn settle_idle_machines(&self, store: &Store) -> Result<()> {
        store.read()?;
        // Long enough for hooks that are about to end.
        let settled = settle(store, &self.interrupt, Some(Duration::from_millis(100)));
        match settled {
            Err(error) if !self.interrupt.is_wanted() => {
                // What there is can be looked at nevertheless.
                writeln!(io::stderr(), "WARNING {error:#}")?;
                Ok(())
            }
            settled => settled,
        }
    }
}

/// `demo` of `emulator:admin/demo`; there is one controller, with one user.
pub(crate) fn model_name(given: &str) -> Result<&str> {
    let (controller, model) = given.split_once(':').unwrap_or((CONTROLLER, given));
    check_controller(controller)?;
    let (user, name) = model.split_once('/').unwrap_or(("admin", model));
    if user != "admin" || name.is_empty() {
        bail!("model {CONTROLLER}:{model} not found");
    }
    Ok(name)
}

/// Refuses a controller that is not there.
pub(crate) fn check_controller(name: &str) -> Result<()> {
    if name != CONTROLLER {
        bail!("controller {name} not found");
    }
    Ok(())
}

/// A verb has failed and has said why; the exit code, such as 1.
#[derive(Debug)]
pub(crate) struct Failed(pub(crate) u8);

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("failed")
    }
}

impl std::error::Error for Failed {}

/// What the emulator is asked for and lacks, or a command line that juju itself refuses: exit code 2.
#[derive(Debug)]
pub(crate) struct UsageError(pub(crate) String);

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UsageError {}
