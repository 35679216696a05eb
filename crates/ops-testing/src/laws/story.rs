//! Stories: a given state, and the events that come.

use std::fmt::Write as _;

use ops::{Event, SecretId};
use serde_json::Value;

use crate::context::Context;
use crate::fault::{Fault, FaultKind};
use crate::laws::difference::Situation;
use crate::laws::relation_story::RelationStep;
use crate::laws::rust_code;
use crate::outcome::{Exit, Outcome};
use crate::state::storage::{self, Storage};
use crate::state::{State, secret};
use crate::workload::Workload;

/// A given state and what happens then. The workload is at first as it was before the charm was installed.
#[derive(Clone, Debug)]
pub(super) struct Story {
    pub(super) given: State,
    pub(super) steps: Vec<Step>,
}

/// An event, with what the operator does before it and what goes wrong meanwhile.
#[derive(Clone, Debug)]
pub(super) struct Step {
    /// The option that the operator sets before, as by `juju config hello-server server-port=6789`.
    pub(super) config: Option<(String, Value)>,
    pub(super) event: Event,
    /// The parameters, of an action.
    pub(super) params: Option<Value>,
    /// Whether the unit leads by then, where that changes.
    pub(super) leader: Option<bool>,
    /// What is true of a relation by then.
    pub(super) relation: Option<RelationStep>,
    /// A storage that the unit has by then, and how many of its name it can have at most.
    pub(super) storage: Option<(Storage, Option<u32>)>,
    /// The secret of others that the unit may no longer read by then.
    pub(super) revoked: Option<SecretId>,
    pub(super) fault: Option<StepFault>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum StepFault {
    HookCommand(Fault),
    Workload(&'static str),
}

/// One step as it went.
pub(super) struct Told {
    pub(super) before: Situation,
    pub(super) outcome: Outcome,
    pub(super) after: Situation,
}

impl From<Event> for Step {
    fn from(event: Event) -> Self {
        Self {
            config: None,
            params: None,
            leader: (event == Event::LeaderElected).then_some(true),
            relation: match event {
                Event::Stop | Event::Remove => Some(RelationStep::AllGone),
                _ => None,
            },
            event,
            storage: None,
            revoked: None,
            fault: None,
        }
    }
}

impl Step {
    /// The state that the event finds.
    pub(super) fn prepare(&self, state: &State) -> State {
        let mut state = state.clone();
        if let Some((option, value)) = &self.config {
            state = state.with_config(option, value.clone());
        }
        if let Some(relation) = &self.relation {
            relation.prepare(&mut state);
            secret::end_grants(&mut state.secrets, &state.relations);
        }
        if let Some(revoked) = &self.revoked {
            state = state.without_secret(revoked);
        }
        if let Some((storage, maximum)) = &self.storage
            && !state.storages.contains(storage)
        {
            let mut room = maximum.unwrap_or(u32::MAX);
            state.storages.retain(|it| {
                let is_other = it.name != storage.name;
                room = room.saturating_sub(u32::from(!is_other));
                is_other || room > 0
            });
            state.storages.push(storage.clone());
        }
        if matches!(self.event, Event::Stop | Event::Remove) {
            // All of it is detached before.
            state.storages.clear();
            state.storage_to_come.clear();
        }
        state.leader = self.leader.unwrap_or(state.leader);
        state
    }

    /// The state after the event, when nothing of it was the charm's doing.
    pub(super) fn conclude(&self, mut state: State) -> State {
        if let Some(relation) = &self.relation {
            relation.conclude(&mut state);
            secret::end_grants(&mut state.secrets, &state.relations);
        }
        storage::leave(&mut state.storages, &self.event);
        state
    }

    fn run(&self, context: &Context, state: &State) -> Outcome {
        match (&self.event, &self.params) {
            (Event::Action(action), Some(params)) => {
                context.run_action(&action.name, params.clone(), state)
            }
            (event, _) => context.run(event, state),
        }
    }

    fn text(&self, outcome: &Outcome) -> String {
        let mut text = String::new();
        if let Some((option, value)) = &self.config {
            let _ = write!(text, "{option} is set to {value}, then ");
        }
        if self.leader == Some(false) {
            text += "the unit leads no more, then ";
        }
        if let Some(secret) = &self.revoked {
            let _ = write!(text, "the unit may no longer read {secret}, then ");
        }
        let _ = write!(text, "{}", self.event);
        if let Some(params) = &self.params {
            let _ = write!(text, ", an action, with {params}");
        }
        match self.fault {
            Some(StepFault::HookCommand(fault)) => {
                let what = match fault.kind {
                    FaultKind::Refused => "is refused",
                    FaultKind::CommandKilled => "is killed",
                    FaultKind::CharmKilled => "is carried out, and then the charm is killed",
                };
                let command = outcome.hook_commands.get(fault.command);
                let command = command.map(String::as_str).unwrap_or_default();
                let number = fault.command + 1;
                let _ = write!(text, "; its hook command {number}, `{command}`, {what}");
            }
            Some(StepFault::Workload(fault)) => {
                let _ = write!(text, "; meanwhile {fault}");
            }
            None => {}
        }
        text
    }
}

/// Numbers that no given state is likely to have.
const ADDED_STORAGE: u64 = 3_000;

/// Juju brings what the charm has asked for before anything else happens.
fn bring_storage(state: &mut State, context: &Context) {
    for (name, count) in std::mem::take(&mut state.storage_to_come) {
        for _ in 0..count {
            let numbers = state.storages.iter().map(|it| it.number + 1);
            let number = numbers.max().unwrap_or_default().max(ADDED_STORAGE);
            state.storages.push(context.storage(&name, number));
        }
    }
}

impl Story {
    /// The same, and then this.
    pub(super) fn and(&self, steps: impl IntoIterator<Item = Step>) -> Self {
        let mut story = self.clone();
        story.steps.extend(steps);
        story
    }

    /// The last event once more.
    pub(super) fn again(&self) -> Option<Step> {
        self.steps.last().map(|step| Step {
            config: None,
            fault: None,
            ..step.clone()
        })
    }

    /// Lets it happen, and tells how each step went.
    pub(super) fn tell<W: Workload>(&self, context: &Context, workload: &mut W) -> Vec<Told> {
        workload.reset();
        let mut state = self.given.clone();
        let mut told = Vec::new();
        for step in &self.steps {
            state = step.prepare(&state);
            let before = Situation {
                state: state.clone(),
                workload: workload.snapshot(),
            };
            let outcome = match step.fault {
                None => step.run(context, &state),
                Some(StepFault::HookCommand(fault)) => {
                    context.run_with_fault(&step.event, &state, fault)
                }
                Some(StepFault::Workload(fault)) => {
                    workload.set_fault(Some(fault));
                    let outcome = context.run(&step.event, &state);
                    workload.set_fault(None);
                    outcome
                }
            };
            state = step.conclude(outcome.state.clone());
            bring_storage(&mut state, context);
            let after = Situation {
                state: state.clone(),
                workload: workload.snapshot(),
            };
            told.push(Told {
                before,
                outcome,
                after,
            });
        }
        told
    }

    /// Given what, when what.
    pub(super) fn text(&self, told: &[Told]) -> String {
        let mut text = format!("given: {}\n", rust_code::state(&self.given));
        for (index, (step, told)) in self.steps.iter().zip(told).enumerate() {
            let _ = writeln!(text, "{}. {}", index + 1, step.text(&told.outcome));
        }
        text
    }

    /// The hook commands of the last steps, from number `from` on, and how their hooks ended.
    pub(super) fn hook_commands(&self, told: &[Told], from: usize) -> String {
        let mut text = String::new();
        for (index, (step, told)) in self.steps.iter().zip(told).enumerate().skip(from) {
            let outcome = &told.outcome;
            let end = match outcome.exit {
                Exit::Code(0) => "ended well".to_owned(),
                Exit::Code(code) => format!("failed with exit code {code}"),
                Exit::Signal(signal) => format!("was killed by signal {signal}"),
                Exit::CommitRefused => "failed: Juju could not do what it asked for".to_owned(),
            };
            let _ = writeln!(text, "{}. {} {end}; it ran", index + 1, step.event);
            for command in &outcome.hook_commands {
                let dropped = outcome.rolled_back.contains(command);
                let dropped = if dropped { " (dropped by Juju)" } else { "" };
                let _ = writeln!(text, "  {command}{dropped}");
            }
            for error in outcome.errors() {
                let _ = writeln!(text, "  and logged: {error}");
            }
        }
        text
    }

    /// The Rust code that lets it happen in a test.
    pub(super) fn replay(&self, told: &[Told]) -> String {
        let mut text = String::new();
        let mut state = rust_code::state(&self.given);
        for (step, told) in self.steps.iter().zip(told) {
            if let Some((option, value)) = &step.config {
                state += &rust_code::with_config(option, value);
            }
            if step.relation.is_some() {
                state += &rust_code::with_relations(&told.before.state.relations);
            }
            if let Some(secret) = &step.revoked {
                state = format!(
                    "{state}.without_secret(&{:?}.parse().unwrap())",
                    secret.to_string()
                );
            }
            if let Some(leads) = step.leader {
                state = if leads {
                    format!("{state}.as_leader()")
                } else {
                    format!("State {{ leader: false, ..{state} }}")
                };
            }
            let event = rust_code::event(&step.event);
            let _ = match step.fault {
                None if step.params.is_some() => {
                    let (name, params) =
                        (step.event.name(), step.params.clone().unwrap_or_default());
                    writeln!(
                        text,
                        "let then = context.run_action({name:?}, json!({params}), &{state});"
                    )
                }
                None => writeln!(text, "let then = context.run(&{event}, &{state});"),
                Some(StepFault::HookCommand(Fault { command, kind })) => writeln!(
                    text,
                    "let then = context.run_with_fault(&{event}, &{state}, Fault {{ command: {command}, kind: FaultKind::{kind:?} }});",
                ),
                Some(StepFault::Workload(fault)) => writeln!(
                    text,
                    "workload.set_fault(Some({fault:?}));\nlet then = context.run(&{event}, &{state});\nworkload.set_fault(None);",
                ),
            };
            "then.state".clone_into(&mut state);
        }
        text
    }
}
