//! The charm under test, and the two ways to run it.

use std::env;
use std::fmt;
use std::fs;
use std::path::{self, Path, PathBuf};

use juju_emulator::UnitView;
use juju_emulator::charm::metadata::Charm;
use juju_emulator::hook::dispatch::Identity;
use ops::{ActionEvent, Event};
use serde_json::{Map, Value};

use tempfile::TempDir;

use crate::consistency::{self, ImpossibleState};
use crate::fault::Fault;
use crate::hook::hook;
use crate::in_process;
use crate::outcome::Outcome;
use crate::real_dispatch::RealDispatch;
use crate::recorder::Recorder;
use crate::state::storage::{self, Storage};
use crate::state::{self, State};

/// The charm under test: its metadata, and how to run it.
///
/// Nothing of a run stays here: all that it leaves is in its [`Outcome`]. What a real workload leaves on the machine
/// stays there until the context is dropped.
pub struct Context {
    pub(crate) charm: Charm,
    /// Where the charm is while it runs; in process the directory of its sources.
    charm_dir: PathBuf,
    runner: Runner,
    /// Where its storage is.
    storage: TempDir,
}

enum Runner {
    InProcess(Box<dyn Fn() -> Box<dyn ops::Charm> + Send + Sync>),
    Dispatch(RealDispatch),
}

