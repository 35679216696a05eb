//! What a model has, and what it goes through.

use std::time::Duration;

use serde_json::Value;

use crate::context::fail;
use crate::fault::Fault;
use crate::model::application::Application;
use crate::model::model_state::ModelState;
use crate::model::moves::{HookFault, Move};
use crate::model::operation::Operation;
use crate::model::run::{Run, Storage};
use crate::model::schedule::{self, Randomness};
use crate::model::watch::{Breach, Invariants, Watch};

/// A model of several applications, with what operators do to it, and the order in which its units run their hooks.
///
/// Nothing has run before [`settle`](Self::settle): the calls say what there is to go through. The hooks come by the rules of
/// Juju's agents. What a unit has published, others see once its hook has ended.
///
/// ```
/// # use std::fs;
/// use ops::{Charm, Result, Status, Unit};
/// use ops_testing::{Application, Model};
///
/// struct Website;
///
/// impl Charm for Website {
///     fn reconcile(&mut self, unit: &Unit) -> Result<Status> {
///         let peers = unit.relation("cluster")?;
///         let others = peers.map_or(Ok(Vec::new()), |peers| peers.units())?.len();
///         Ok(Status::active().with_message(format!("knows {others} others")))
///     }
/// }
///
/// # let directory = tempfile::tempdir().unwrap();
/// # let charm = "name: website\npeers:\n  cluster:\n    interface: cluster";
/// # fs::write(directory.path().join("charmcraft.yaml"), charm).unwrap();
/// # let directory = directory.path();
/// let website = Application::of_charm(directory, |_: &()| Website);
/// let end = Model::of([website]).deploy("website", 2).add_unit("website").settle(7);
/// let status = end.unit("website/2").status.as_ref();
/// assert_eq!(status.map(|status| status.message()), Some("knows 2 others"));
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing runs before `settle`"]
pub struct Model {
    pub(crate) applications: Vec<Application>,
    pub(crate) moves: Vec<Move>,
}

impl Model {
    /// A model that may have these applications; each comes with [`deploy`](Self::deploy).
    pub fn of(applications: impl IntoIterator<Item = Application>) -> Self {
        Self {
            applications: applications.into_iter().collect(),
            moves: Vec::new(),
        }
    }

    /// Deploys an application, as `juju deploy --num-units 3`; a subordinate has no units before it is related.
    pub fn deploy(self, application: &str, units: usize) -> Self {
        self.operation(Operation::Deploy {
            application: application.to_owned(),
            units,
        })
    }

    /// Adds a unit to an application, as `juju add-unit hello-server`.
    pub fn add_unit(self, application: &str) -> Self {
        self.operation(Operation::AddUnit(application.to_owned()))
    }

    /// Removes a unit, such as `hello-server/0`, as `juju remove-unit`.
    pub fn remove_unit(self, unit: &str) -> Self {
        self.operation(Operation::RemoveUnit(unit.to_owned()))
    }

    /// Removes an application with its units and relations, as `juju remove-application`.
    pub fn remove_application(self, application: &str) -> Self {
        self.operation(Operation::RemoveApplication(application.to_owned()))
    }

    /// Relates two applications, each given as `hello-server` or `hello-server:ingress`, as `juju integrate`.
    pub fn integrate(self, one: &str, other: &str) -> Self {
        self.operation(Operation::Integrate(one.to_owned(), other.to_owned()))
    }

    /// Ends the relation between two applications, as `juju remove-relation`.
    pub fn remove_relation(self, one: &str, other: &str) -> Self {
        self.operation(Operation::RemoveRelation(one.to_owned(), other.to_owned()))
    }

    /// Sets an option, as `juju config hello-server server-port=8001`. `secret:NAME` is the operator's secret of that name.
    pub fn configure(self, application: &str, option: &str, value: impl Into<Value>) -> Self {
        self.operation(Operation::Configure {
            application: application.to_owned(),
            option: option.to_owned(),
            value: Some(value.into()),
        })
    }

    /// Brings an option back to its default, as `juju config hello-server --reset server-port`.
    pub fn reset(self, application: &str, option: &str) -> Self {
        self.operation(Operation::Configure {
            application: application.to_owned(),
            option: option.to_owned(),
            value: None,
        })
    }

