//! The shortest schedule that breaks a law.

use crate::context::fail;
use crate::model::moves::Move;
use crate::model::operation::Operation;
use crate::model::schedule::Step;
use crate::model::trial::{Broken, Found, Trial};
use crate::model::violation::{ModelLaw, ModelViolation};
use crate::model::watch::Breach;

/// How many shorter schedules are tried at most.
const ATTEMPTS: usize = 3_000;

/// Makes a schedule that breaks a law as short as can be, and tells it.
///
/// # Panics
/// When the model breaks none, and an operator is refused.
#[track_caller]
pub(crate) fn shortest(trial: &Trial, seed: Option<u64>, found: Found) -> ModelViolation {
    if let Broken::Breach(refused @ Breach::Refused(_)) = &found.broken {
        let with = seed.map_or_else(String::new, |seed| format!(" (seed {seed})"));
        fail(&format!("{refused}{with}"));
    }
    let mut shrinking = Shrinking {
        trial,
        // In plain order it may end well; then it is told as it was found.
        best: trial.again(&found.steps, &found).unwrap_or(found),
        attempts: 0,
    };
    shrinking.shrink();
    let best = shrinking.best;
    // With the steps that bring it to where its end can be compared.
    let told = trial.again(&best.steps, &best).unwrap_or(best);
    ModelViolation::new(trial, seed, &told)
}

struct Shrinking<'a> {
    trial: &'a Trial,
    best: Found,
    attempts: usize,
}

impl Shrinking<'_> {
    fn shrink(&mut self) {
        self.let_all_settle();
        loop {
            let before = self.best.steps.clone();
            self.remove();
            self.let_units_settle();
            self.simplify();
            if self.best.steps == before || self.attempts >= ATTEMPTS {
                break;
            }
        }
    }

    /// Takes a candidate for the best if it breaks the same law.
    fn try_it(&mut self, steps: Vec<Step>) -> bool {
        if self.attempts >= ATTEMPTS || steps == self.best.steps {
            return false;
        }
        self.attempts += 1;
        match self.trial.again(&steps, &self.best) {
            Some(found) => {
                self.best = found;
                // Those that were added to compare the ends are added anew each time.
                self.best.steps = steps;
                true
            }
            None => false,
        }
    }

    /// Replaces what runs between two operations by all that can run, or by nothing.
    fn let_all_settle(&mut self) {
        let is_hook = |step: &Step| !matches!(step.what, Move::Operation(_));
        let mut start = 0;
        while start < self.best.steps.len() {
            let steps = &self.best.steps;
            let end = steps[start..].iter().position(|step| !is_hook(step));
            let end = end.map_or(steps.len(), |length| start + length);
            let mut next = start + 1;
            if end > start + 1 {
                let settled = Step {
                    what: Move::Settle,
                    given: false,
                };
                let replaced = |by: &[Step]| [&steps[..start], by, &steps[end..]].concat();
                let (nothing, settled) = (replaced(&[]), replaced(&[settled]));
                if self.try_it(nothing) {
                    next = start;
                } else if !self.try_it(settled) {
                    next = end;
                }
            }
            start = next;
        }
    }

    /// Leaves out what it does not take.
    fn remove(&mut self) {
        let mut size = (self.best.steps.len() / 2).max(1);
        loop {
            let mut start = 0;
            while start < self.best.steps.len() {
                let mut steps = self.best.steps.clone();
                let end = (start + size).min(steps.len());
                steps.drain(start..end);
                if !self.try_it(steps) {
                    start += size;
                }
            }
            if size == 1 {
                break;
            }
            size /= 2;
        }
    }

    /// Lets a unit run all that it has to run instead of a hook or some, or all units.
    fn let_units_settle(&mut self) {
        let mut start = 0;
        while start < self.best.steps.len() {
            let Some(unit) = plain_hook(&self.best.steps[start]).map(str::to_owned) else {
                start += 1;
                continue;
            };
            let steps = &self.best.steps;
            let rest = steps[start..].iter();
            let of_unit = rest.take_while(|step| plain_hook(step) == Some(&unit));
            let end = start + of_unit.count();
            for what in [Move::Settle, Move::SettleUnit(unit.clone())] {
                let by = Step { what, given: false };
                let steps = &self.best.steps;
                let replaced = [&steps[..start], &[by], &steps[end..]].concat();
                if self.try_it(replaced) {
                    break;
                }
            }
            start = end.min(self.best.steps.len()).max(start + 1);
        }
    }

    /// Lets nothing go wrong with a hook, deploys fewer units, and lets all settle instead of one.
    fn simplify(&mut self) {
        for index in 0..self.best.steps.len() {
            loop {
                let Some(step) = self.best.steps.get(index) else {
                    return;
                };
                let mut simpler = step.clone();
                match &mut simpler.what {
                    Move::Hook { fault, .. } if fault.is_some() => *fault = None,
                    Move::Operation(Operation::Deploy { units, .. }) if *units > 1 => *units -= 1,
                    what @ Move::SettleUnit(_) => *what = Move::Settle,
                    _ => break,
                }
                let mut steps = self.best.steps.clone();
                steps[index] = simpler;
                if !self.try_it(steps) {
                    break;
                }
            }
        }
    }
}

/// The unit whose next hook it is, with which nothing goes wrong.
fn plain_hook(step: &Step) -> Option<&str> {
    match &step.what {
        Move::Hook { unit, fault: None } => Some(unit),
        _ => None,
    }
}

impl Trial {
    /// Lets the model go through steps in which the same law may be broken; none when it is not.
    fn again(&self, steps: &[Step], found: &Found) -> Option<Found> {
        let given = steps.iter().filter(|step| step.given);
        let given: Vec<_> = given.map(|step| step.what.clone()).collect();
        // What a test demands may be about any unit that it has.
        if found.law() == ModelLaw::Invariant && operations(&given) != operations(&self.model.moves)
        {
            return None;
        }
        let again = match self.expected_of(&given) {
            Ok(expected) => self.follow(steps, Some(&expected)).err(),
            // When it breaks it without any schedule, that is all the simpler.
            Err(calm) => Some(calm).filter(|_| found.is_calm()),
        };
        again.filter(|again| again.law() == found.law() && !again.is_refused())
    }
}

fn operations(moves: &[Move]) -> Vec<&Move> {
    let moves = moves.iter();
    moves
        .filter(|it| matches!(it, Move::Operation(_)))
        .collect()
}

impl Found {
    /// An operation makes no sense without others.
    fn is_refused(&self) -> bool {
        matches!(self.broken, Broken::Breach(Breach::Refused(_)))
    }

    /// Nothing has gone wrong on the way, and all units have settled between the operations.
    fn is_calm(&self) -> bool {
        self.steps.iter().all(|step| step.given)
    }
}
