//! A unit as its controller sees it, for the hook that begins or ends.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::agent::provision_view;
use crate::agent::uniter::commit;
use crate::charm::hook::{Hook, RelationEvent};
use crate::charm::metadata::Charm;
use crate::controller::model::{Model, StatusSince, application_of};
use crate::controller::store::Store;
use crate::hook::pending_changes::PendingChanges;
use crate::hook::relation::view::{Goal, GoalState, RelationView};
use crate::hook::unit_view::{HookKind, UnitView};
use crate::machine::address::address;

/// How a unit's hook sees the model.
pub(crate) struct ViewOfUnit<'a> {
    store: &'a Store,
    unit: &'a str,
    hook: &'a Hook,
    /// The charm that the unit has, which need not be its application's.
    charm: Charm,
}

impl<'a> ViewOfUnit<'a> {
    pub(crate) fn new(
        store: &'a Store,
        model: &Model,
        unit: &'a str,
        hook: &'a Hook,
    ) -> Result<Self> {
        let charm = charm_of_unit(store, model, unit)?;
        Ok(Self {
            store,
            unit,
            hook,
            charm,
        })
    }

    /// The unit as its controller sees it now.
    pub(crate) fn at(&self, model: &Model) -> Result<UnitView> {
        let Self {
            store, unit, hook, ..
        } = self;
        let locate = |machine, location: &str| {
            let location = store.storage_location(machine, location);
            location.display().to_string()
        };
        Ok(UnitView {
            resources: provision_view::resources(store, model, &self.charm, unit),
            ..unit_view(model, &self.charm, unit, hook, locate)?
        })
    }

    /// Makes the changes that the hook has asked for. The inner error is Juju's refusal; nothing is changed then.
    pub(crate) fn commit(
        &self,
        model: &mut Model,
        pending: &PendingChanges,
    ) -> Result<Result<(), String>> {
        let view = view_at_the_end(model, &self.charm, self.unit)?;
        Ok(commit(model, pending, &view, Timestamp::now()))
    }
}

/// What decides whether the changes can be made that a unit's hook has asked for: who leads, and which ports are open.
pub(crate) fn view_at_the_end(model: &Model, charm: &Charm, name: &str) -> Result<UnitView> {
    let (application, unit) = model.unit(name).context("the unit is gone")?;
    let neighbours = model
        .units()
        .filter(|(other, state)| *other != name && state.machine == unit.machine);
    Ok(UnitView {
        name: name.to_owned(),
        leader: application.is_leader(name),
        kubernetes: false,
        opened_ports: unit.opened_ports.clone(),
        machine_ports: neighbours
            .map(|(other, state)| (other.clone(), state.opened_ports.clone()))
            .collect(),
        endpoints: charm.endpoint_names(),
        ..UnitView::default()
    })
}

/// A unit as its controller sees it, for a hook that begins: without resources, and with what becomes of the locations of its storage.
pub(crate) fn unit_view(
    model: &Model,
    charm: &Charm,
    name: &str,
    hook: &Hook,
    locate: impl Fn(u32, &str) -> String,
) -> Result<UnitView> {
    let (application, unit) = model.unit(name).context("the unit is gone")?;
    let status_of = |status: &StatusSince| status.status.clone();
    Ok(UnitView {
        address: Some(address(unit.machine).into()),
        hook: HookKind::of(hook, params(model, charm, hook)),
        config: charm.config_with(&charm.fitting(&application.settings)),
        unit_status: status_of(&unit.workload_status),
        application_status: application
            .status
            .as_ref()
            .map(status_of)
            .unwrap_or_default(),
        unit_statuses: application
            .units
            .iter()
            .map(|(name, unit)| (name.clone(), status_of(&unit.workload_status)))
            .collect(),
        relations: relations(model, name, hook),
        storages: provision_view::storages(model, name, locate),
        resources: BTreeMap::new(),
        state: unit.charm_state.clone(),
        cloud: provision_view::cloud(application),
        secrets: model.secrets.clone(),
        new_secret_ids: Vec::new(),
        leader_settings: application.leader_settings.data.clone(),
        goal_state: goal_state(model, name),
        model_uuid: model.uuid.clone(),
        ..view_at_the_end(model, charm, name)?
    })
}