    /// Runs an action in a unit, such as `hello-server/0` or `hello-server/leader`, as `juju run`. What it tells is in
    /// [`ModelState::actions`].
    ///
    /// # Panics
    /// When the parameters are no map: `json!({"target": "/srv"})`.
    #[track_caller]
    pub fn run(self, unit: &str, action: &str, params: Value) -> Self {
        let Value::Object(params) = params else {
            fail(&format!("{action}: the parameters are no map: {params}"));
        };
        self.operation(Operation::Run {
            unit: unit.to_owned(),
            action: action.to_owned(),
            params,
        })
    }

    /// Lets a unit lead its application from now on; the one that led before is not told.
    pub fn set_leader(self, unit: &str) -> Self {
        self.operation(Operation::SetLeader(unit.to_owned()))
    }

    /// Adds a secret of the operator, or changes it, as `juju add-secret` and `juju update-secret`:
    /// `set_secret("admin", [("password", "hunter2")])`.
    pub fn set_secret<'a>(
        self,
        name: &str,
        content: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        let content = content.into_iter();
        self.operation(Operation::SetSecret {
            name: name.to_owned(),
            content: content
                .map(|(key, text)| (key.to_owned(), text.to_owned()))
                .collect(),
        })
    }

    /// Lets an application read a secret of the operator, as `juju grant-secret`.
    pub fn grant(self, secret: &str, application: &str) -> Self {
        self.operation(Operation::Grant {
            secret: secret.to_owned(),
            application: application.to_owned(),
        })
    }

    /// No longer lets an application read a secret of the operator, as `juju revoke-secret`.
    pub fn revoke(self, secret: &str, application: &str) -> Self {
        self.operation(Operation::Revoke {
            secret: secret.to_owned(),
            application: application.to_owned(),
        })
    }

    /// Lets time pass: after five minutes every unit has its `update-status`, and what is due of secrets comes.
    pub fn wait(self, time: Duration) -> Self {
        self.operation(Operation::Wait(time))
    }

    /// Lets a unit run its next hook or action, if it has one; the others wait meanwhile.
    pub fn hook(self, unit: &str) -> Self {
        self.then(Move::hook(unit, None))
    }

    /// Lets a unit run its next hook, while something goes wrong with one of the hook's commands. Juju runs it again later.
    pub fn hook_with_fault(self, unit: &str, fault: Fault) -> Self {
        self.then(Move::hook(unit, Some(HookFault::Command(fault))))
    }

    /// Lets a unit run its next hook, while its workload has one of its [`faults`](crate::Workload::faults).
    pub fn hook_with_workload_fault(self, unit: &str, fault: &'static str) -> Self {
        self.then(Move::hook(unit, Some(HookFault::Workload(fault))))
    }

    /// Lets a unit run what it has to run, as long as it has something; the others wait meanwhile.
    pub fn settle_unit(self, unit: &str) -> Self {
        self.then(Move::SettleUnit(unit.to_owned()))
    }

    /// Lets all units run what they have to run, before what comes next.
    pub fn settle_all(self) -> Self {
        self.then(Move::Settle)
    }

    /// Goes through all of it, and on until no unit has anything left to run; a seed decides whose hook is next.
    ///
    /// # Panics
    /// When an operator is refused, with what Juju tells them; when the units never settle.
    #[track_caller]
    #[must_use]
    pub fn settle(&self, seed: u64) -> ModelState {
        let mut randomness = Randomness::without_faults(seed);
        let steps = &mut Vec::new();
        self.end(|run, watch| schedule::play(run, &self.moves, &mut randomness, watch, steps))
    }

    /// Like [`settle`](Self::settle), in plain order: the first unit by name that has something to run is next.
    ///
    /// # Panics
    /// When an operator is refused, with what Juju tells them; when the units never settle.
    #[track_caller]
    #[must_use]
    pub fn settle_in_order(&self) -> ModelState {
        self.end(|run, watch| schedule::play_in_order(run, &self.moves, watch))
    }

    #[track_caller]
    fn end(
        &self,
        play: impl FnOnce(&mut Run<'_>, &mut Watch<'_>) -> Result<(), Breach>,
    ) -> ModelState {
        let storage = Storage::new(&self.applications);
        let mut run = Run::new(&self.applications, storage.path());
        let invariants = Invariants::default();
        let mut watch = Watch::new(&invariants).tolerant();
        if let Err(breach) = play(&mut run, &mut watch) {
            fail(&breach.to_string());
        }
        run.state()
    }

    fn operation(self, operation: Operation) -> Self {
        self.then(Move::Operation(operation))
    }

    fn then(mut self, step: Move) -> Self {
        self.moves.push(step);
        self
    }
}
