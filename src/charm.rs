//! The charm: what a unit of hello-server should be.

use std::num::NonZeroU16;

use interfaces::ingress::{ApplicationData, Requirer, UnitData};
use ops::{Charm, Port, Result, Status, Unit};

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
        ask_for_a_url(unit, port)?;
        Ok(Status::active())
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

/// Tells the ingress where the server answers, if there is one.
fn ask_for_a_url(unit: &Unit, port: NonZeroU16) -> Result<()> {
    let Some(relation) = unit.relation("ingress")? else {
        return Ok(());
    };
    let address = UnitData::new(unit, &relation)?;
    let ingress = Requirer::new(relation);
    ingress.publish_unit(&address)?;
    if let Some(leader) = unit.leader()? {
        let application = ApplicationData {
            strip_prefix: Some(true),
            ..ApplicationData::new(unit, port)
        };
        ingress.publish_application(&leader, &application)?;
    }
    Ok(())
}

impl From<WorkloadError> for ops::Error {
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
