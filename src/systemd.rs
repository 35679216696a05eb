//! The server's life under systemd: a socket unit per port, which starts the service that answers on it.
//!
//! Both units are templates whose instance is the port, such as `hello-server-0@8000.socket`.

use std::env;
use std::io;
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};

use anyhow::Context;
use systemd::{Template, exec_start_word};

use crate::server;
use crate::workload::{Workload, WorkloadError};

/// The server as two systemd units, [socket-activated](https://www.freedesktop.org/software/systemd/man/latest/systemd.socket.html).
#[derive(Debug)]
pub struct Systemd(Template);

impl Systemd {
    /// The server called `name`, such as `hello-server/0`, of the charm in `charm_dir`, with its units in `unit_dir`, such
    /// as `/etc/systemd/system`. Installs nothing yet.
    #[must_use]
    pub fn new(name: &str, charm_dir: &Path, unit_dir: PathBuf) -> Self {
        let service =
            include_str!("hello-server.service").replace("{name}", &exec_start_word(name));
        let socket = include_str!("hello-server.socket").replace(
            "{charm_dir}",
            &charm_dir.to_string_lossy().replace('%', "%%"),
        );
        let executable = charm_dir.join("server/hello-server");
        let template = Template::new(&name.replace('/', "-"), &executable, unit_dir)
            .with_unit_file("socket", &socket)
            .with_unit_file("service", &service);
        Self(template)
    }

    /// The template units that it is made of, such as `hello-server-0@.socket`.
    #[must_use]
    pub fn template(&self) -> &Template {
        &self.0
    }

    /// Makes the port listen and the server run; when that fails, the port is as if nothing had been tried.
    fn start(&self, port: NonZeroU16) -> Result<(), WorkloadError> {
        let instance = port.to_string();
        let Err(error) = self.0.start(&instance) else {
            return Ok(());
        };
        self.0
            .stop([&instance])
            .with_context(|| format!("{error}; then"))?;
        match server::listen(port) {
            Err(taken) if taken.kind() == io::ErrorKind::AddrInUse => {
                Err(WorkloadError::PortTaken { port })
            }
            Err(denied) if denied.kind() == io::ErrorKind::PermissionDenied => {
                let reason = denied.kind().to_string();
                Err(WorkloadError::PortDenied { port, reason })
            }
            _ => Err(self.does_not_run(port, error)),
        }
    }

    fn does_not_run(&self, port: NonZeroU16, reason: systemd::Error) -> WorkloadError {
        let service = self.0.unit(&port.to_string(), "service");
        let error = anyhow::Error::new(reason).context(format!(
            "the server does not run on port {port} (`journalctl -u {service}` shows its log)"
        ));
        error.into()
    }
}

impl Workload for Systemd {
    fn serve_on(&mut self, port: NonZeroU16) -> Result<(), WorkloadError> {
        let program = env::current_exe().context("cannot find the running executable")?;
        let (server, instance) = (&self.0, &*port.to_string());
        let loaded = server.install(&program)?;
        server
            .refuse_if_given_up(&loaded, instance)
            .map_err(|error| self.does_not_run(port, error))?;

        let socket = server.find(&loaded, instance, "socket");
        let service = server.find(&loaded, instance, "service");
        let listens = socket.active_state == "active" && server.enabled()?.contains(instance);
        if !listens {
            self.start(port)?;
        } else if ["activating", "failed"].contains(&service.active_state.as_str()) {
            // The socket stays as it is: whoever asks meanwhile waits in it.
            server
                .start_service(instance)
                .map_err(|error| self.does_not_run(port, error))?;
        }
        let in_use = server.in_use(&loaded)?;
        server.stop(in_use.iter().filter(|other| *other != instance))?;
        server
            .restart_if_outdated(&loaded, instance)
            .map_err(|error| self.does_not_run(port, error))
    }

    fn stop(&mut self) -> Result<(), WorkloadError> {
        Ok(self.0.stop_all()?)
    }

    fn uninstall(&mut self) -> Result<(), WorkloadError> {
        Ok(self.0.uninstall()?)
    }
}

impl From<systemd::Error> for WorkloadError {
    fn from(error: systemd::Error) -> Self {
        Self::Failed(error.into())
    }
}
