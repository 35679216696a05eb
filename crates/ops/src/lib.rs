//! Write [Juju](https://juju.is) charms in Rust, in the words of Python's `ops`.
//!
//! Juju runs a charm for every event in a unit's life, such as `install` or `config-changed`. A charm written on this
//! crate is one function, [`Charm::reconcile`], that makes the unit what it should be and returns its [`Status`]. This
//! one opens the port that its operator chose:
//!
//! ```no_run
//! use ops::{Charm, Port, Result, Status, Unit};
//!
//! #[derive(serde::Deserialize)]
//! #[serde(rename_all = "kebab-case")]
//! struct Config {
//!     server_port: Port,
//! }
//!
//! struct Website;
//!
//! impl Charm for Website {
//!     fn reconcile(&mut self, unit: &Unit) -> Result<Status> {
//!         let config: Config = unit.config()?;
//!         unit.set_ports([config.server_port])?;
//!         tracing::debug!("reconciled");
//!         Ok(Status::active())
//!     }
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     ops::run(|_context| Website)
//! }
//! ```
//!
//! # Where things are
//!
//! | to | use |
//! |---|---|
//! | read the operator's options | [`Unit::config`] |
//! | open and close ports | [`Unit::set_ports`], [`Port`] |
//! | show how the unit fares | the [`Status`] that `reconcile` returns, [`Unit::set_status`] on the way |
//! | stop and remove the workload | [`Charm::stop`], [`Charm::remove`] |
//! | talk to other applications and to peers | [`Unit::relation`], [`Unit::relations`], [`Relation`] |
//! | keep passwords, and hand them to others | [`Unit::keep_secret`], [`Leader::keep_secret`], [`Unit::secret`], [`Secret`] |
//! | act for the whole application | [`Unit::leader`], [`Leader`] |
//! | carry out what operators run | [`Charm::action`], [`Action`] |
//! | look at what happened | [`Unit::event`], [`Event`] |
//! | say that the operator must act | [`Error::blocked`] |
//! | say that something else must happen first | [`Error::waiting`] |
//! | log | `tracing::info!` and its kin |
//!
//! # All or nothing
//!
//! What Juju does when a hook has ended well, such as closing a port or publishing data in a relation, is held in the unit until the charm has returned
//! `Ok`, and dropped on any error, but for one thing: a unit that is waiting publishes its relation data, and the secrets that these may name, all the same,
//! since the other side may wait for just that. Reads in the same hook see what is held. A status and a log line take effect at once.
//!
//! # Errors
//!
//! Every method that runs a hook command fails with [`Error::HookCommand`] when the command cannot be run or Juju
//! refuses it; the `# Errors` sections name only what comes on top. [`Error`] tells what becomes of the hook.
//!
//! # Logging
//!
//! Events of the `tracing` crate go to `juju debug-log`, each by one `juju-log`: `info` and above, or what `RUST_LOG`
//! says, as in `juju exec --unit hello-server/0 -- env RUST_LOG=debug JUJU_DISPATCH_PATH=hooks/update-status
//! ./dispatch`. Lines below that cost nothing. A panic is logged too.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod action;
mod changes;
mod charm;
mod config;
mod dispatch;
mod error;
mod event;
mod hook_command;
mod juju_context;
mod log;
mod option_value;
mod ports;
mod relation;
mod secret;
mod status;
mod storage;
mod unit;
mod unit_name;
mod variables;

pub use action::{Action, ActionResults, TaskId, TaskIdError};
pub use charm::Charm;
pub use config::ConfigError;
pub use dispatch::{dispatch, run};
pub use error::{Error, Result};
pub use event::{
    ActionEvent, CheckEvent, Event, NoticeEvent, RelationEvent, SecretEvent, StorageEvent,
};
pub use hook_command::{HookCommand, HookCommandError, HookCommands, Problem};
pub use juju_context::JujuContext;
pub use ports::opened_ports::PortChanges;
pub use ports::port::{Endpoints, Port, PortError};
pub use ports::port_range::Protocol;
pub use relation::id::{RelationId, RelationIdError};
pub use relation::json;
pub use relation::leader::Leader;
pub use relation::relation::Relation;
pub use secret::content::SecretContent;
pub use secret::id::{SecretId, SecretIdError};
pub use secret::options::{RotatePolicy, SecretInfo, SecretOptions};
pub use secret::secret::Secret;
pub use status::Status;
pub use storage::{StorageId, StorageIdError};
pub use unit::Unit;
pub use unit_name::{UnitName, UnitNameError};
pub use variables::JujuContextError;
