//! The machine that units are on, as their agents see it.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use systemd_emulator::{Machine, Shutdown, kill_processes_with};

use crate::agent::uniter;
use crate::controller::debug_log::{LogLevel, Record};
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

/// Reboots a machine, or switches it off, if what ran there asked for it.
pub(crate) fn act_on_shutdown(
    store: &Store,
    number: u32,
    reboot: bool,
    log: impl Fn(LogLevel, String) -> Result<()>,
) -> Result<()> {
    let machine = machine(store, number);
    let wanted = machine.take_shutdown_request()?;
    let Some(shutdown) = wanted.or_else(|| reboot.then_some(Shutdown::Reboot)) else {
        return Ok(());
    };
    machine.stop_all()?;
    if shutdown == Shutdown::PowerOff {
        return log(LogLevel::Info, "the machine is powered off".to_owned());
    }
    for failure in machine.start_enabled()? {
        log(LogLevel::Warning, failure)?;
    }
    store.update(|model| {
        uniter::reboot(model, number);
        Ok(())
    })
}

/// Ends the hooks of killed agents. Theirs are the sockets in the directory, for a hook that ends takes its socket along.
pub(crate) fn end_leftovers(sockets: &Path) -> Result<()> {
    for socket in fs::read_dir(sockets)? {
        let socket = socket?.path();
        kill_processes_with("JUJU_AGENT_SOCKET_ADDRESS", &socket.to_string_lossy());
        fs::remove_file(&socket).with_context(|| format!("cannot remove {}", socket.display()))?;
    }
    Ok(())
}

/// Ends what runs on a machine that goes: its services, and what hooks have left in the background.
pub(crate) fn end_machine(store: &Store, number: u32) -> Result<()> {
    let machine = machine(store, number);
    machine.stop_all()?;
    kill_processes_with(
        "JUJU_EMULATOR_MACHINE",
        &machine.directory.to_string_lossy(),
    );
    Ok(())
}

/// Removes a machine without units.
pub(crate) fn remove_machine(store: &Store, number: u32) -> Result<()> {
    let _lock = store.lock(&format!("machine-{number}"))?;
    end_machine(store, number)?;
    let directory = store.machine(number);
    match fs::remove_dir_all(&directory) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("cannot remove {}", directory.display()));
        }
        _ => {}
    }
    store.update(|model| {
        if !model.units().any(|(_, unit)| unit.machine == number) {
            model.machines.remove(&number);
        }
        Ok(())
    })
}

/// Runs commands of bash on a machine, in its directory and with the caller's standard streams; without any, a shell. Hands
/// back the exit code.
pub(crate) fn run_shell(store: &Store, number: u32, commands: &str) -> Result<u8> {
    let mut path = link(store)?.into_os_string();
    path.push(":");
    path.push(agent_path());
    let directory = store.machine(number);
    fs::create_dir_all(&directory)
        .with_context(|| format!("cannot make {}", directory.display()))?;
    let mut command = Command::new("/bin/bash");
    if !commands.is_empty() {
        command.args(["-c", commands]);
    }
    let status = command
        .current_dir(&directory)
        .envs(machine_variables(store, number)?)
        .env("PATH", path)
        .status()
        .context("cannot run bash")?;
    act_on_shutdown(store, number, false, |level, message| {
        store.log().append(&Record {
            time: Timestamp::now(),
            entity: format!("machine-{number}"),
            level,
            module: "juju.worker.reboot".to_owned(),
            message,
        })
    })?;
    let code = status.code().or_else(|| Some(128 + status.signal()?));
    Ok(code
        .and_then(|code| u8::try_from(code).ok())
        .unwrap_or(u8::MAX))
}
