//! A server for a charm that is measured without one.

use std::num::NonZeroU16;

use hello_server::workload::{Workload, WorkloadError};

/// Takes every port.
pub(crate) struct FakeServer;

impl Workload for FakeServer {
    fn serve_on(&mut self, _port: NonZeroU16) -> Result<(), WorkloadError> {
        Ok(())
    }

    fn stop(&mut self) -> Result<(), WorkloadError> {
        Ok(())
    }

    fn uninstall(&mut self) -> Result<(), WorkloadError> {
        Ok(())
    }
}
