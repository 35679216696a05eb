//! Runs the charm's own binary through `./dispatch`, with the emulator's hook commands on `PATH`.

use std::env;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use anyhow::{Context as _, Result};
use juju_emulator::charm::hook::Hook;
use juju_emulator::hook::dispatch::{Agent, Call, Dispatch, Ended, Identity, Reply, Stream};
use juju_emulator::{hook_command_names, link_commands};
use systemd_emulator::{self, Machine};
use tempfile::TempDir;

use crate::in_process::{Answered, Answers as _};
use crate::outcome::{Exit, Outcome};
use crate::programs;
use crate::recorder::Recorder;

/// An emulated machine with the charm on it.
pub(crate) struct RealDispatch {
    directory: TempDir,
}

impl RealDispatch {
    pub(crate) fn new(project: &Path) -> Result<Self> {
        let machine = Self {
            directory: tempfile::tempdir().context("cannot make a temporary directory")?,
        };
        programs::stage_charm(project, &machine.path("charm"))?;
        machine.machine().create()?;
        let commands = hook_command_names().chain(systemd_emulator::COMMANDS);
        link_commands(&machine.path("commands"), &programs::emulator()?, commands)?;
        Ok(machine)
    }

    pub(crate) fn run(
        &self,
        identity: &Identity,
        hook: &Hook,
        recorder: Recorder,
    ) -> Result<Outcome> {
        let mut agent = RecordingAgent(recorder);
        let ended = Dispatch {
            identity,
            hook,
            commands: "",
            charm_dir: &self.charm_dir(),
            commands_dir: &self.path("commands"),
            socket_dir: self.directory.path(),
            path: env::var_os("PATH").unwrap_or_default(),
            variables: self.machine().variables(),
            interrupt: &AtomicBool::new(false),
        }
        .run(&mut agent)?;
        let exit = match ended {
            Ended::Missing => Exit::Code(0),
            Ended::Exited(code) => Exit::Code(code),
            Ended::Killed(signal) => Exit::Signal(signal),
            Ended::Interrupted => Exit::Signal(15),
        };
        Ok(agent.0.end(exit))
    }

    pub(crate) fn charm_dir(&self) -> PathBuf {
        self.path("charm")
    }

    fn machine(&self) -> Machine {
        Machine::new(&self.path("machine"), Ipv4Addr::LOCALHOST.into())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }
}

struct RecordingAgent(Recorder);

impl Agent for RecordingAgent {
    fn answer(&mut self, call: &Call) -> Reply {
        let stdin = call.stdin.as_deref();
        match self
            .0
            .answer(&call.command, &call.args, &call.directory, stdin)
        {
            Ok(Answered::Answer(answer)) => Reply::Answer {
                exit_code: answer.exit_code,
                stdout: answer.stdout,
                stderr: answer.stderr,
            },
            Ok(Answered::CommandKilled) => Reply::KillCommand,
            Ok(Answered::CharmKilled) => Reply::KillHook,
            Err(refused) => Reply::Refusal(refused.to_string()),
        }
    }

    fn output(&mut self, _: Stream, line: &[u8]) {
        self.0.print(line);
    }
}

impl Drop for RealDispatch {
    fn drop(&mut self) {
        // Nothing to be done when it fails: the test is over.
        let _ = self.machine().stop_all();
    }
}