/// The charm that a unit has.
pub(crate) fn charm_of_unit(store: &Store, model: &Model, unit: &str) -> Result<Charm> {
    let (application, state) = model.unit(unit).context("the unit is gone")?;
    let of_unit = store.charm_of_unit(state.machine, unit);
    let staged = of_unit.unwrap_or_else(|| application.staged_charm());
    Ok(Charm::read(&store.charms().join(staged))?)
}

/// The parameters of an action as it finds them; none in other hooks.
fn params(model: &Model, charm: &Charm, hook: &Hook) -> Map<String, Value> {
    let Hook::Action { name, id } = hook else {
        return Map::new();
    };
    let (task, action) = (model.task(*id), charm.action(name));
    let params = task.zip(action);
    params
        .map(|(task, action)| action.with_defaults(&task.params))
        .unwrap_or_default()
}

/// The relations that a unit is in, by number.
fn relations(model: &Model, unit: &str, hook: &Hook) -> BTreeMap<u64, RelationView> {
    let application = application_of(unit);
    let of_unit = model
        .relations_of(application)
        .filter_map(|(id, relation)| {
            let side = relation.side(application)?;
            let remote = relation.remote_side(application)?;
            let own = side.units.get(unit).filter(|own| own.in_scope)?;
            let published = remote
                .units
                .iter()
                .chain([(&unit.to_owned(), own)])
                .map(|(name, unit)| (name.clone(), unit.settings.data.clone()))
                .collect();
            let of_applications = [side, remote];
            let view = RelationView {
                endpoint: side.endpoint.clone(),
                remote_application: remote.application.clone(),
                key: relation.key(),
                members: members(model, unit, id, hook),
                unit_data: published,
                application_data: of_applications
                    .map(|side| (side.application.clone(), side.settings.data.clone()))
                    .into(),
            };
            Some((id, view))
        });
    of_unit.collect()
}

/// The units that have joined a relation, the one that the hook is about included or, when it departs, left out.
fn members(model: &Model, unit: &str, id: u64, hook: &Hook) -> BTreeSet<String> {
    let told = model
        .unit(unit)
        .and_then(|(_, unit)| unit.relations.get(&id));
    let mut members: BTreeSet<_> = told
        .into_iter()
        .flat_map(|told| told.members.keys().cloned())
        .collect();
    if let Hook::Relation {
        id: of_hook,
        event,
        remote_unit: Some(remote),
        ..
    } = hook
        && *of_hook == id
    {
        match event {
            RelationEvent::Joined => {
                members.insert(remote.clone());
            }
            RelationEvent::Departed => {
                members.remove(remote);
            }
            _ => {}
        }
    }
    members
}

/// The units of a unit's application, and what its application is related to.
fn goal_state(model: &Model, name: &str) -> GoalState {
    let goal = |status: &str, since: Timestamp| Goal {
        status: status.to_owned(),
        since,
    };
    let of_units = |application: &str| {
        let units = model
            .applications
            .get(application)
            .into_iter()
            .flat_map(|it| &it.units);
        units
            .map(|(name, unit)| {
                let status = &unit.workload_status;
                let word = if unit.is_dying() {
                    "dying"
                } else {
                    &status.status.status
                };
                (name.clone(), goal(word, status.since))
            })
            .collect::<Vec<_>>()
    };
    let application = application_of(name);
    let mut relations: BTreeMap<String, BTreeMap<String, Goal>> = BTreeMap::new();
    for (_, relation) in model
        .relations_of(application)
        .filter(|(_, it)| !it.is_peer())
    {
        let (Some(side), Some(remote)) = (
            relation.side(application),
            relation.remote_side(application),
        ) else {
            continue;
        };
        if side.is_implicit() {
            continue;
        }
        let goals = relations.entry(side.endpoint.clone()).or_default();
        goals.insert(remote.application.clone(), goal("joined", relation.created));
        goals.extend(of_units(&remote.application));
    }
    GoalState {
        units: of_units(application).into_iter().collect(),
        relations,
    }
}
