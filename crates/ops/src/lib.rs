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
//! | show how the unit fares | the [`Status`] that `reconcile` returns, [`Unit::set_status`] on the way, [`Unit::set_workload_version`] |
//! | stop and remove the workload | [`Charm::stop`], [`Charm::remove`] |
//! | talk to other applications and to peers | [`Unit::relation`], [`Unit::relations`], [`Relation`]; [`json`] for fields that are JSON |
//! | keep data, and ask for more room | [`Unit::storages`], [`Unit::add_storage`], [`Storage`] |
//! | learn addresses | [`Unit::network`], [`Relation::network`], [`Network`] |
//! | read what the operator supplies as a file | [`Unit::resource`] |
//! | reach the cloud | [`Unit::cloud`], [`CloudSpec`] |
//! | reboot the machine | [`Unit::reboot`] |
//! | keep passwords, and hand them to others | [`Unit::keep_secret`], [`Leader::keep_secret`], [`Unit::kept_secret`], [`Unit::secret`], [`Secret`] |
//! | act for the whole application | [`Unit::leader`], [`Leader`] |
//! | carry out what operators run | [`Charm::action`], [`Action::read`], [`ActionResults`] |
//! | look at what happened | [`Unit::event`], [`Event`] |
//! | say that the operator must act | [`Error::blocked`] |
//! | say that something else must happen first | [`Error::waiting`] |
//! | log | `tracing::info!` and its kin |
//! | name what Juju names | [`UnitName`], [`RelationId`], [`StorageId`], [`SecretId`], [`TaskId`] |
//! | start a charm | [`run`]; in a test [`dispatch`], with a [`JujuContext`] and [`HookCommands`] of its own |
//!
//! # All or nothing
//!
//! What Juju does when a hook has ended well, such as closing a port or publishing data in a relation, is held in the unit until the charm has returned
//! `Ok`, and dropped on any error, but for one thing: a unit that is waiting publishes its relation data, and the secrets that these may name, all the same,
//! since the other side may wait for just that. Reads in the same hook see what is held. A status and a log line take effect at once.
//!
//! # What is left out
//!
//! Of the hook commands of Juju 3.6 for machines, these have no method:
//!
//! | command | why |
//! |---|---|
//! | `state-get`, `state-set`, `state-delete` | a charm that is one function of what is true keeps no memory of its own: what it needs to know is read from Juju, from the machine, or from relation data |
//! | `unit-get` | [`Unit::network`] tells the same and more; deprecated |
//! | `relation-model-get` | only needed where relations cross models and a charm must tell models apart |
//! | `leader-get`, `leader-set` | gone in Juju 4; data of the application among peers does the same |
//! | `payload-register`, `payload-unregister`, `payload-status-set`, `add-metric` | deprecated, and gone in Juju 4 |
//! | `k8s-spec-set`, `k8s-raw-set`, `pod-spec-set` and their `-get` | for Kubernetes, and gone in Juju 4 |
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
mod cloud;
mod config;
mod dispatch;
mod error;
mod event;
mod hook_command;
mod juju_context;
mod log;
mod network;
mod option_value;
mod ports;
mod reboot;
mod relation;
mod resource;
mod secret;
mod status;
mod storage;
mod unit;
mod unit_name;
mod unit_status;
mod variables;
mod workload_version;

pub use action::action::Action;
pub use action::results::ActionResults;
pub use action::task_id::{TaskId, TaskIdError};
pub use charm::Charm;
pub use cloud::{CloudCredential, CloudSpec};
pub use config::ConfigError;
pub use dispatch::{dispatch, run};
pub use error::{Error, Result};
pub use event::{
    ActionEvent, CheckEvent, Event, NoticeEvent, RelationEvent, SecretEvent, StorageEvent,
};
pub use hook_command::{HookCommand, HookCommandError, HookCommands, Problem};
pub use juju_context::JujuContext;
pub use network::Network;
pub use ports::opened_ports::PortChanges;
pub use ports::port::{Endpoints, Port, PortError};
pub use ports::port_range::Protocol;
pub use reboot::Reboot;
pub use relation::id::{RelationId, RelationIdError};
pub use relation::json;
pub use relation::leader::Leader;
pub use relation::relation::Relation;
pub use secret::content::SecretContent;
pub use secret::id::{SecretId, SecretIdError};
pub use secret::options::{RotatePolicy, SecretInfo, SecretOptions};
pub use secret::secret::Secret;
pub use status::Status;
pub use storage::id::{StorageId, StorageIdError};
pub use storage::instance::{Storage, StorageKind};
pub use unit::Unit;
pub use unit_name::{UnitName, UnitNameError};
pub use variables::JujuContextError;
