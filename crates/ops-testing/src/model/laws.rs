//! The laws of a model: whatever order its hooks run in, and whatever goes wrong on the way, it ends as it should.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crate::context::fail;
use crate::model::model_state::ModelState;
use crate::model::scenario::Model;
use crate::model::shrink::shortest;
use crate::model::standard::with_standard_operations;
use crate::model::trial::{Found, Trial};
use crate::model::violation::ModelViolation;
use crate::model::watch::{Invariant, Reached};

/// How many schedules are tried unless a test says otherwise.
const SCHEDULES: u64 = 1_000;

/// Checks that a model keeps the laws of a model, each [`ModelLaw`](crate::ModelLaw) in many schedules:
/// `of_model(model).check()`.
///
/// A schedule is an order in which the hooks of the units run, by Juju's rules, and in which the operations of the model come
/// between them. On the way hook commands are refused, charms are killed, workloads fail, leaders change, and agents are away
/// for a while. A model that no operation was added to is deployed with two units of each application, related wherever that
/// is possible, scaled, reconfigured and taken apart again.
///
/// ```no_run
/// # use ops::{Charm, Result, Status, Unit};
/// # struct Website;
/// # impl Charm for Website {
/// #     fn reconcile(&mut self, unit: &Unit) -> Result<Status> {
/// #         Ok(Status::active())
/// #     }
/// # }
/// use ops_testing::{Application, Model, laws};
///
/// laws::of_model(Model::of([Application::new(|_: &()| Website)])).check();
/// ```
pub fn of_model(model: Model) -> ModelLaws {
    ModelLaws {
        trial: Trial::new(with_standard_operations(model)),
        schedules: SCHEDULES,
    }
}

/// The laws of a model; see [`of_model`].
#[must_use = "nothing is checked before `check`"]
pub struct ModelLaws {
    trial: Trial,
    schedules: u64,
}

/// What schedules have reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelReport {
    /// How many schedules were tried.
    pub schedules: u64,
    /// How many of them were different from all others.
    pub distinct: usize,
    /// How many hooks have run in all of them.
    pub hooks: usize,
    /// By application: the hooks and actions that were reached, such as `("web", "config-changed")`.
    pub kinds: BTreeSet<(String, String)>,
    /// By application: what was run directly after what in a unit, such as `("web", "start", "update-status")`.
    pub pairs: BTreeSet<(String, String, String)>,
}

impl ModelLaws {
    /// Tries so many schedules, instead of 1,000; always the same.
    pub fn with_schedules(mut self, count: u64) -> Self {
        self.schedules = count;
        self
    }

    /// Lets nothing go wrong: only the order differs.
    pub fn without_faults(mut self) -> Self {
        self.trial.faults = false;
        self
    }

    /// Demands what must be true after every hook: `always("one leader at most writes", |model| …)`.
    pub fn always(
        mut self,
        name: &str,
        holds: impl Fn(&ModelState) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.trial.invariants.always.push(invariant(name, holds));
        self
    }

    /// Demands what must be true when all units have settled: `eventually("all are active", |model| …)`.
    pub fn eventually(
        mut self,
        name: &str,
        holds: impl Fn(&ModelState) -> bool + Send + Sync + 'static,
    ) -> Self {
        let invariants = &mut self.trial.invariants;
        invariants.eventually.push(invariant(name, holds));
        self
    }

    /// Checks all laws, and says what was reached.
    ///
    /// # Panics
    /// When the model breaks a law, with the [`ModelViolation`]; when Juju refuses one of its operations.
    #[track_caller]
    #[expect(
        clippy::must_use_candidate,
        reason = "most tests ask only whether the laws are kept"
    )]
    pub fn check(self) -> ModelReport {
        match self.try_check() {
            Ok(report) => report,
            Err(violation) => fail(&violation.to_string()),
        }
    }

    /// Like [`check`](Self::check), with the first schedule that breaks a law as an error.
    ///
    /// # Errors
    /// Tells the law, and the shortest schedule that was found to break it.
    ///
    /// # Panics
    /// When Juju refuses one of the model's operations.
    #[track_caller]
    pub fn try_check(self) -> Result<ModelReport, ModelViolation> {
        let trial = self.trial;
        let expected = match trial.expected() {
            Ok(expected) => expected,
            Err(found) => return Err(shortest(&trial, None, found)),
        };
        let all = explore(&trial, &expected, self.schedules);
        if let Some((seed, found)) = all.first {
            return Err(shortest(&trial, Some(seed), found));
        }
        if let Some(unread) = all.reached.unread() {
            return Err(ModelViolation::unread(&trial, &unread));
        }
        Ok(ModelReport {
            schedules: self.schedules,
            distinct: all.distinct.len(),
            hooks: all.reached.hooks,
            kinds: all.reached.kinds,
            pairs: all.reached.pairs,
        })
    }
}

/// What was found in all schedules.
#[derive(Default)]
struct Explored {
    /// The first schedule that breaks a law, by its seed.
    first: Option<(u64, Found)>,
    reached: Reached,
    distinct: BTreeSet<u64>,
}

/// Tries the schedules of all seeds, on every core.
fn explore(trial: &Trial, expected: &ModelState, schedules: u64) -> Explored {
    let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let (next, last) = (AtomicU64::new(0), AtomicU64::new(schedules));
    let all = Mutex::new(Explored::default());
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                let mut mine = Explored::default();
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= last.load(Ordering::Relaxed) {
                        break;
                    }
                    let tried = trial.schedule(seed, expected);
                    mine.reached.extend(tried.reached);
                    mine.distinct.insert(tried.schedule);
                    if let Some(found) = tried.found {
                        last.fetch_min(seed, Ordering::Relaxed);
                        mine.first = Some((seed, found));
                        break;
                    }
                }
                let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
                all.reached.extend(mine.reached);
                all.distinct.extend(mine.distinct);
                let firsts = [all.first.take(), mine.first].into_iter().flatten();
                all.first = firsts.min_by_key(|(seed, _)| *seed);
            });
        }
    });
    all.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn invariant(name: &str, holds: impl Fn(&ModelState) -> bool + Send + Sync + 'static) -> Invariant {
    Invariant {
        name: name.to_owned(),
        holds: Arc::new(holds),
    }
}

impl fmt::Debug for ModelLaws {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ModelLaws")
            .field("model", &self.trial.model)
            .field("schedules", &self.schedules)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for ModelReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            formatter,
            "{} schedules, {} of them different; {} hooks",
            self.schedules, self.distinct, self.hooks
        )?;
        let mut by_application: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        for (application, _) in &self.kinds {
            by_application.entry(application).or_default().0 += 1;
        }
        for (application, ..) in &self.pairs {
            by_application.entry(application).or_default().1 += 1;
        }
        for (application, (kinds, pairs)) in by_application {
            writeln!(
                formatter,
                "{application}: {kinds} kinds of hooks and actions, {pairs} pairs of them next to each other"
            )?;
        }
        Ok(())
    }
}
