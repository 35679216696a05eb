//! What happens to the relations of a unit in a story: on the other side, and by operators.

use std::collections::BTreeMap;

use juju_emulator::charm::metadata::{Charm, Role};
use ops::Event;

use crate::laws::option_values::distinct;
use crate::state::State;
use crate::state::relation::Relation;

/// A unit of the other side that comes and goes.
const REMOTE: &str = "remote";

/// What is true of one relation when an event comes.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum RelationStep {
    /// It is there, and its other side is this; what the unit's own side has published stays.
    Is(Relation),
    /// It is there for its last hook, and gone after it.
    Breaks(Relation),
    /// All relations with other applications are gone, as they are before `stop`.
    AllGone,
}

impl RelationStep {
    /// Makes it true, for the hook that follows.
    pub(super) fn prepare(&self, state: &mut State) {
        match self {
            Self::Is(relation) | Self::Breaks(relation) => {
                let mut relations = state.relations.iter_mut();
                match relations.find(|it| it.number == relation.number) {
                    Some(there) => {
                        there.remote_units.clone_from(&relation.remote_units);
                        let data = &relation.remote_application_data;
                        there.remote_application_data.clone_from(data);
                    }
                    None => state.relations.push(relation.clone()),
                }
            }
            Self::AllGone => state.relations.retain(|it| it.remote_application.is_none()),
        }
    }

    /// Makes it true after the hook.
    pub(super) fn conclude(&self, state: &mut State) {
        if let Self::Breaks(relation) = self {
            state.relations.retain(|it| it.number != relation.number);
        }
    }
}

/// The state with the peer relations that every unit of the charm is in.
pub(super) fn with_peers(given: &State, charm: &Charm) -> State {
    let mut state = given.clone();
    for (number, (name, endpoint)) in (PEERS..).zip(&charm.endpoints) {
        let is_there = given.relations.iter().any(|it| it.endpoint == *name);
        if endpoint.role == Role::Peer && !is_there {
            state.relations.push(Relation::among_peers(name, number));
        }
    }
    state
}

/// Numbers that no given state is likely to have.
const PEERS: u64 = 1_000;
const OTHERS: u64 = 2_000;

/// The events of every endpoint of the charm, each with what is true then: the other side comes and goes, and its data are
/// late, missing in part, valid or broken. `examples` are relations with valid data.
pub(super) fn events(
    charm: &Charm,
    given: &State,
    examples: &[Relation],
) -> Vec<(Event, RelationStep)> {
    let mut events = Vec::new();
    for (number, (name, endpoint)) in (OTHERS..).zip(&charm.endpoints) {
        let of_given = given.relations.iter().find(|it| it.endpoint == *name);
        let base = match of_given {
            Some(relation) => relation.clone(),
            None if endpoint.role == Role::Peer => continue,
            // Juju itself publishes where the unit is.
            None => Relation::new(name, number, REMOTE)
                .with_unit_data([("ingress-address", "10.0.0.1")]),
        };
        let examples = examples.iter().filter(|it| it.endpoint == *name);
        let examples: Vec<_> = examples.cloned().chain(of_given.cloned()).collect();
        events.extend(events_of(&base, &examples));
    }
    distinct(events)
}

fn events_of(base: &Relation, examples: &[Relation]) -> Vec<(Event, RelationStep)> {
    let is_peer = base.remote_application.is_none();
    let unit = examples
        .iter()
        .find_map(|example| example.remote_units.keys().next().cloned())
        .unwrap_or_else(|| match &base.remote_application {
            Some(application) => format!("{application}/0"),
            None => String::new(),
        });
    if unit.is_empty() {
        return Vec::new();
    }
    let base = &Relation {
        remote_application: application_of(&unit, is_peer),
        remote_application_data: BTreeMap::new(),
        remote_units: BTreeMap::new(),
        ..base.clone()
    };
    let joined = base.clone().with_unit(&unit, []);
    let mut events = vec![
        (base.created(), RelationStep::Is(base.clone())),
        (joined.joined(&unit), RelationStep::Is(joined.clone())),
        (joined.changed(&unit), RelationStep::Is(joined.clone())),
        (base.departed(&unit), RelationStep::Is(base.clone())),
    ];
    if !is_peer {
        events.push((base.broken(), RelationStep::Breaks(base.clone())));
    }
    for example in examples {
        for there in with_variants(base, example) {
            for unit in there.remote_units.keys() {
                events.push((there.changed(unit), RelationStep::Is(there.clone())));
            }
            events.push((there.application_changed(), RelationStep::Is(there)));
        }
    }
    events
}

fn application_of(unit: &str, is_peer: bool) -> Option<String> {
    let application = unit.split('/').next().unwrap_or_default();
    (!is_peer).then(|| application.to_owned())
}

/// The valid data, then without each of its keys, then with something else in each of them.
fn with_variants(base: &Relation, example: &Relation) -> Vec<Relation> {
    let valid = Relation {
        remote_application_data: example.remote_application_data.clone(),
        remote_units: example.remote_units.clone(),
        ..base.clone()
    };
    let bags = example.remote_units.values();
    let bags = bags.chain([&example.remote_application_data]);
    let mut keys: Vec<String> = bags.flat_map(|bag| bag.keys().cloned()).collect();
    keys.sort();
    keys.dedup();
    let mut variants = vec![valid.clone()];
    for key in &keys {
        let mut missing = valid.clone();
        let mut broken = valid.clone();
        for bag in bags_of(&mut missing) {
            bag.remove(key);
        }
        for bag in bags_of(&mut broken) {
            if let Some(text) = bag.get_mut(key) {
                "{broken".clone_into(text);
            }
        }
        variants.extend([missing, broken]);
    }
    variants
}

fn bags_of(relation: &mut Relation) -> impl Iterator<Item = &mut BTreeMap<String, String>> {
    let units = relation.remote_units.values_mut();
    units.chain([&mut relation.remote_application_data])
}
