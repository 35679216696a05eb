//! State-transition tests for [Juju](https://juju.is) charms: given a [`State`], when an event comes, then an [`Outcome`].
//!
//! ```
//! use ops::{Charm, Event, Port, Result, Status, Unit};
//! use ops_testing::{Context, State};
//!
//! struct Website;
//!
//! impl Charm for Website {
//!     fn reconcile(&mut self, unit: &Unit) -> Result<Status> {
//!         unit.set_ports([Port::tcp(80)?])?;
//!         Ok(Status::active())
//!     }
//! }
//!
//! # let directory = tempfile::tempdir().unwrap();
//! # std::fs::write(directory.path().join("charmcraft.yaml"), "name: website").unwrap();
//! # let directory = directory.path();
//! // given
//! let context = Context::of_charm(directory, || Website);
//! let given = State::default().with_opened_ports(["8000/tcp"]);
//! // when
//! let then = context.run(&Event::ConfigChanged, &given);
//! // then
//! assert_eq!(then.state.opened_ports, ["80/tcp"]);
//! assert_eq!(then.state.unit_status, Some(Status::active()));
//! assert_eq!(
//!     then.hook_commands,
//!     ["opened-ports --endpoints --format=json", "open-port 80/tcp", "close-port 8000/tcp", "status-set active"],
//! );
//! ```
//!
//! The charm under test talks to the hook commands of `juju-emulator`, which answer and refuse as Juju does. So a test
//! sees what an operator would see: which ports are open in the end, what is rolled back when a hook fails, and the
//! very commands that were run.
//!
//! [`Context::run_action`] runs an action. [`Laws`] checks all that a holistic charm promises, in one call.
//!
//! [`Context::new`] runs the charm in the test's own process, in microseconds; [`Context::dispatching`] runs the real
//! binary through `./dispatch`, with real hook commands on its `PATH`. Both give the same [`Outcome`].

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod commands;
mod consistency;
mod context;
mod fault;
mod hook;
mod in_process;
pub mod laws;
mod model;
mod outcome;
mod programs;
mod real_dispatch;
mod recorder;
mod state;
mod workload;

pub use juju_emulator::LogLevel;

pub use consistency::ImpossibleState;
pub use context::Context;
pub use fault::{Fault, FaultKind};
pub use laws::{Law, Laws, ModelLaw, ModelLaws, ModelReport, ModelViolation, Violation};
pub use model::application::Application;
pub use model::model_state::{ApplicationEnd, ModelState, UnitEnd};
pub use model::scenario::Model;
pub use outcome::{ActionOutcome, Exit, LogLine, Outcome};
pub use programs::{emulator, stage_charm};
pub use state::State;
pub use state::relation::Relation;
pub use state::secret::{Owner, Secret};
pub use state::storage::Storage;
pub use workload::Workload;
