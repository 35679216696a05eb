//! Which stories are tried.

use ops::{ActionEvent, Event};
use serde_json::Value;

use crate::context::Context;
use crate::laws::relation_story;
use crate::laws::story::{Step, Story};
use crate::state::State;
use crate::state::relation::Relation;
use crate::state::secret::{Owner, Secret};

/// Where the pseudo-random stories come from. They are the same in every run.
const SEED: u64 = 2026;

/// How many of them there are for a given state, and how long they are.
const RANDOM_STORIES: usize = 100;
const RANDOM_LENGTH: std::ops::RangeInclusive<usize> = 3..=8;

/// The stories that begin in one given state.
pub(super) struct Stories {
    given: State,
    events: Vec<Step>,
    /// What the operator may set.
    changes: Vec<(String, Value)>,
    random: fastrand::Rng,
}

impl Stories {
    pub(super) fn new(
        context: &Context,
        given: &State,
        changes: &[(String, Value)],
        examples: &[Relation],
    ) -> Self {
        let given = &relation_story::with_peers(given, &context.charm);
        Self {
            given: given.clone(),
            events: events(context, given, examples),
            changes: changes.to_vec(),
            random: fastrand::Rng::with_seed(SEED),
        }
    }

    /// One event, or a change and then another.
    pub(super) fn of_few_events(&self) -> Vec<Story> {
        let mut stories: Vec<Story> = self
            .steps()
            .into_iter()
            .map(|step| self.story([step]))
            .collect();
        for before in &self.changes {
            let before = self.story([config_changed(before)]);
            stories.extend(
                self.changes
                    .iter()
                    .map(|change| before.and([config_changed(change)])),
            );
            stories.extend(tear_down(&before));
        }
        stories.extend(tear_down(&self.story([Event::Install.into()])));
        stories
    }

    /// Actions, twice and between events, after which all is as without them.
    pub(super) fn of_actions(&self, actions: &[(String, Value)]) -> Vec<Story> {
        let story = |(name, params): &(String, Value)| {
            let event = Event::Action(ActionEvent {
                name: name.clone(),
                id: 2.into(),
            });
            let action = Step {
                params: Some(params.clone()),
                ..event.into()
            };
            let early = self.story([action.clone(), Event::ConfigChanged.into()]);
            let twice = [
                Event::ConfigChanged.into(),
                action.clone(),
                action,
                Event::UpdateStatus.into(),
            ];
            [early, self.story(twice)]
        };
        actions.iter().flat_map(story).collect()
    }

    /// Long sequences of events, with a change before most of them.
    pub(super) fn of_many_events(&mut self) -> Vec<Story> {
        let steps = self.steps();
        let mut story = || {
            let length = self.random.usize(RANDOM_LENGTH);
            let chosen = (0..length).filter_map(|_| self.random.choice(&steps).cloned());
            chosen.collect::<Vec<Step>>()
        };
        let chosen: Vec<_> = (0..RANDOM_STORIES).map(|_| story()).collect();
        chosen.into_iter().map(|steps| self.story(steps)).collect()
    }

    /// At most so many of the stories, chosen pseudo-randomly.
    pub(super) fn sample<T>(&mut self, mut stories: Vec<T>, count: Option<usize>) -> Vec<T> {
        if let Some(count) = count {
            self.random.shuffle(&mut stories);
            stories.truncate(count);
        }
        stories
    }

    /// Every event that may come before `stop`, with every change before it.
    pub(super) fn steps(&self) -> Vec<Step> {
        let changes = self.changes.iter().cloned().map(Some);
        changes
            .chain([None])
            .flat_map(|config| {
                self.events.iter().map(move |event| Step {
                    config: config.clone(),
                    ..event.clone()
                })
            })
            .collect()
    }

    pub(super) fn story(&self, steps: impl IntoIterator<Item = Step>) -> Story {
        Story {
            given: self.given.clone(),
            steps: steps.into_iter().collect(),
        }
    }
}

fn tear_down(story: &Story) -> [Story; 2] {
    let stopped = story.and([Event::Stop.into()]);
    let removed = stopped.and([Event::Remove.into()]);
    [stopped, removed]
}

fn config_changed(change: &(String, Value)) -> Step {
    Step {
        config: Some(change.clone()),
        ..Event::ConfigChanged.into()
    }
}

/// The events that a unit may receive before `stop`, one of which Juju does not have yet.
fn events(context: &Context, given: &State, examples: &[Relation]) -> Vec<Step> {
    let events = [
        Event::ConfigChanged,
        Event::Install,
        Event::Start,
        Event::UpdateStatus,
        Event::UpgradeCharm,
        Event::Other("next-years-event".to_owned()),
        Event::LeaderElected,
    ];
    let of_unit = events.into_iter().map(Step::from);
    // Juju tells a unit that it leads, and not that it leads no more.
    let loses_leadership = Step {
        leader: Some(false),
        ..Event::UpdateStatus.into()
    };
    let of_unit = of_unit.chain([loses_leadership]);
    let of_relations = relation_story::events(&context.charm, given, examples);
    let of_relations = of_relations.into_iter().map(|(event, relation)| Step {
        relation: Some(relation),
        ..event.into()
    });
    let of_secrets = given.secrets.iter().flat_map(secret_events);
    of_unit
        .chain(of_relations)
        .chain(of_secrets)
        .chain(of_storage(context, given))
        .collect()
}

/// What may come about a secret at any moment, its revocation included, of which no event tells.
fn secret_events(secret: &Secret) -> Vec<Step> {
    let changed = Step::from(secret.changed());
    if secret.owner == Owner::Others {
        let revoked = Step {
            revoked: Some(secret.id()),
            ..Event::UpdateStatus.into()
        };
        return vec![changed, revoked];
    }
    let of_owner = [secret.rotate(), secret.expired()].map(|event| Step {
        // For an application its leader acts.
        leader: (secret.owner == Owner::Application).then_some(true),
        ..event.into()
    });
    [changed].into_iter().chain(of_owner).collect()
}

/// Numbers that no given state is likely to have.
const STORAGES: u64 = 1_000;

/// The storage of the charm comes, and goes.
fn of_storage(context: &Context, given: &State) -> Vec<Step> {
    let declared = (STORAGES..).zip(&context.charm.storages);
    let steps = declared.flat_map(|(number, (name, declared))| {
        let of_given = given.storages.iter().find(|it| it.name == *name);
        let storage = of_given
            .cloned()
            .unwrap_or_else(|| context.storage(name, number));
        [storage.attached(), storage.detaching()].map(|event| Step {
            storage: Some((storage.clone(), declared.maximum)),
            ..event.into()
        })
    });
    steps.collect()
}
