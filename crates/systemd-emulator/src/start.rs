//! Starting and stopping units, with those that go with them.

use std::net::TcpListener;

use crate::{
    install,
    jobs::{Failure, Jobs},
    machine::Machine,
    process::end,
    record::Entry,
    socket::Socket,
    start_service::{OpenSocket, StartService},
    unit::{Kind, LoadError, Unit},
    unit_name::UnitName,
};

impl Machine {
    /// Starts every enabled unit, as a machine does when it boots; what could not be started is returned as sentences for the log.
    ///
    /// # Errors
    /// When the machine's own files cannot be read or written.
    pub fn start_enabled(&self) -> anyhow::Result<Vec<String>> {
        Jobs::begin(self)?.start_enabled()
    }

    /// Stops everything that runs on the machine, and forgets what failed; what is enabled stays enabled.
    /// When it returns, no process of any unit is left, whatever happened to systemctl or to the unit files before; except one that
    /// had cleared its environment and lost its main process before, or that began a session of its own as well.
    ///
    /// # Errors
    /// When the machine's own files cannot be read or written.
    pub fn stop_all(&self) -> anyhow::Result<()> {
        if self.record_directory().exists() {
            Jobs::begin(self)?.stop_all()
        } else {
            Ok(())
        }
    }
}

impl Jobs<'_> {
    pub(crate) fn start_enabled(&mut self) -> anyhow::Result<Vec<String>> {
        let mut failed = Vec::new();
        let mut names = install::enabled_units(&self.machine.units);
        // Sockets first, as they start their services.
        names.sort_by_key(|name| name.kind() != "socket");
        for name in names {
            match self.start(&name) {
                Ok(()) => {}
                Err(Failure::Machine(error)) => return Err(error),
                Err(failure) => failed.push(format!("{name}: {failure}")),
            }
        }
        Ok(failed)
    }

    pub(crate) fn stop_all(&mut self) -> anyhow::Result<()> {
        for (_, run) in self.locked.record.runs() {
            end(run.process, &run.invocation_id, run.kill);
        }
        self.locked.record.units.clear();
        self.locked.save()
    }

    pub(crate) fn start(&mut self, name: &UnitName) -> Result<(), Failure> {
        self.start_after(name, &mut Vec::new())
    }

    /// Starts the unit unless it is among those that wait for this one already.
    fn start_after(&mut self, name: &UnitName, waiting: &mut Vec<UnitName>) -> Result<(), Failure> {
        if waiting.contains(name) || self.locked.record.state(name).is_active() {
            return Ok(());
        }
        waiting.push(name.clone());
        let unit = self.load(name)?;
        match &unit.kind {
            Kind::Socket(socket) => self.start_socket(&unit, socket, waiting),
            Kind::Service(service) => {
                let socket_name = name.with_kind("socket");
                if let Ok(Unit {
                    kind: Kind::Socket(socket),
                    ..
                }) = self.machine.load(&socket_name)
                    && socket.service == *name
                    && !waiting.contains(&socket_name)
                {
                    // A socket starts its service, there being nobody else to hold it.
                    return self
                        .start_after(&socket_name, waiting)
                        .map_err(|failure| of_dependency(name, failure));
                }
                self.start_dependencies(&unit, waiting)?;
                self.start_service(&StartService {
                    unit: &unit,
                    service,
                    socket: None,
                })
            }
        }
    }

    fn load(&self, name: &UnitName) -> Result<Unit, Failure> {
        if name.is_template() {
            return Err(Failure::MissingInstance(name.clone()));
        }
        self.machine.load(name).map_err(|error| match error {
            LoadError::NotFound => Failure::NotFound(name.clone()),
            LoadError::BadSetting(reason) => Failure::BadSetting(name.clone(), reason),
        })
    }

    fn start_socket(
        &mut self,
        unit: &Unit,
        socket: &Socket,
        waiting: &mut Vec<UnitName>,
    ) -> Result<(), Failure> {
        let service_unit = self.load(&socket.service)?;
        let Kind::Service(service) = &service_unit.kind else {
            return Err(Failure::BadSetting(
                unit.name.clone(),
                format!("Service={}: expected a service", socket.service),
            ));
        };
        if self.locked.record.state(&socket.service).is_active() {
            return Err(Failure::Job(format!(
                "{}: {} is already active, and can take a socket only when it starts",
                unit.name, socket.service
            )));
        }
        self.start_dependencies(unit, waiting)?;
        // What an earlier run left behind may still hold the port.
        self.end_processes(&socket.service);
        let mut listeners = Vec::new();
        for address in &socket.listen {
            match TcpListener::bind(address) {
                Ok(listener) => listeners.push(listener),
                Err(error) => {
                    let reason = format!("cannot listen on {address}: {error}");
                    return Err(self.fail_for_resources(&unit.name, &reason));
                }
            }
        }
        self.locked.record.units.remove(&unit.name);
        waiting.push(socket.service.clone());
        self.start_dependencies(&service_unit, waiting)?;
        self.start_service(&StartService {
            unit: &service_unit,
            service,
            socket: Some(OpenSocket {
                unit: &unit.name,
                descriptor_name: &socket.descriptor_name,
                listeners,
            }),
        })?;
        if self.locked.record.holder(&unit.name).is_none() {
            self.set(
                &unit.name,
                Entry::Failed("service-start-limit-hit".to_owned()),
            )?;
            return Err(Failure::Job(format!(
                "{}: {} does not run, see \"systemctl status {}\"",
                unit.name, socket.service, socket.service
            )));
        }
        Ok(())
    }

    fn start_dependencies(
        &mut self,
        unit: &Unit,
        waiting: &mut Vec<UnitName>,
    ) -> Result<(), Failure> {
        for name in &unit.conflicts {
            self.stop_loaded(name)?;
        }
        for name in unit.requires.iter().chain(&unit.binds_to) {
            self.start_after(name, waiting)
                .map_err(|failure| of_dependency(&unit.name, failure))?;
        }
        for name in &unit.wants {
            if let Err(Failure::Machine(error)) = self.start_after(name, waiting) {
                return Err(error.into());
            }
        }
        Ok(())
    }

    /// Stops the unit and those that go with it.
    pub(crate) fn stop(&mut self, name: &UnitName) -> Result<(), Failure> {
        self.must_be_known(name)?;
        self.stop_loaded(name)?;
        Ok(())
    }

    fn must_be_known(&self, name: &UnitName) -> Result<(), Failure> {
        if !self
            .machine
            .loaded_units(&self.locked.record)
            .contains(name)
            && matches!(self.machine.load(name), Err(LoadError::NotFound))
        {
            return Err(Failure::NotLoaded(name.clone()));
        }
        Ok(())
    }

    /// Stops the unit and starts it again, with the sockets that it had and with what had to stop with it.
    pub(crate) fn restart(&mut self, name: &UnitName) -> Result<(), Failure> {
        self.load(name)?;
        let mut again = self.stop_loaded(name)?;
        again.push(name.clone());
        again.sort_by_key(|name| name.kind() != "socket");
        again.iter().try_for_each(|name| self.start(name))
    }

    /// What `try-restart` does to a unit that is not running.
    pub(crate) fn check(&self, name: &UnitName) -> Result<(), Failure> {
        self.load(name).map(|_| ())
    }

    pub(crate) fn is_active(&self, name: &UnitName) -> bool {
        ["active", "activating"].contains(&self.locked.record.state(name).active)
    }

    /// Forgets that the unit failed.
    pub(crate) fn reset_failed(&mut self, name: &UnitName) -> Result<(), Failure> {
        self.must_be_known(name)?;
        if self.locked.record.state(name).active == "failed" {
            self.end_processes(name);
            self.forget(name)?;
        }
        Ok(())
    }

    /// Returns what was stopped: the unit, if it was active, the sockets that it held, and the units that stop with it.
    fn stop_loaded(&mut self, name: &UnitName) -> Result<Vec<UnitName>, Failure> {
        let mut stopped = Vec::new();
        let state = self.locked.record.state(name);
        if state.active == "failed" {
            self.end_processes(name);
        } else if state.active != "inactive" {
            stopped.push(name.clone());
            stopped.extend(
                self.locked
                    .record
                    .run(name)
                    .into_iter()
                    .flat_map(|run| run.sockets.clone()),
            );
            self.end_processes(name);
            self.locked.record.units.remove(name);
            for entry in self.locked.record.units.values_mut() {
                if let Entry::Started(run) = entry {
                    run.sockets.retain(|socket| socket != name);
                }
            }
            self.locked.save()?;
        }
        let also: Vec<_> = self
            .locked
            .record
            .runs()
            .filter(|(_, run)| run.stops_with.contains(name) && run.process.is_running())
            .map(|(name, _)| name.clone())
            .collect();
        for name in also {
            stopped.extend(self.stop_loaded(&name)?);
        }
        Ok(stopped)
    }
}

fn of_dependency(name: &UnitName, failure: Failure) -> Failure {
    match failure {
        Failure::NotFound(_) | Failure::Machine(_) => failure,
        _ => Failure::Dependency(name.clone()),
    }
}
