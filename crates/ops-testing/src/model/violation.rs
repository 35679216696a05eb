//! How a model that breaks a law is told.

use std::collections::BTreeSet;
use std::fmt::{self, Write as _};

use crate::laws::difference::difference_of;
use crate::model::moves::Move;
use crate::model::run::Ran;
use crate::model::trial::{Broken, Found, Trial};
use crate::model::watch::Breach;

/// How many of a unit's last hooks are told.
const HOOKS: usize = 4;

/// What a model promises whose charms are holistic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelLaw {
    /// A hook ends well when nothing goes wrong with it.
    EndsWell,
    /// The units settle: they do not answer each other's changes without an end.
    Settles,
    /// From the same operations, every schedule ends in the same state.
    SameEnd,
    /// What is published again and again is read by some other unit.
    WrittenIsRead,
    /// What a test demands after every hook, or when all units have settled.
    Invariant,
}

impl ModelLaw {
    /// What to look for in a charm that breaks it.
    fn advice(self) -> &'static str {
        match self {
            Self::EndsWell => {
                "return Error::waiting for what others have still to publish, and Error::blocked where the operator must act"
            }
            Self::Settles => {
                "publish what follows from the unit and its configuration; what answers every change of the other side has \
                 no end, such as counters and times"
            }
            Self::SameEnd => {
                "work out at every event what should be from what is true now: who leads, who is related, what they have \
                 published; remember nothing, and do nothing in one event only"
            }
            Self::WrittenIsRead => "publish only what the interface asks for",
            Self::Invariant => "let each hook leave the unit as the test demands it",
        }
    }
}

impl fmt::Display for ModelLaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EndsWell => "a hook ends well when nothing goes wrong",
            Self::Settles => "the units settle",
            Self::SameEnd => "whatever the order of hooks, the end is the same",
            Self::WrittenIsRead => "what is published again and again is read",
            Self::Invariant => "what the test demands is true",
        })
    }
}

/// A law that a model breaks, with the shortest schedule that was found to show it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the model breaks a law: {law}\n\n{story}\nhint: {}\n", law.advice())]
pub struct ModelViolation {
    /// The law.
    pub law: ModelLaw,
    /// The seed whose schedule was made shorter; none when the model breaks the law in plain order.
    pub seed: Option<u64>,
    /// The schedule, as the calls that replay it: `[".deploy(\"web\", 2)", ".settle_unit(\"web/0\")"]`.
    pub steps: Vec<String>,
    /// How it ends, what the hooks did, and how to replay it, in several lines.
    pub story: String,
}

impl ModelViolation {
    pub(crate) fn new(trial: &Trial, seed: Option<u64>, found: &Found) -> Self {
        let steps = found.steps.iter().map(|step| step.what.to_string());
        let steps: Vec<_> = steps.collect();
        let (complaint, units) = complaint(found);
        let seed_line = match seed {
            Some(seed) => format!("found with seed {seed}, and made as short as it goes"),
            None => "found in plain order, every operation after all units have settled".to_owned(),
        };
        let parts = [
            complaint,
            last_hooks(&found.ran, &units),
            format!(
                "{seed_line}; to replay it:\n{}",
                replay(trial, &steps, found)
            ),
        ];
        let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        Self {
            law: found.law(),
            seed,
            steps,
            story: parts.join("\n"),
        }
    }

    /// Nobody reads what is published again and again, in none of the schedules.
    pub(crate) fn unread(trial: &Trial, complaint: &str) -> Self {
        let moves = trial.model.moves.iter().map(ToString::to_string);
        Self {
            law: ModelLaw::WrittenIsRead,
            seed: None,
            steps: moves.collect(),
            story: format!("{complaint}\n"),
        }
    }
}

impl Found {
    pub(crate) fn law(&self) -> ModelLaw {
        match &self.broken {
            Broken::End { .. } => ModelLaw::SameEnd,
            Broken::Breach(breach) => match breach {
                Breach::HookFailed(_) | Breach::Refused(_) => ModelLaw::EndsWell,
                Breach::NeverSettles(_) => ModelLaw::Settles,
                Breach::Violated { .. } => ModelLaw::Invariant,
            },
        }
    }
}

/// What is wrong, and the units that it is about.
fn complaint(found: &Found) -> (String, BTreeSet<String>) {
    match &found.broken {
        Broken::End { expected, is } => {
            let (expected, is) = (expected.fields(), is.fields());
            let names = expected.keys().chain(is.keys());
            let differ = names.filter(|name| expected.get(*name) != is.get(*name));
            let units = differ.filter_map(|name| name.split(':').next());
            let units = units.filter(|unit| unit.contains('/'));
            let text = difference_of(&expected, &is);
            (text, units.map(str::to_owned).collect())
        }
        Broken::Breach(breach) => {
            let units = match breach {
                Breach::HookFailed(ran) => BTreeSet::from([ran.unit.clone()]),
                _ => found
                    .ran
                    .last()
                    .map(|ran| ran.unit.clone())
                    .into_iter()
                    .collect(),
            };
            (format!("{breach}\n"), units)
        }
    }
}

/// The last hooks of these units, in the order in which they ran, with their commands.
fn last_hooks(ran: &[Ran], units: &BTreeSet<String>) -> String {
    let mut told: Vec<&Ran> = Vec::new();
    for ran in ran.iter().rev().filter(|ran| units.contains(&ran.unit)) {
        if told.iter().filter(|it| it.unit == ran.unit).count() < HOOKS {
            told.push(ran);
        }
    }
    let lines = told.into_iter().rev().map(|ran| {
        let failure = ran.failure.as_ref();
        let failure = failure.map_or_else(String::new, |why| format!("  failed: {why}\n"));
        let commands = ran
            .commands
            .iter()
            .map(|command| format!("    {command}\n"));
        let commands: String = commands.collect();
        format!("  {}: {}\n{commands}{failure}", ran.unit, ran.hook)
    });
    let lines: String = lines.collect();
    if lines.is_empty() {
        return lines;
    }
    format!("the last hooks, and their commands:\n{lines}")
}

/// The code that replays it, with what each hook is.
fn replay(trial: &Trial, steps: &[String], found: &Found) -> String {
    let names = trial
        .model
        .applications
        .iter()
        .map(|it| it.name.replace('-', "_"));
    let names: Vec<_> = names.collect();
    let mut code = format!("  Model::of([{}])\n", names.join(", "));
    let mut before = 0;
    for (index, step) in steps.iter().enumerate() {
        let after = found.marks.get(index).copied().unwrap_or(before);
        let hooks = found.ran.get(before..after).unwrap_or_default();
        let comment = match (&found.steps[index].what, hooks) {
            (Move::Hook { .. }, [ran]) => format!(" // {}", ran.hook),
            _ => String::new(),
        };
        before = after;
        let _ = writeln!(code, "      {step}{comment}");
    }
    code + "      .settle_in_order();\n"
}
