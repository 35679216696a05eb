//! The workload as the charm sees it: a server that answers on one port, is stopped, is uninstalled.

use std::num::NonZeroU16;

/// A server on this machine that the charm brings to the state its operator wants.
pub trait Workload {
    /// Makes the server answer on `port` and on no other; does nothing when it already does.
    ///
    /// Returns once the server is ready there. Until then the port it answered on before stays in service, and
    /// remains so when this fails.
    fn serve_on(&mut self, port: NonZeroU16) -> Result<(), WorkloadError>;

    /// Stops the server: nothing listens any more, and nothing starts when the machine boots.
    fn stop(&mut self) -> Result<(), WorkloadError>;

    /// Stops the server and removes every file it was installed with; does nothing when it is already gone.
    fn uninstall(&mut self) -> Result<(), WorkloadError>;
}

/// Why a [`Workload`] is not in the state that was asked for.
#[derive(Debug, thiserror::Error)]
pub enum WorkloadError {
    /// Another process of the machine listens on the wanted port; its operator must free it or choose another.
    #[error("port {port} is in use by another process")]
    PortTaken {
        /// The wanted port, such as 8000.
        port: NonZeroU16,
    },
    /// The machine does not let the server have the wanted port; its operator must choose another.
    #[error("port {port} cannot be opened: {reason}")]
    PortDenied {
        /// The wanted port, such as 80.
        port: NonZeroU16,
        /// What the system says, such as `permission denied`.
        reason: String,
    },
    /// The machine did not do what was asked; trying again later may help.
    #[error(transparent)]
    Failed(#[from] anyhow::Error),
}
