//! The order in which the hooks of a model run.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::fault::{Fault, FaultKind};
use crate::model::moves::{HookFault, Move};
use crate::model::operation::Operation;
use crate::model::run::Run;
use crate::model::watch::{Breach, Watch};

/// After that time every unit has its `update-status`.
pub(crate) const UPDATE_STATUS: Duration = Duration::from_mins(5);

/// A move, and whether it is one that was given, in the same order in every schedule.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Step {
    pub(crate) what: Move,
    pub(crate) given: bool,
}

/// What a seed decides.
pub(crate) struct Randomness {
    random: fastrand::Rng,
    /// Who has precedence, for as long as it lasts: units are away while others are busy. None lets all be equal.
    precedence: Option<BTreeMap<String, u32>>,
    /// How many hooks may still go wrong, and how often somebody else may become the leader, and time pass.
    faults: usize,
    leaders: usize,
    waits: usize,
}

impl Randomness {
    /// Whose hook is next.
    pub(crate) fn without_faults(seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let precedence = random.bool().then(BTreeMap::new);
        Self {
            random,
            precedence,
            faults: 0,
            leaders: 0,
            waits: 0,
        }
    }

    /// Also what goes wrong.
    pub(crate) fn with_faults(seed: u64) -> Self {
        let mut randomness = Self::without_faults(seed);
        randomness.faults = randomness.random.usize(0..=3);
        randomness.leaders = randomness.random.usize(0..=1);
        randomness.waits = randomness.random.usize(0..=1);
        randomness
    }

    fn pick(&mut self, busy: &[String]) -> String {
        let Some(precedence) = &mut self.precedence else {
            let chosen = self.random.usize(0..busy.len());
            return busy[chosen].clone();
        };
        for unit in busy {
            if !precedence.contains_key(unit) {
                precedence.insert(unit.clone(), self.random.u32(..));
            }
        }
        let chosen = busy.iter().max_by_key(|unit| precedence[*unit]);
        let chosen = chosen.cloned().unwrap_or_default();
        if self.random.u8(0..10) == 0 {
            precedence.insert(chosen.clone(), self.random.u32(..));
        }
        chosen
    }

    fn fault(&mut self, of_workload: &'static [&'static str]) -> Option<HookFault> {
        if self.faults == 0 || self.random.u8(0..20) > 0 {
            return None;
        }
        self.faults -= 1;
        let kinds = FaultKind::ALL.len();
        let chosen = self.random.usize(0..kinds + of_workload.len().min(1));
        Some(match FaultKind::ALL.get(chosen) {
            Some(kind) => HookFault::Command(Fault {
                command: self.random.usize(0..8),
                kind: *kind,
            }),
            None => HookFault::Workload(of_workload[self.random.usize(0..of_workload.len())]),
        })
    }

    /// Something that happens to the model beside its hooks, and that no operator does.
    fn incident(&mut self, run: &Run<'_>) -> Option<Operation> {
        if self.leaders > 0 && self.random.u8(0..40) == 0 {
            self.leaders -= 1;
            let units = run.model.units().filter(|(_, unit)| unit.is_alive);
            let units: Vec<_> = units.map(|(name, _)| name).collect();
            let chosen = self.random.choice(units);
            return chosen.map(|unit| Operation::SetLeader(unit.to_owned()));
        }
        if self.waits > 0 && self.random.u8(0..40) == 0 {
            self.waits -= 1;
            return Some(Operation::Wait(UPDATE_STATUS));
        }
        None
    }
}

/// Lets a model go through moves in an order that is decided on the way, and on until it has settled; hands back what it went
/// through.
pub(crate) fn play(
    run: &mut Run<'_>,
    moves: &[Move],
    randomness: &mut Randomness,
    watch: &mut Watch<'_>,
    steps: &mut Vec<Step>,
) -> Result<(), Breach> {
    for given in moves {
        match given {
            Move::Settle => settle(run, randomness, watch, steps, usize::MAX)?,
            Move::Operation(_) => {
                // The operator comes when the last command has just returned, somewhat later, or when all is quiet.
                let hooks = match randomness.random.u8(0..3) {
                    0 => 0,
                    1 => randomness.random.usize(1..30),
                    _ => usize::MAX,
                };
                settle(run, randomness, watch, steps, hooks)?;
                steps.push(Step {
                    what: given.clone(),
                    given: true,
                });
                go(run, given, watch)?;
            }
            Move::Hook { .. } | Move::SettleUnit(_) => {
                steps.push(Step {
                    what: given.clone(),
                    given: true,
                });
                go(run, given, watch)?;
            }
        }
    }
    settle(run, randomness, watch, steps, usize::MAX)
}

/// Lets at most so many hooks run, as long as there are any.
fn settle(
    run: &mut Run<'_>,
    randomness: &mut Randomness,
    watch: &mut Watch<'_>,
    steps: &mut Vec<Step>,
    hooks: usize,
) -> Result<(), Breach> {
    for _ in 0..hooks {
        let busy = run.model.busy_units();
        if busy.is_empty() {
            break;
        }
        let step = |what| Step { what, given: false };
        if let Some(incident) = randomness.incident(run) {
            let incident = Move::Operation(incident);
            steps.push(step(incident.clone()));
            go(run, &incident, watch)?;
        }
        let unit = randomness.pick(&busy);
        let fault = randomness.fault(run.workload_faults(&unit));
        steps.push(step(Move::hook(&unit, fault)));
        hook(run, &unit, fault, watch)?;
    }
    Ok(())
}

/// Lets a model go through moves in plain order, and on until it has settled.
pub(crate) fn play_in_order<'m>(
    run: &mut Run<'_>,
    moves: impl IntoIterator<Item = &'m Move>,
    watch: &mut Watch<'_>,
) -> Result<(), Breach> {
    for step in moves {
        go(run, step, watch)?;
    }
    go(run, &Move::Settle, watch)
}

/// Lets a model go through one move, its hooks in plain order.
pub(crate) fn go(run: &mut Run<'_>, step: &Move, watch: &mut Watch<'_>) -> Result<(), Breach> {
    match step {
        Move::Operation(operation) => {
            watch.operated(operation);
            if run.perform(operation).is_ok() {
                return Ok(());
            }
            // What is in the way may be on its way out.
            go(run, &Move::Settle, watch)?;
            let refused = |error: anyhow::Error| Breach::Refused(format!("{operation}: {error:#}"));
            run.perform(operation).map_err(refused)
        }
        Move::Hook { unit, fault } => hook(run, unit, *fault, watch).map(drop),
        Move::SettleUnit(unit) => {
            while hook(run, unit, None, watch)? {}
            Ok(())
        }
        Move::Settle => {
            while let Some(unit) = run.model.busy_units().first() {
                hook(run, unit, None, watch)?;
            }
            Ok(())
        }
    }
}

/// Lets a unit run its next hook; whether it had one.
fn hook(
    run: &mut Run<'_>,
    unit: &str,
    fault: Option<HookFault>,
    watch: &mut Watch<'_>,
) -> Result<bool, Breach> {
    match run.hook(unit, fault) {
        None => Ok(false),
        Some(ran) => watch.seen(run, &ran).map(|()| true),
    }
}
