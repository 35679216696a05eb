//! Whether a story keeps the laws.

use std::collections::BTreeMap;

use juju_emulator::{TakesEffect, takes_effect};
use ops::Event;
use serde_json::{Value, json};

use crate::context::Context;
use crate::laws::difference::Situation;
use crate::laws::law::{Law, Violation};
use crate::laws::story::{Step, Story, Told};
use crate::state::ports::read_ports;
use crate::state::relation::Relation;
use crate::state::{State, secret};
use crate::workload::Workload;

pub(super) type Verdict<T = ()> = Result<T, Violation>;

pub(super) struct Judge<'a, W> {
    context: &'a Context,
    pub(super) workload: W,
    /// What the operator may set.
    changes: Vec<(String, Value)>,
    /// The workload before the charm is installed.
    no_workload: Value,
    /// What the charm makes of a given state at `config-changed`, by the state.
    asked_for: BTreeMap<String, Situation>,
}

impl<'a, W: Workload> Judge<'a, W> {
    pub(super) fn new(
        context: &'a Context,
        mut workload: W,
        changes: Vec<(String, Value)>,
    ) -> Self {
        workload.reset();
        Self {
            context,
            no_workload: workload.snapshot(),
            workload,
            changes,
            asked_for: BTreeMap::new(),
        }
    }

    /// The last event of the story once more changes nothing.
    pub(super) fn idempotence(&mut self, story: &Story) -> Verdict {
        let mut story = story.and(story.again());
        let mut told = self.tell(&story)?;
        if let [.., first, second] = &told[..]
            && waited_for_the_next_hook(first, second)
        {
            story = story.and(story.again());
            told = self.tell(&story)?;
        }
        let [.., first, second] = &told[..] else {
            return Ok(());
        };
        let complaint = if second.after != first.after {
            "the last event has come before, and nothing has happened since, yet it changes what is there"
        } else if !is_blocked(&second.after.state)
            && second
                .outcome
                .hook_commands
                .iter()
                .any(|command| may_change(command))
        {
            // A blocked one may try in vain what it is blocked for.
            "the last event has come before, and nothing has happened since, yet it runs hook commands to change something"
        } else {
            return Ok(());
        };
        Err(Violation::new(
            Law::Idempotence,
            complaint,
            &story,
            &told,
            &first.after,
            1,
        ))
    }

    /// The story ends as its configuration asks for. Returns its end.
    pub(super) fn order(&mut self, story: &Story) -> Verdict<Situation> {
        let told = self.tell(story)?;
        let (law, complaint, expected) = self.expected_end(story, &told)?;
        let last = &told[told.len() - 1];
        let is_as_expected = last.after == expected || waits_as_it_was(last, &expected);
        if !is_as_expected && !self.one_more_event_makes_it(story, last, &expected)? {
            return Err(Violation::new(law, complaint, story, &told, &expected, 1));
        }
        Ok(last.after.clone())
    }

    /// After the story, `stop` and `remove` leave nothing.
    pub(super) fn tear_down(&mut self, story: &Story) -> Verdict {
        let whole = story.and([Event::Stop.into(), Event::Remove.into()]);
        let told = self.tell(&whole)?;
        let removed = &told[told.len() - 1].after;
        let nothing = Situation {
            state: State {
                opened_ports: Vec::new(),
                ..removed.state.clone()
            },
            workload: self.no_workload.clone(),
        };
        if *removed == nothing {
            return Ok(());
        }
        let complaint = "the unit is gone, and something of it is still there";
        Err(Violation::new(
            Law::NothingIsLeft,
            complaint,
            &whole,
            &told,
            &nothing,
            2,
        ))
    }

    /// What should be at the story's end, and which law says so.
    fn expected_end(
        &mut self,
        story: &Story,
        told: &[Told],
    ) -> Verdict<(Law, &'static str, Situation)> {
        let mut given = story.given.clone();
        let (mut bad, mut any_is_bad, mut good_end) = (false, false, None);
        for (step, told) in story.steps.iter().zip(told) {
            given = step.conclude(step.prepare(&given));
            bad = self.is_bad(&given)?;
            any_is_bad |= bad;
            if !bad {
                good_end = Some(&told.after);
            }
        }
        let asked_for = self.asked_for(&given)?;
        Ok(if bad {
            let before = good_end.map_or(&story.given, |good| &good.state).clone();
            let mut secrets = before.secrets.clone();
            secret::end_revoked(&mut secrets, &given.secrets);
            secret::end_grants(&mut secrets, &given.relations);
            let state = State {
                config: given.config,
                leader: given.leader,
                unit_status: asked_for.state.unit_status.clone(),
                relations: published_in(&before, given.relations),
                secrets,
                ..before
            };
            let workload = good_end.map_or(asked_for.workload, |good| good.workload.clone());
            (
                Law::BlockedIsStable,
                "the configuration is bad now, so all but the status should be as it was before, when it was good",
                Situation { state, workload },
            )
        } else if any_is_bad {
            (
                Law::BlockedIsStable,
                "the configuration is good again, so the unit should be what config-changed alone would have made of it",
                asked_for,
            )
        } else {
            (
                Law::Order,
                "the unit should be what config-changed alone would have made of it, with the configuration as it is now",
                asked_for,
            )
        })
    }

