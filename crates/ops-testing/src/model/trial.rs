//! One schedule of a model, and how it should have ended.

use std::collections::BTreeMap;

use crate::model::model_state::ModelState;
use crate::model::moves::{HookFault, Move};
use crate::model::operation::Operation;
use crate::model::run::{Ran, Run, Storage};
use crate::model::scenario::Model;
use crate::model::schedule::{self, Randomness, Step, UPDATE_STATUS, go};
use crate::model::watch::{Breach, Invariants, Reached, Watch};

/// A model whose schedules are tried.
pub(crate) struct Trial {
    pub(crate) model: Model,
    pub(crate) invariants: Invariants,
    /// Whether something goes wrong on the way.
    pub(crate) faults: bool,
}

/// A schedule that breaks a law.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) steps: Vec<Step>,
    pub(crate) broken: Broken,
    /// What has run.
    pub(crate) ran: Vec<Ran>,
    /// How much of that had run after each of the steps.
    pub(crate) marks: Vec<usize>,
}

/// How a law is broken.
#[derive(Debug)]
pub(crate) enum Broken {
    /// On the way.
    Breach(Breach),
    /// It ends otherwise.
    End {
        expected: Box<ModelState>,
        is: Box<ModelState>,
    },
}

/// What one schedule has come to.
pub(crate) struct Tried {
    pub(crate) found: Option<Found>,
    pub(crate) reached: Reached,
    /// A number that tells one schedule from another.
    pub(crate) schedule: u64,
}

impl Trial {
    pub(crate) fn new(model: Model) -> Self {
        Self {
            model,
            invariants: Invariants::default(),
            faults: true,
        }
    }

    /// How the model ends when every operation waits until all units have settled, and nothing goes wrong.
    pub(crate) fn expected(&self) -> Result<ModelState, Found> {
        self.expected_of(&self.model.moves)
    }

    pub(crate) fn expected_of(&self, given: &[Move]) -> Result<ModelState, Found> {
        let calm = given.iter().flat_map(|given| [given.clone(), Move::Settle]);
        let steps = calm.map(|what| Step { what, given: true });
        let steps: Vec<_> = steps.collect();
        self.follow(&steps, None)
    }

    /// Lets the model go through steps, in plain order where they leave one open; hands back how it ends. Where an end is
    /// expected, it has to be that one.
    pub(crate) fn follow(
        &self,
        steps: &[Step],
        expected: Option<&ModelState>,
    ) -> Result<ModelState, Found> {
        let storage = Storage::new(&self.model.applications);
        let mut run = Run::new(&self.model.applications, storage.path());
        let mut watch = Watch::new(&self.invariants).keeping();
        let mut steps = steps.to_vec();
        let mut marks = Vec::new();
        let played = steps.iter().try_for_each(|step| {
            let played = go(&mut run, &step.what, &mut watch);
            marks.push(watch.ran.as_ref().map_or(0, Vec::len));
            played
        });
        let played = played.and_then(|()| go(&mut run, &Move::Settle, &mut watch));
        let ended = played.and_then(|()| end(&mut run, &mut watch, &mut steps, expected));
        let broken = match ended {
            Ok(end) => match expected {
                Some(expected) if end != *expected => Broken::End {
                    expected: Box::new(expected.clone()),
                    is: Box::new(end),
                },
                _ => return Ok(end),
            },
            Err(breach) => Broken::Breach(breach),
        };
        Err(Found {
            steps,
            broken,
            ran: watch.ran.unwrap_or_default(),
            marks,
        })
    }

    /// Tries the schedule of a seed.
    pub(crate) fn schedule(&self, seed: u64, expected: &ModelState) -> Tried {
        let storage = Storage::new(&self.model.applications);
        let mut run = Run::new(&self.model.applications, storage.path());
        let mut watch = Watch::new(&self.invariants);
        let mut randomness = if self.faults {
            Randomness::with_faults(seed)
        } else {
            Randomness::without_faults(seed)
        };
        let mut steps = Vec::new();
        let moves = &self.model.moves;
        let played = schedule::play(&mut run, moves, &mut randomness, &mut watch, &mut steps);
        let ended = played.and_then(|()| end(&mut run, &mut watch, &mut steps, Some(expected)));
        let broken = match ended {
            Ok(end) if end == *expected => None,
            Ok(end) => Some(Broken::End {
                expected: Box::new(expected.clone()),
                is: Box::new(end),
            }),
            Err(breach) => Some(Broken::Breach(breach)),
        };
        Tried {
            found: broken.map(|broken| Found {
                steps,
                broken,
                ran: Vec::new(),
                marks: Vec::new(),
            }),
            schedule: watch.schedule(),
            reached: watch.reached,
        }
    }
}

/// Brings a model that has settled to where it can be compared: to the leaders that are expected; and where something went
/// wrong with a workload, on which no hook follows, past the next `update-status`.
fn end(
    run: &mut Run<'_>,
    watch: &mut Watch<'_>,
    steps: &mut Vec<Step>,
    expected: Option<&ModelState>,
) -> Result<ModelState, Breach> {
    let mut last = Vec::new();
    if steps.iter().any(Step::is_workload_fault) {
        last.push(Operation::Wait(UPDATE_STATUS));
    }
    let leaders: BTreeMap<_, _> = run
        .model
        .applications()
        .filter_map(|(name, application)| Some((name.to_owned(), application.leader?)))
        .collect();
    for (name, leader) in leaders {
        let expected = expected.and_then(|expected| expected.leader(&name));
        if let Some(expected) = expected.filter(|expected| **expected != leader)
            && run.model.units().any(|(unit, _)| unit == expected)
        {
            last.push(Operation::SetLeader(expected.clone()));
        }
    }
    for operation in last {
        for what in [Move::Operation(operation), Move::Settle] {
            go(run, &what, watch)?;
            steps.push(Step { what, given: false });
        }
    }
    let end = run.state();
    watch.settled(&end)?;
    Ok(end)
}

impl Step {
    fn is_workload_fault(&self) -> bool {
        let fault = match &self.what {
            Move::Hook { fault, .. } => *fault,
            _ => None,
        };
        matches!(fault, Some(HookFault::Workload(_)))
    }
}
