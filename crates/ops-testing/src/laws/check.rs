//! Checks all laws for one charm.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::{Map, Value};

use crate::context::{Context, fail};
use crate::laws::judge::{Judge, Verdict};
use crate::laws::law::Violation;
use crate::laws::option_values::{distinct, values};
use crate::laws::stories::Stories;
use crate::laws::story::Story;
use crate::state::State;
use crate::state::relation::Relation;
use crate::workload::Workload;

/// A charm with many options can be in more situations than anybody wants to wait for.
const EXPLORED: usize = 500;

/// Checks that a charm keeps the laws of a holistic charm, each [`Law`](crate::laws::Law) in many stories.
///
/// A story begins in a given state. Then come events in any order, between which the operator sets options to values
/// that are good or bad, and some hooks go wrong.
///
/// ```no_run
/// use ops::{Charm, Result, Status, Unit};
/// use ops_testing::{Context, Laws, State};
///
/// # struct Website;
/// # impl Charm for Website {
/// #     fn reconcile(&mut self, unit: &Unit) -> Result<Status> {
/// #         Ok(Status::active())
/// #     }
/// # }
/// Laws::of(&Context::new(|| Website), ()).check([State::default()]);
/// ```
#[derive(Debug)]
#[must_use = "nothing is checked before `check`"]
pub struct Laws<'a, W> {
    context: &'a Context,
    workload: W,
    option_values: BTreeMap<String, Vec<Value>>,
    relations: Vec<Relation>,
    actions: Vec<(String, Value)>,
    actions_left_out: Vec<String>,
    count: Option<usize>,
}

impl<'a, W: Workload> Laws<'a, W> {
    /// The laws for the charm in this context, in process or through its real binary, with its workload: `()` for none.
    pub fn of(context: &'a Context, workload: W) -> Self {
        Self {
            context,
            workload,
            option_values: BTreeMap::new(),
            relations: Vec::new(),
            actions: Vec::new(),
            actions_left_out: Vec::new(),
            count: None,
        }
    }

    /// Lets the operator set an option to these values, instead of some that its type and default suggest.
    pub fn with_option_values<V: Into<Value>>(
        mut self,
        option: &str,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        let values = values.into_iter().map(Into::into).collect();
        self.option_values.insert(option.to_owned(), values);
        self
    }

    /// Lets this relation come, change and go, with the data of its other side late, as they are here, missing in part and
    /// broken: `Relation::new("db", 7, "mysql").with_unit("mysql/0", [("host", "10.0.0.9")])`.
    ///
    /// Every endpoint of the charm has relations in the stories; without this, their other side publishes nothing.
    pub fn with_relation(mut self, relation: Relation) -> Self {
        self.relations.push(relation);
        self
    }

    /// Lets an operator run this action, such as `with_action("backup", json!({"target": "/srv"}))`, early, twice and between
    /// events. An action may fail; the event after it makes the unit what it should be.
    ///
    /// Without this, the charm's actions are run with their defaults, where they need no more.
    pub fn with_action(mut self, name: &str, params: Value) -> Self {
        self.actions.push((name.to_owned(), params));
        self
    }

    /// Lets nobody run this action: one that changes for good what no option says, such as `rotate-password`.
    pub fn without_action(mut self, name: &str) -> Self {
        self.actions_left_out.push(name.to_owned());
        self
    }

    /// Tells at most so many stories for each law and given state, always the same: for a real binary, which is slower.
    pub fn with_stories(mut self, count: usize) -> Self {
        self.count = Some(count);
        self
    }

    /// Checks all laws, from each of the given states.
    ///
    /// The options that are set in any of the states are set in the stories too.
    ///
    /// # Panics
    /// When the charm breaks a law, with the [`Violation`]; when Juju could never be in one of the states.
    #[track_caller]
    pub fn check(self, given: impl IntoIterator<Item = State>) {
        if let Err(violation) = self.try_check(given) {
            fail(&violation.to_string());
        }
    }

