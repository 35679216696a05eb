//! What can go wrong in a charm, by what is to be done about it.

use std::io;

use crate::config::ConfigError;
use crate::hook_command::HookCommandError;
use crate::ports::port::{Port, PortError};
use crate::status::Status;

/// What a charm's [`reconcile`](crate::Charm::reconcile) returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a charm could not do what an event asked of it.
///
/// The kinds differ in who must act, and so in what becomes of the hook:
///
/// | kind | who acts | the hook |
/// |---|---|---|
/// | [`Blocked`](Self::Blocked), [`Config`](Self::Config), [`PortConflict`](Self::PortConflict) | the operator | ends well, with the unit blocked |
/// | [`Waiting`](Self::Waiting) | somebody else, such as a related charm that has no data yet | ends well, with the unit waiting |
/// | all others | Juju, by trying again | fails with exit code 1 |
///
/// Whichever it is, what the hook has asked for until then is dropped: ports stay as they were. Only what a waiting unit
/// publishes in relations is sent, since the other side may wait for just that.
///
/// An [`io::Error`] and an [`anyhow::Error`] join by `?` as failures, a charm's own errors by `From`:
///
/// ```
/// enum ServerError {
///     PortTaken(u16),
///     Broken(std::io::Error),
/// }
///
/// impl From<ServerError> for ops::Error {
///     fn from(error: ServerError) -> Self {
///         match error {
///             ServerError::PortTaken(port) => ops::Error::blocked(format!("port {port} is taken")),
///             ServerError::Broken(error) => error.into(),
///         }
///     }
/// }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Something that the operator must put right; the text is the unit's status message.
    #[error("{0}")]
    Blocked(String),
    /// Something that another charm, or Juju, has yet to do; the text is the unit's status message.
    #[error("{0}")]
    Waiting(String),
    /// A config option with a value that the charm cannot use.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A port that another unit on the same machine has opened.
    #[error(
        "port {port} is held by {unit} on this machine, as {held}; choose another port or another machine"
    )]
    PortConflict {
        /// What was to be opened, such as `80/tcp`.
        port: Port,
        /// The range, in Juju's words, that is in the way, such as `80-90/tcp`.
        held: String,
        /// The unit that holds it, such as `other/0`.
        unit: String,
    },
    /// Ports that Juju could not open whatever the state of the model.
    #[error(transparent)]
    Port(#[from] PortError),
    /// A hook command that could not be run, or that Juju refused.
    #[error(transparent)]
    HookCommand(#[from] HookCommandError),
    /// Anything else.
    #[error(transparent)]
    Other(anyhow::Error),
}

/// An error of this crate that has been wrapped on its way, as by [`anyhow::Context`], stays of its kind.
impl From<anyhow::Error> for Error {
    fn from(error: anyhow::Error) -> Self {
        error.downcast().unwrap_or_else(Self::Other)
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Other(error.into())
    }
}

impl Error {
    /// An error that ends the hook with the unit blocked; `message` tells the operator what to do.
    pub fn blocked(message: impl Into<String>) -> Self {
        Self::Blocked(message.into())
    }

    /// An error that ends the hook with the unit waiting; `message` says for what, such as `for the database`.
    pub fn waiting(message: impl Into<String>) -> Self {
        Self::Waiting(message.into())
    }

    /// This error, where Juju also refused to take back what it had been asked for before: the hook must fail.
    pub(crate) fn with_failed_undo(self, undo: HookCommandError) -> Self {
        let undo = anyhow::Error::new(undo);
        Self::Other(undo.context(format!(
            "{self}; taking back what was asked for before failed too"
        )))
    }

    /// The status to set for it, when it is somebody else than Juju who must act.
    pub(crate) fn status(&self) -> Option<Status> {
        match self {
            Self::Blocked(_) | Self::Config(_) | Self::PortConflict { .. } => {
                Some(Status::blocked(self.to_string()))
            }
            Self::Waiting(message) => Some(Status::waiting(message)),
            Self::Port(_) | Self::HookCommand(_) | Self::Other(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    #[test]
    fn an_error_for_the_operator_stays_one_through_anyhow() {
        let failed: Result<()> = Err(Error::blocked("no disk"));
        let error = Error::from(failed.context("read options").unwrap_err());
        assert_eq!(error.status(), Some(Status::blocked("no disk")));
    }

    #[test]
    fn what_somebody_else_must_do_is_waited_for() {
        let error = Error::waiting("for the database");
        assert_eq!(error.status(), Some(Status::waiting("for the database")));
    }

    #[test]
    fn an_io_error_fails_the_hook_with_its_own_words() {
        let error = Error::from(io::Error::other("the disk is full"));
        assert_eq!(error.status(), None);
        assert_eq!(error.to_string(), "the disk is full");
    }

    #[test]
    fn any_other_error_fails_the_hook() {
        let error = Error::from(anyhow::anyhow!("the disk is full"));
        assert_eq!(error.status(), None);
    }
}
