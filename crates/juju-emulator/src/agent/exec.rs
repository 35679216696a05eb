//! Commands that `juju exec` runs in units and on machines.

use std::mem;
use std::process::Command;

use anyhow::{Context as _, Result};
use jiff::Timestamp;

use crate::agent::executed::{Executed, exit_code};
use crate::agent::interrupt::Interrupt;
use crate::agent::machine_agent::{act_on_shutdown, agent_path, link, machine_variables};
use crate::agent::operation::RunningHook;
use crate::agent::unit_agent::UnitAgent;
use crate::charm::hook::Hook;
use crate::controller::debug_log::Record;
use crate::controller::store::Store;
use crate::hook::process::{self, Stream};

/// Runs commands in a unit as `juju exec` does: with a hook's rights, and their changes are kept whatever they exit with.
/// When they cannot be, the commands have failed.
pub(crate) fn exec(
    store: &Store,
    interrupt: &Interrupt,
    unit: &str,
    task: u64,
    commands: &str,
) -> Result<Executed> {
    let machine = store
        .read()?
        .unit(unit)
        .context("the unit is gone")?
        .1
        .machine;
    let agent = UnitAgent::new(store, interrupt, unit, machine);
    let run = || {
        let _lock = agent.lock(None)?;
        agent.exec(task, commands)
    };
    run().with_context(|| format!("cannot run commands in {unit}"))
}

/// Runs commands on a machine, beside all units: there are no hook commands, and nothing is committed.
pub(crate) fn exec_on_machine(
    store: &Store,
    interrupt: &Interrupt,
    number: u32,
    commands: &str,
) -> Result<Executed> {
    let _lock = store.lock(&format!("machine-{number}"))?;
    let mut path = link(store)?.into_os_string();
    path.push(":");
    path.push(agent_path());
    let mut command = Command::new("/bin/bash");
    command
        .args(["-c", commands])
        .env_clear()
        .envs(machine_variables(store, number)?)
        .env("PATH", path);
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let ended = interrupt.watched(|interrupt| {
        process::run_command(&mut command, interrupt, |stream, line| match stream {
            Stream::Stdout => stdout.extend_from_slice(line),
            Stream::Stderr => stderr.extend_from_slice(line),
        })
    });
    let exit_code = exit_code(ended.context("cannot run bash")?)?;
    act_on_shutdown(store, number, false, |level, message| {
        store.log().append(&Record {
            time: Timestamp::now(),
            entity: format!("machine-{number}"),
            level,
            module: "juju.worker.reboot".to_owned(),
            message,
        })
    })?;
    Ok(Executed {
        exit_code,
        stdout,
        stderr,
        committed: true,
    })
}

impl UnitAgent<'_> {
    fn exec(&self, task: u64, commands: &str) -> Result<Executed> {
        let model = self.store.read()?;
        let hook = Hook::JujuExec { id: task };
        let mut running = RunningHook::new(self.store, &model, self.unit, &hook)?;
        let ended = running.run(commands, self.interrupt)??;
        let mut executed = Executed {
            exit_code: exit_code(ended)?,
            stdout: mem::take(&mut running.stdout),
            stderr: mem::take(&mut running.stderr),
            committed: true,
        };
        if let Err(refusal) = self.store.update(|model| running.commit(model))? {
            executed.refused(&refusal);
        }
        self.act_on_shutdown(&running, executed.committed && running.wants_reboot())?;
        Ok(executed)
    }
}
