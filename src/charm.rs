//! The charm: what a unit of hello-server should be.

use std::net::SocketAddr;
use std::num::NonZeroU16;

use interfaces::ingress::{ApplicationData, Requirer};
use ops::{Action, ActionResults, Charm, Error, Port, Result, Status, Unit};

use crate::config::Config;
use crate::workload::{Workload, WorkloadError};

/// A server on the port that the operator chose, and that port open in Juju.
#[derive(Debug)]
pub struct HelloServer<W> {
    server: W,
}

impl<W: Workload> HelloServer<W> {
    /// The charm, with the server that it looks after.
    pub fn new(server: W) -> Self {
        Self { server }
    }
}

impl<W: Workload> Charm for HelloServer<W> {
    fn reconcile(&mut self, unit: &Unit) -> Result<Status> {
        let config: Config = unit.config()?;
        let port = NonZeroU16::from(config.server_port);
        // Juju is asked first: it opens the port only when the hook has ended, and takes back what it was asked for
        // when the server cannot have it.
        unit.set_ports([port])?;
        self.server.serve_on(port)?;
        if let Some(relation) = unit.relation("ingress")? {
            let application = ApplicationData {
                strip_prefix: Some(true),
                ..ApplicationData::new(unit, port)
            };
            Requirer::new(relation).publish(unit, &application)?;
        }
        Ok(Status::active())
    }

    fn action(&mut self, action: &Action<'_>, unit: &Unit) -> Result<ActionResults> {
        if action.name() != "url" {
            return Err(action.unknown());
        }
        let url = if let Some(relation) = unit.relation("ingress")? {
            Requirer::new(relation).url()?
        } else {
            let Config { server_port } = unit.config()?;
            let address = unit.network("ingress")?.bind_address();
            let port = NonZeroU16::from(server_port).get();
            format!("http://{}/", SocketAddr::new(address, port))
        };
        Ok([("url", url)].into())
    }

    fn stop(&mut self, unit: &Unit) -> Result<()> {
        unit.set_ports::<Port>([])?;
        Ok(self.server.stop()?)
    }

    fn remove(&mut self, unit: &Unit) -> Result<()> {
        unit.set_ports::<Port>([])?;
        Ok(self.server.uninstall()?)
    }
}

impl From<WorkloadError> for Error {
    fn from(error: WorkloadError) -> Self {
        match error {
            WorkloadError::PortTaken { port } => Self::blocked(format!(
                "server-port: {port} is in use by another process of the machine; choose another port"
            )),
            WorkloadError::PortDenied { port, reason } => Self::blocked(format!(
                "server-port: {port} cannot be opened on this machine ({reason}); choose another port"
            )),
            WorkloadError::Failed(error) => error.into(),
        }
    }
}