impl Context {
    /// Runs the charm in the test's own process; `charmcraft.yaml` and `config.yaml` are those of the package under test.
    ///
    /// The charm is made anew for every event, as Juju starts it anew: `Context::new(|| HelloServer::new(server.clone()))`.
    ///
    /// # Panics
    /// When the metadata cannot be read.
    #[track_caller]
    #[must_use]
    pub fn new<C: ops::Charm + 'static>(charm: impl Fn() -> C + Send + Sync + 'static) -> Self {
        let package = env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| ".".into(), PathBuf::from);
        Self::of_charm(&package, charm)
    }

    /// Like [`new`](Self::new), with the metadata of another directory.
    ///
    /// # Panics
    /// When the metadata cannot be read.
    #[track_caller]
    #[must_use]
    pub fn of_charm<C: ops::Charm + 'static>(
        directory: &Path,
        charm: impl Fn() -> C + Send + Sync + 'static,
    ) -> Self {
        Self {
            charm: read_charm(directory),
            charm_dir: path::absolute(directory).unwrap_or_else(|error| {
                fail(&format!("cannot use {}: {error}", directory.display()))
            }),
            runner: Runner::InProcess(Box::new(move || Box::new(charm()))),
            storage: temporary_directory(),
        }
    }

    /// Runs the charm's binary through its `./dispatch`, in a machine of its own with real hook commands.
    ///
    /// A project with a `Cargo.toml` is built first, as `cargo test` builds it. Anything else is an unpacked charm.
    ///
    /// # Panics
    /// When the charm cannot be built or unpacked.
    #[track_caller]
    #[must_use]
    pub fn dispatching(project: &Path) -> Self {
        let charm = read_charm(project);
        let machine = RealDispatch::new(project).unwrap_or_else(|error| {
            fail(&format!("cannot prepare {}: {error:#}", project.display()))
        });
        Self {
            charm,
            charm_dir: machine.charm_dir(),
            runner: Runner::Dispatch(machine),
            storage: temporary_directory(),
        }
    }

    /// The charm's directory while it runs, `JUJU_CHARM_DIR`, for a look at what it left there.
    ///
    /// In process it is the directory of the charm's sources.
    #[must_use]
    pub fn charm_dir(&self) -> &Path {
        &self.charm_dir
    }

    /// A storage that the charm declares, with a directory that is there until the context is dropped:
    /// `context.storage("data", 0)`. For a block device it is an empty file.
    ///
    /// # Panics
    /// When it cannot be made.
    #[track_caller]
    #[must_use]
    pub fn storage(&self, name: &str, number: u64) -> Storage {
        let location = self.storage.path().join(name).join(number.to_string());
        let declared = self.charm.storages.get(name);
        let storage = Storage::new(name, number, &location);
        let is_block = declared.is_some_and(|declared| declared.block);
        let made = if is_block {
            let parent = location.parent().unwrap_or(&location);
            fs::create_dir_all(parent).and_then(|()| fs::write(&location, ""))
        } else {
            fs::create_dir_all(&location)
        };
        match made {
            Ok(()) if is_block => storage.as_block_device(),
            Ok(()) => storage,
            Err(error) => fail(&format!("cannot make {}: {error}", location.display())),
        }
    }

    /// Dispatches an event to the charm, given what is true before, and returns what is true afterwards.
    ///
    /// # Panics
    /// When Juju could never be in the given state.
    #[track_caller]
    pub fn run(&self, event: &Event, given: &State) -> Outcome {
        match self.try_run(event, given) {
            Ok(outcome) => outcome,
            Err(impossible) => fail(&impossible.to_string()),
        }
    }

    /// Runs an action as an operator does by `juju run hello-server/0 backup target=/srv`; what is not given has its default.
    ///
    /// ```no_run
    /// use ops_testing::{Context, State};
    /// use serde_json::json;
    ///
    /// # use ops::{Charm, Result, Status, Unit};
    /// # struct Database;
    /// # impl Charm for Database {
    /// #     fn reconcile(&mut self, unit: &Unit) -> Result<Status> {
    /// #         Ok(Status::active())
    /// #     }
    /// # }
    /// let context = Context::new(|| Database);
    /// let then = context.run_action("backup", json!({"target": "/srv"}), &State::default());
    /// assert_eq!(then.action.failure, None);
    /// assert_eq!(then.action.log, ["copying to /srv"]);
    /// assert_eq!(then.action.results, json!({"file": {"size": "7"}}));
    /// ```
    ///
    /// # Panics
    /// When the charm declares no such action, when the parameters do not fit what it declares, and when Juju could never be in
    /// the given state.
    #[track_caller]
    pub fn run_action(&self, name: &str, params: Value, given: &State) -> Outcome {
        let Value::Object(params) = params else {
            fail(&format!("{name}: the parameters are no map: {params}"));
        };
        let event = Event::Action(ActionEvent {
            name: name.to_owned(),
            id: 2.into(),
        });
        match self.dispatch(&event, given, None, &params) {
            Ok(outcome) => outcome,
            Err(impossible) => fail(&impossible.to_string()),
        }
    }

    /// Like [`run`](Self::run), while something goes wrong with one of the hook's commands.
    ///
    /// # Panics
    /// When Juju could never be in the given state.
    #[track_caller]
    pub fn run_with_fault(&self, event: &Event, given: &State, fault: Fault) -> Outcome {
        match self.dispatch(event, given, Some(fault), &Map::new()) {
            Ok(outcome) => outcome,
            Err(impossible) => fail(&impossible.to_string()),
        }
    }

    /// Like [`run`](Self::run), with an error for a state that Juju could never be in.
    ///
    /// # Errors
    /// Names everything that is impossible about it.
    ///
    /// # Panics
    /// When the real dispatch cannot be run at all.
    #[track_caller]
    pub fn try_run(&self, event: &Event, given: &State) -> Result<Outcome, ImpossibleState> {
        self.dispatch(event, given, None, &Map::new())
    }

    #[track_caller]
    fn dispatch(
        &self,
        event: &Event,
        given: &State,
        fault: Option<Fault>,
        params: &Map<String, Value>,
    ) -> Result<Outcome, ImpossibleState> {
        let identity = self.identity(given);
        consistency::check(event, params, given, &self.charm, &identity.unit)?;
        let mut given = given.clone();
        storage::arrive(&mut given.storages, event, &self.charm);
        let given = &given;
        let params = match event {
            Event::Action(action) => self.charm.action(&action.name),
            _ => None,
        }
        .map(|action| action.with_defaults(params));
        let (hook, kind) = hook(event, &identity.unit, params.unwrap_or_default());
        let view = UnitView {
            hook: kind,
            ..state::view(given, &self.charm, &identity.unit, event).map_err(|reason| {
                ImpossibleState {
                    reasons: vec![reason],
                }
            })?
        };
        let recorder = Recorder::new(event, given, &self.charm, view, fault);
        Ok(match &self.runner {
            Runner::InProcess(charm) => {
                let (exit, recorder) =
                    in_process::run(&mut *charm(), &self.charm_dir, &identity, &hook, recorder);
                recorder.end(exit)
            }
            Runner::Dispatch(machine) => machine
                .run(&identity, &hook, recorder)
                .unwrap_or_else(|error| fail(&format!("cannot dispatch {event}: {error:#}"))),
        })
    }

    fn identity(&self, given: &State) -> Identity {
        Identity {
            unit: format!("{}/0", self.charm.name),
            model_name: "testing".to_owned(),
            model_uuid: "00000000-0000-4000-8000-000000000000".to_owned(),
            machine: if given.kubernetes { "" } else { "0" }.to_owned(),
            principal: String::new(),
            availability_zone: String::new(),
            juju_version: "3.6.9".to_owned(),
        }
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Context")
            .field("charm", &self.charm.name)
            .finish_non_exhaustive()
    }
}

#[track_caller]
pub(crate) fn temporary_directory() -> TempDir {
    tempfile::tempdir()
        .unwrap_or_else(|error| fail(&format!("cannot make a temporary directory: {error}")))
}

#[track_caller]
pub(crate) fn read_charm(directory: &Path) -> Charm {
    Charm::read(directory).unwrap_or_else(|error| {
        let error = anyhow::Error::new(error);
        fail(&format!("cannot read the charm's metadata: {error:#}"))
    })
}

#[track_caller]
#[expect(clippy::panic, reason = "this is how a test fails")]
pub(crate) fn fail(message: &str) -> ! {
    panic!("{message}")
}
