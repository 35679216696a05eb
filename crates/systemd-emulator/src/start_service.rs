//! Starting a service's commands.

use std::{collections::BTreeMap, fs, net::TcpListener, process::Child};

use anyhow::Context;

use crate::{
    exec::Start,
    exec_start::ExecStart,
    jobs::{Failure, Jobs},
    process::Process,
    record::{Entry, Run},
    service::Service,
    unit::Unit,
    unit_name::UnitName,
};

const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A service that is about to start.
pub(crate) struct StartService<'a> {
    pub(crate) unit: &'a Unit,
    pub(crate) service: &'a Service,
    pub(crate) socket: Option<OpenSocket<'a>>,
}

/// What a socket unit hands to its service.
pub(crate) struct OpenSocket<'a> {
    pub(crate) unit: &'a UnitName,
    pub(crate) descriptor_name: &'a str,
    pub(crate) listeners: Vec<TcpListener>,
}

impl StartService<'_> {
    fn environment(&self, invocation_id: &str) -> Result<BTreeMap<String, String>, String> {
        let always = [("PATH", PATH), ("LANG", "C.UTF-8")];
        let always = always.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let mut environment = BTreeMap::from(always);
        environment.extend(self.service.environment()?);
        environment.insert("INVOCATION_ID".to_owned(), invocation_id.to_owned());
        if let Some(socket) = &self.socket {
            let number = socket.listeners.len();
            let names = vec![socket.descriptor_name; number].join(":");
            environment.insert("LISTEN_FDS".to_owned(), number.to_string());
            environment.insert("LISTEN_FDNAMES".to_owned(), names);
        }
        Ok(environment)
    }
}

impl Jobs<'_> {
    /// Runs the service's commands; those of `Type=oneshot` until they have ended.
    pub(crate) fn start_service(&mut self, starting: &StartService<'_>) -> Result<(), Failure> {
        let StartService { unit, service, .. } = starting;
        self.end_processes(&unit.name);
        for command in &service.before_start {
            self.run_to_end(starting, command)?;
        }
        if service.start_type == "oneshot" {
            for command in &service.start {
                self.run_to_end(starting, command)?;
            }
            if service.remain_after_exit {
                self.set(&unit.name, Entry::Exited)?;
            } else {
                self.forget(&unit.name)?;
            }
            return Ok(());
        }
        for command in &service.start {
            let runs = self.spawn(starting, command, false)?.is_some();
            // `Type=simple` does not wait to see whether the program can be executed.
            if !runs && service.start_type != "simple" {
                return Err(Failure::Process(unit.name.clone()));
            }
        }
        Ok(())
    }

    fn run_to_end(
        &mut self,
        starting: &StartService<'_>,
        command: &ExecStart,
    ) -> Result<(), Failure> {
        let name = &starting.unit.name;
        let mut succeeded = false;
        if let Some(mut child) = self.spawn(starting, command, true)? {
            let status = child
                .wait()
                .with_context(|| format!("cannot wait for a process of {name}"))?;
            succeeded = status.success();
        }
        // What it left in the background goes with it, and no other run takes its place on record before.
        self.end_processes(name);
        if succeeded || command.ignore_failure {
            return Ok(());
        }
        self.set(name, Entry::Failed("exit-code".to_owned()))?;
        Err(Failure::Process(name.clone()))
    }

    /// Runs one command of the service; none is returned, and the unit has failed, if the program could not be executed.
    fn spawn(
        &mut self,
        starting: &StartService<'_>,
        command: &ExecStart,
        activating: bool,
    ) -> Result<Option<Child>, Failure> {
        let StartService {
            unit,
            service,
            socket,
        } = starting;
        let invocation_id = fs::read_to_string("/proc/sys/kernel/random/uuid")
            .context("cannot read a random number")?
            .trim()
            .replace('-', "");
        let environment = match starting.environment(&invocation_id) {
            Ok(environment) => environment,
            Err(reason) => return Err(self.fail_for_resources(&unit.name, &reason)),
        };
        let (program, argv) = command.command_line(&environment);
        let journal = self.machine.open_journal(&unit.name)?;
        let start = Start {
            executable: &self.machine.executable,
            program: &program,
            argv: &argv,
            environment: &environment,
            working_directory: &service.working_directory,
            journal: &journal,
            listeners: socket.as_ref().map_or(&[], |socket| &socket.listeners),
        };
        let held = match start.spawn() {
            Ok(held) => held,
            Err(error) => {
                let reason = format!(
                    "cannot start {} in {}: {error}",
                    self.machine.executable.display(),
                    service.working_directory.display()
                );
                return Err(self.fail_for_resources(&unit.name, &reason));
            }
        };
        if let Some(process) = Process::with_pid(held.child.id()) {
            let sockets = socket.iter().map(|socket| socket.unit.clone()).collect();
            let run = Run {
                process,
                invocation_id,
                activating,
                sockets,
                stops_with: unit.stops_with(),
                kill: service.kill,
            };
            if let Err(error) = self.set(&unit.name, Entry::Started(run)) {
                held.cancel();
                return Err(error.into());
            }
        }
        let (mut child, error) = held
            .release()
            .with_context(|| format!("cannot start {program} for {}", unit.name))?;
        let Some(error) = error else {
            return Ok(Some(child));
        };
        child
            .wait()
            .with_context(|| format!("cannot wait for a process of {}", unit.name))?;
        self.machine
            .log(&unit.name, &format!("failed to execute {error}"))?;
        self.set(&unit.name, Entry::Failed("exit-code".to_owned()))?;
        Ok(None)
    }

    /// Makes the unit failed on record, with the reason in its journal.
    pub(crate) fn fail_for_resources(&mut self, name: &UnitName, reason: &str) -> Failure {
        let failed = Entry::Failed("resources".to_owned());
        match self
            .set(name, failed)
            .and_then(|()| self.machine.log(name, reason))
        {
            Ok(()) => Failure::Job(format!("{name}: {reason}")),
            Err(error) => error.into(),
        }
    }
}