    /// Like [`check`](Self::check), with the first law that is broken as an error.
    ///
    /// # Panics
    /// When Juju could never be in one of the states.
    #[track_caller]
    pub fn try_check(self, given: impl IntoIterator<Item = State>) -> Result<(), Violation> {
        let given: Vec<State> = given.into_iter().collect();
        let changes = self.changes(&given);
        let actions = self.actions();
        let count = self.count;
        let mut judge = Judge::new(self.context, self.workload, changes.clone());
        for given in &given {
            let mut stories = Stories::new(self.context, given, &changes, &self.relations);
            let few_events = stories.of_few_events();
            for story in stories.sample(few_events.clone(), count) {
                judge.idempotence(&story)?;
            }
            if count.is_none() {
                explore(&stories, &mut judge)?;
            }
            for story in stories.sample(stories.of_actions(&actions), count) {
                judge.order(&story)?;
            }
            let many_events = stories.of_many_events();
            for story in stories.sample(many_events, count) {
                let verdict = in_any_order(&mut judge, &story);
                verdict.map_err(|violation| shortest(&mut judge, story, violation))?;
            }
            for story in stories.sample(few_events, count) {
                let expected = judge.undisturbed_end(&story)?;
                let faults = judge.faults(&story)?;
                for fault in stories.sample(faults, count.map(|_| 1)) {
                    judge.retry(&story, fault, &expected)?;
                }
            }
        }
        Ok(())
    }

    /// The actions that are run, with their parameters.
    fn actions(&self) -> Vec<(String, Value)> {
        let given = |name: &str| self.actions.iter().any(|(given, _)| given == name);
        let charm = &self.context.charm;
        let needs_no_params = |name: &str| {
            let action = charm.action(name);
            action.is_some_and(|action| action.check(&Map::new()).is_ok())
        };
        let others = charm.actions.keys();
        let others = others.filter(|name| !self.actions_left_out.contains(name));
        let others = others.filter(|name| !given(name) && needs_no_params(name));
        let others = others.map(|name| (name.clone(), Map::new().into()));
        self.actions.iter().cloned().chain(others).collect()
    }

    /// What the operator may do: every option with each of its values.
    fn changes(&self, given: &[State]) -> Vec<(String, Value)> {
        let mut changes = Vec::new();
        for (name, option) in &self.context.charm.options {
            let chosen = self.option_values.get(name).cloned();
            let in_given = given
                .iter()
                .filter_map(|state| state.config.get(name))
                .cloned();
            let all = chosen
                .unwrap_or_else(|| values(option))
                .into_iter()
                .chain(in_given);
            changes.extend(distinct(all).into_iter().map(|value| (name.clone(), value)));
        }
        changes
    }
}

/// Lets every event come, with every change before it, wherever that leads, until it leads nowhere new.
fn explore<W: Workload>(stories: &Stories, judge: &mut Judge<'_, W>) -> Verdict {
    let steps = stories.steps();
    let mut reached = BTreeSet::new();
    let mut to_explore = VecDeque::from([stories.story([])]);
    let mut count = 0;
    while let Some(story) = to_explore.pop_front() {
        for step in &steps {
            let longer = story.and([step.clone()]);
            let end = judge.order(&longer)?;
            count += 1;
            if count == EXPLORED {
                return Ok(());
            }
            if reached.insert(end.key()) {
                judge.tear_down(&longer)?;
                to_explore.push_back(longer);
            }
        }
    }
    Ok(())
}

fn in_any_order<W: Workload>(judge: &mut Judge<'_, W>, story: &Story) -> Verdict {
    judge.order(story)?;
    judge.tear_down(story)
}

/// The same without the events that it does not take to break the law.
fn shortest<W: Workload>(
    judge: &mut Judge<'_, W>,
    mut story: Story,
    mut violation: Violation,
) -> Violation {
    let mut index = 0;
    while index < story.steps.len() && story.steps.len() > 1 {
        let mut shorter = story.clone();
        shorter.steps.remove(index);
        match in_any_order(judge, &shorter) {
            Err(found) => (story, violation) = (shorter, found),
            Ok(()) => index += 1,
        }
    }
    violation
}
