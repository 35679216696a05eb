//! Whether Juju could ever be in a state, and dispatch an event in it.

use std::fmt;

use juju_emulator::charm::metadata::Charm;
use ops::{ActionEvent, Event, JujuContext, StorageEvent};
use serde_json::{Map, Value};

use crate::state::{State, ports, relation, secret, storage};

/// A state that Juju is never in, or an event that it does not dispatch in it, with every reason.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ImpossibleState {
    /// What is impossible about it, one sentence each.
    pub reasons: Vec<String>,
}

impl fmt::Display for ImpossibleState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Juju is never in this state:")?;
        self.reasons
            .iter()
            .try_for_each(|reason| write!(formatter, "\n- {reason}"))
    }
}

pub(crate) fn check(
    event: &Event,
    params: &Map<String, Value>,
    state: &State,
    charm: &Charm,
    unit: &str,
) -> Result<(), ImpossibleState> {
    let mut reasons = Vec::new();
    check_config(state, charm, &mut reasons);
    ports::check(
        &state.opened_ports,
        &state.machine_ports,
        state.kubernetes,
        charm,
        unit,
        &mut reasons,
    );
    storage::check(state, charm, &mut reasons);
    relation::check(&state.relations, event, charm, unit, &mut reasons);
    secret::check(state, event, &mut reasons);
    if state.planned_units == 0 {
        reasons.push("planned-units: the unit itself is one".to_owned());
    }
    check_event(event, state, charm, &mut reasons);
    if let Event::Action(action) = event {
        check_action(action, params, charm, &mut reasons);
    }
    if reasons.is_empty() {
        Ok(())
    } else {
        Err(ImpossibleState { reasons })
    }
}

fn check_config(state: &State, charm: &Charm, reasons: &mut Vec<String>) {
    for (name, value) in &state.config {
        if let Err(error) = charm.check_option(name, value) {
            reasons.push(format!("config: {error}"));
        }
    }
}

fn check_event(event: &Event, state: &State, charm: &Charm, reasons: &mut Vec<String>) {
    match event {
        Event::LeaderElected if !state.leader => {
            reasons.push("leader-elected comes to the leader, and leader is false".to_owned());
        }
        Event::StorageAttached(storage) | Event::StorageDetaching(storage) => {
            check_storage(event, storage, charm, reasons);
        }
        Event::PebbleReady { .. }
        | Event::PebbleCustomNotice(_)
        | Event::PebbleCheckFailed(_)
        | Event::PebbleCheckRecovered(_)
            if !state.kubernetes =>
        {
            reasons.push(format!("{event}: there are containers on Kubernetes only"));
        }
        Event::PebbleCustomNotice(notice) if notice.kind != "custom" => {
            reasons.push(format!(
                "{event}: a custom notice is of the kind \"custom\", not {:?}",
                notice.kind
            ));
        }
        Event::Other(hook) if !is_other(event, hook) => {
            reasons.push(format!(
                "{hook}: ops has an event of its own for it, Event::Other is for hooks that it does not know"
            ));
        }
        _ => {}
    }
}

/// Juju itself refuses an action that the charm does not declare, and parameters that do not fit.
fn check_action(
    event: &ActionEvent,
    params: &Map<String, Value>,
    charm: &Charm,
    reasons: &mut Vec<String>,
) {
    let name = &event.name;
    let refusal = match charm.action(name) {
        None => Some(format!("the charm has no action {name:?}")),
        Some(action) => action.check(params).err(),
    };
    reasons.extend(refusal.map(|refusal| format!("{name}: {refusal}")));
}

/// Whether a charm that is dispatched for this hook takes it for this event.
fn is_other(event: &Event, hook: &str) -> bool {
    let path = format!("hooks/{hook}");
    let variables = [
        ("JUJU_DISPATCH_PATH", path.as_str()),
        ("JUJU_UNIT_NAME", "unit/0"),
        ("JUJU_CHARM_DIR", "/charm"),
        ("JUJU_MACHINE_ID", ""),
        ("JUJU_MODEL_NAME", "staging"),
    ];
    JujuContext::from_environment(variables).is_ok_and(|context| context.event() == event)
}

fn check_storage(event: &Event, storage: &StorageEvent, charm: &Charm, reasons: &mut Vec<String>) {
    let name = &storage.storage;
    if !charm.storages.contains_key(name) {
        reasons.push(format!("{event}: the charm has no storage {name:?}"));
    }
    if storage.id.is_some() != storage.location.is_some() {
        reasons.push(format!(
            "{event}: Juju gives the storage's id and its location, or neither"
        ));
    }
    if let Some(id) = &storage.id
        && id.name() != name
    {
        reasons.push(format!("{event}: {id} is no storage of the name {name}"));
    }
}
