//! Why a service is not as it should be.

use std::io;
use std::num::NonZeroU16;
use std::path::PathBuf;
use std::process::ExitStatus;

/// What the functions of this crate return.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a service is not as it should be. Each text tells its cause, which therefore is no source beside it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no `systemctl`, or it cannot be started.
    #[error("cannot run `systemctl`, which needs a machine with systemd: {0}")]
    NoSystemctl(io::Error),
    /// `systemctl` ended with something other than 0, as for a service that does not get ready.
    #[error("`systemctl {arguments}` failed ({status}): {stderr}")]
    Systemctl {
        /// What it was called with, such as `start -- web@8000.service`.
        arguments: String,
        /// Its exit code, or the signal that killed it.
        status: ExitStatus,
        /// What it wrote to its standard error, in one line.
        stderr: String,
    },
    /// systemd has started a unit too often and does so no more, until its failures are reset.
    #[error("systemd gave it up: {result} ({unit})")]
    GivenUp {
        /// The unit, such as `web@8000.socket`.
        unit: String,
        /// systemd's word for it, such as `trigger-limit-hit`.
        result: String,
    },
    /// The machine does not let a service have the port that it was to listen on.
    #[error("port {port} cannot be opened: {reason}")]
    Port {
        /// The port, such as 80.
        port: NonZeroU16,
        /// What the system says: that it is in use, or that it is denied.
        reason: io::Error,
    },
    /// A service does not get ready, though its port is free.
    #[error("`journalctl -u {unit}` shows why it does not run: {reason}")]
    DoesNotRun {
        /// The unit, such as `web@8000.service`.
        unit: String,
        /// What systemd says.
        reason: Box<Error>,
    },
    /// A file cannot be read, written or removed.
    #[error("cannot {verb} {}: {reason}", path.display())]
    File {
        /// What was to be done, such as `write`.
        verb: &'static str,
        /// The file, such as `/etc/systemd/system/web@.service`.
        path: PathBuf,
        /// What the system says.
        reason: io::Error,
    },
}

impl Error {
    pub(crate) fn file(
        verb: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |reason| Self::File { verb, path, reason }
    }
}
