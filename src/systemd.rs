//! The server's life under systemd: a socket unit per port, which starts the service that answers on it.
//!
//! Both units are templates whose instance is the port, such as `hello-server-0@8000.socket`.

use std::env;
use std::io;
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};

use anyhow::Context;
use systemd::{Template, exec_start_word};

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
}

impl Workload for Systemd {
    fn serve_on(&mut self, port: NonZeroU16) -> Result<(), WorkloadError> {
        let program = env::current_exe().context("cannot find the running executable")?;
        self.0
            .serve_on(port, &program)
            .map_err(|error| match error {
                systemd::Error::DoesNotRun { .. } => anyhow::Error::new(error)
                    .context(format!("the server does not run on port {port}"))
                    .into(),
                error => error.into(),
            })
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
        match error {
            systemd::Error::Port { port, reason } => match reason.kind() {
                io::ErrorKind::AddrInUse => Self::PortTaken { port },
                kind => Self::PortDenied {
                    port,
                    reason: kind.to_string(),
                },
            },
            error => Self::Failed(error.into()),
        }
    }
}
