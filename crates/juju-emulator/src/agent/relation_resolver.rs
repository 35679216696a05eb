//! Decides which hook about a relation a unit's agent runs next, and notes that it has run.

use crate::charm::hook::{Hook, RelationEvent};
use crate::controller::life::Life;
use crate::controller::model::{Model, Unit, application_of};
use crate::controller::relation::{Relation, Side};

/// The first of a unit's relations whose `relation-created` has not run yet.
pub(crate) fn next_created(model: &Model, unit: &str) -> Option<Hook> {
    let (_, state) = model.unit(unit)?;
    relations_with_hooks(model, unit).find_map(|(id, relation, side)| {
        let told = state.relations.get(&id);
        let is_due = relation.life == Life::Alive && !told.is_some_and(|told| told.created);
        is_due.then(|| hook(id, relation, side, RelationEvent::Created, None))
    })
}

/// The next hook about what has happened in a unit's relations.
pub(crate) fn next_relation_hook(model: &Model, unit: &str) -> Option<Hook> {
    let (_, state) = model.unit(unit)?;
    relations_with_hooks(model, unit).find_map(|(id, relation, side)| {
        let told = state.relations.get(&id).filter(|told| told.created)?;
        let hook = |event, remote: Option<&str>| hook(id, relation, side, event, remote);
        if state.is_dying() || relation.life != Life::Alive {
            return match told.members.keys().next() {
                Some(member) => Some(departed(
                    hook(RelationEvent::Departed, Some(member)),
                    state,
                    unit,
                )),
                // Peers are never broken.
                None => (!relation.is_peer()).then(|| hook(RelationEvent::Broken, None)),
            };
        }
        if let Some(joined) = &told.changed_pending {
            return Some(hook(RelationEvent::Changed, Some(joined)));
        }
        let gone = |member: &&String| !model.is_counterpart(unit, relation, member);
        if let Some(member) = told.members.keys().find(gone) {
            return Some(departed(
                hook(RelationEvent::Departed, Some(member)),
                state,
                unit,
            ));
        }
        let remote = relation.remote_side(application_of(unit))?;
        if remote.settings.version != told.application {
            return Some(hook(RelationEvent::Changed, None));
        }
        model
            .counterparts(unit, relation)
            .find_map(|(name, settings)| match told.members.get(name) {
                None => Some(hook(RelationEvent::Joined, Some(name))),
                Some(seen) if *seen != settings.version => {
                    Some(hook(RelationEvent::Changed, Some(name)))
                }
                Some(_) => None,
            })
    })
}

/// The version of the data that a hook about a relation finds.
pub(crate) fn version_found(model: &Model, hook: &Hook) -> u64 {
    let Hook::Relation {
        id,
        remote_application,
        remote_unit,
        ..
    } = hook
    else {
        return 0;
    };
    let relation = model.relations.get(id);
    let side = relation.and_then(|relation| relation.side(remote_application));
    let settings = side.and_then(|side| match remote_unit {
        Some(unit) => side.units.get(unit).map(|unit| &unit.settings),
        None => Some(&side.settings),
    });
    settings.map_or(0, |settings| settings.version)
}

/// Notes that a hook about a relation has succeeded, or was skipped, with the version of the data that it found.
pub(crate) fn advance_relation(model: &mut Model, unit: &str, hook: &Hook, found: u64) {
    let Hook::Relation {
        event,
        id,
        remote_unit,
        ..
    } = hook
    else {
        return;
    };
    if *event == RelationEvent::Broken {
        model.leave_scope(unit, *id);
        return;
    }
    let Some(state) = model.unit_mut(unit) else {
        return;
    };
    let told = state.relations.entry(*id).or_default();
    match (event, remote_unit) {
        (RelationEvent::Created, _) => told.created = true,
        (RelationEvent::Joined, Some(remote)) => {
            told.members.insert(remote.clone(), found);
            told.changed_pending = Some(remote.clone());
        }
        (RelationEvent::Changed, Some(remote)) => {
            told.members.insert(remote.clone(), found);
            if told.changed_pending.as_ref() == Some(remote) {
                told.changed_pending = None;
            }
        }
        (RelationEvent::Changed, None) => told.application = found,
        (RelationEvent::Departed, Some(remote)) => {
            told.members.remove(remote);
            if told.changed_pending.as_ref() == Some(remote) {
                told.changed_pending = None;
            }
        }
        _ => {}
    }
}

/// The relations that a unit is in and whose endpoint its charm declares.
fn relations_with_hooks<'a>(
    model: &'a Model,
    unit: &'a str,
) -> impl Iterator<Item = (u64, &'a Relation, &'a Side)> {
    let application = application_of(unit);
    model
        .relations_of(application)
        .filter_map(move |(id, relation)| {
            let side = relation.side(application)?;
            let has_hooks = side.has_in_scope(unit) && !side.is_implicit();
            has_hooks.then_some((id, relation, side))
        })
}

fn hook(
    id: u64,
    relation: &Relation,
    side: &Side,
    event: RelationEvent,
    remote_unit: Option<&str>,
) -> Hook {
    let remote = relation.remote_side(&side.application);
    Hook::Relation {
        endpoint: side.endpoint.clone(),
        event,
        id,
        remote_application: remote.map_or_else(String::new, |side| side.application.clone()),
        remote_unit: remote_unit.map(str::to_owned),
        departing_unit: None,
    }
}

/// The same with the unit that leaves: this one, if it does.
fn departed(mut hook: Hook, state: &Unit, unit: &str) -> Hook {
    if let Hook::Relation {
        remote_unit,
        departing_unit,
        ..
    } = &mut hook
    {
        *departing_unit = if state.is_dying() {
            Some(unit.to_owned())
        } else {
            remote_unit.clone()
        };
    }
    hook
}
