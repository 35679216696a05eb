//! The machine that units are on, as their agents see it.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use systemd_emulator::Machine;

use crate::controller::store::Store;
use crate::hook::hook_command_names;
use crate::machine::address::address;
use crate::machine::path::{link_commands, uses_systemd_of_the_host};

/// The stand-in for a machine's systemd.
pub(crate) fn machine(store: &Store, number: u32) -> Machine {
    Machine::new(&store.machine(number), address(number).into())
}

/// Makes the directory of the commands that go before all others on `PATH`.
pub(crate) fn link(store: &Store) -> Result<PathBuf> {
    let emulator = env::current_exe().context("cannot find the emulator's own executable")?;
    let directory = store.data().commands(uses_systemd_of_the_host());
    let machine_commands = systemd_emulator::COMMANDS
        .into_iter()
        .filter(|_| !uses_systemd_of_the_host());
    let commands = hook_command_names().chain(machine_commands);
    link_commands(&directory, &emulator, commands)
        .with_context(|| format!("cannot link the hook commands in {}", directory.display()))?;
    Ok(directory)
}

/// What the stand-ins of a machine's commands need to know.
pub(crate) fn machine_variables(store: &Store, number: u32) -> Result<BTreeMap<String, OsString>> {
    if uses_systemd_of_the_host() {
        return Ok(BTreeMap::new());
    }
    let machine = machine(store, number);
    machine
        .create()
        .with_context(|| format!("cannot make the machine {}", machine.directory.display()))?;
    Ok(machine.variables())
}

/// The `PATH` of the agent itself.
pub(crate) fn agent_path() -> OsString {
    env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into())
}