    /// What the given state's configuration asks for: what `config-changed` makes of it.
    fn asked_for(&mut self, given: &State) -> Verdict<Situation> {
        let key = json!(given).to_string();
        if let Some(asked_for) = self.asked_for.get(&key) {
            return Ok(asked_for.clone());
        }
        // Twice, as Juju may open a port only in the second hook.
        let story = Story {
            given: given.clone(),
            steps: vec![Event::ConfigChanged.into(), Event::ConfigChanged.into()],
        };
        let told = self.tell(&story)?;
        let asked_for = told[told.len() - 1].after.clone();
        self.asked_for.insert(key, asked_for.clone());
        Ok(asked_for)
    }

    /// Whether it is the configuration that blocks. Where all of them do it is something else, such as a relation, unless
    /// there is nothing that the charm does for this one.
    fn is_bad(&mut self, given: &State) -> Verdict<bool> {
        if !is_blocked(&self.asked_for(given)?.state) {
            return Ok(false);
        }
        for (option, value) in self.changes.clone() {
            let given = given.clone().with_config(&option, value);
            if !is_blocked(&self.asked_for(&given)?.state) {
                return Ok(true);
            }
        }
        let asked_for = self.asked_for(&State {
            opened_ports: Vec::new(),
            ..given.clone()
        })?;
        Ok(asked_for.state.opened_ports.is_empty() && asked_for.workload == self.no_workload)
    }

    /// Whether all that is missing are ports that Juju opens only in the next hook.
    pub(super) fn one_more_event_makes_it(
        &mut self,
        story: &Story,
        last: &Told,
        expected: &Situation,
    ) -> Verdict<bool> {
        let told = self.tell(&story.and(story.again()))?;
        Ok(told
            .last()
            .is_some_and(|next| waited_for_the_next_hook(last, next) && next.after == *expected))
    }

    /// Tells the story; an event that fails though nothing goes wrong breaks a law already.
    pub(super) fn tell(&mut self, story: &Story) -> Verdict<Vec<Told>> {
        let mut told = story.tell(self.context, &mut self.workload);
        let failed = |(step, told): (&Step, &Told)| {
            // Juju runs no action again.
            let is_action = matches!(step.event, Event::Action(_));
            step.fault.is_none() && !is_action && !told.outcome.succeeded()
        };
        let Some(index) = story.steps.iter().zip(&told).position(failed) else {
            return Ok(told);
        };
        let mut story = story.clone();
        story.steps.truncate(index + 1);
        told.truncate(index + 1);
        let (law, complaint) = if story.steps.iter().any(|step| step.fault.is_some()) {
            (
                Law::Retry,
                "the retry fails too, though nothing goes wrong any more",
            )
        } else {
            (
                Law::EndsWell,
                "the last event fails, though nothing goes wrong; Juju would run it again for ever",
            )
        };
        let is = told[index].after.clone();
        Err(Violation::new(law, complaint, &story, &told, &is, 1))
    }
}

/// The relations as they are, with what the unit's side had published in them before.
fn published_in(before: &State, mut relations: Vec<Relation>) -> Vec<Relation> {
    for relation in &mut relations {
        if let Some(before) = before.relation(&relation.endpoint, relation.number) {
            relation.unit_data.clone_from(&before.unit_data);
            let data = &before.application_data;
            relation.application_data.clone_from(data);
        }
    }
    relations
}

/// Whether a unit that waits, or is blocked, for its relations is as it was but for its status and what it publishes.
fn waits_as_it_was(last: &Told, expected: &Situation) -> bool {
    let status = expected.state.unit_status.clone();
    let waits = status
        .as_ref()
        .is_some_and(|status| status.name() != "active");
    let as_it_was = Situation {
        state: State {
            unit_status: status,
            relations: last.after.state.relations.clone(),
            secrets: last.after.state.secrets.clone(),
            ..last.before.state.clone()
        },
        workload: last.before.workload.clone(),
    };
    waits && !last.before.state.relations.is_empty() && last.after == as_it_was
}

pub(super) fn is_blocked(state: &State) -> bool {
    state
        .unit_status
        .as_ref()
        .is_some_and(|status| status.name() == "blocked")
}

/// Whether the hook command does more than read. The status may always be set again.
fn may_change(command: &str) -> bool {
    let name = command.split(' ').next().unwrap_or_default();
    name != "status-set" && takes_effect(name) != Some(TakesEffect::Never)
}

/// Whether the second of two hooks has only opened what Juju refuses to open in the first: what overlaps a range that
/// was open before it.
pub(super) fn waited_for_the_next_hook(first: &Told, second: &Told) -> bool {
    let at_start = &first.before.state.opened_ports;
    let new: Vec<String> = second
        .after
        .state
        .opened_ports
        .iter()
        .filter(|port| !first.after.state.opened_ports.contains(port))
        .cloned()
        .collect();
    let (Ok(at_start_ranges), Ok(new_ranges)) = (read_ports(at_start), read_ports(&new)) else {
        return false;
    };
    !new.is_empty()
        && !new.iter().any(|port| at_start.contains(port))
        && new_ranges
            .ranges()
            .all(|new| at_start_ranges.ranges().any(|range| range.overlaps(new)))
}
