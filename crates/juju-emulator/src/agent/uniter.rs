//! What the agent of a unit makes of the model when an operation begins, while it runs, and when it has ended.

use anyhow::Result;
use jiff::Timestamp;

use crate::agent::executed::NOT_COMMITTED;
use crate::agent::resolver::{AFTER_A_KILL, Known, advance, retry_delay};
use crate::charm::hook::Hook;
use crate::controller::model::{Again, Model, Reached, StatusSince, Why, application_of};
use crate::hook::action::view::ActionOutcome;
use crate::hook::context::Effect;
use crate::hook::pending_changes::PendingChanges;
use crate::hook::unit_view::UnitView;

/// What Juju says of an action whose process was killed, or its agent.
pub(crate) const TERMINATED: &str = "action terminated";

/// Says what the agent is about to do.
pub(crate) fn begin(model: &mut Model, unit: &str, hook: &Hook, now: Timestamp) {
    let (message, keeps_the_charms_own) = match hook {
        Hook::Unit(name) if name == "install" => ("installing charm software", true),
        Hook::Unit(name) if name == "stop" => ("stopping charm software", false),
        _ => return,
    };
    if let Some(unit) = model.unit_mut(unit)
        && !(keeps_the_charms_own && unit.status_set)
    {
        unit.workload_status = StatusSince::new("maintenance", message, now);
    }
}

/// Makes a change that a hook command makes at once; what is no part of the model is for who runs the hook.
pub(crate) fn take_effect(
    model: &mut Model,
    unit: &str,
    hook: &Hook,
    effect: Effect,
    now: Timestamp,
) -> Result<()> {
    match effect {
        Effect::UnitStatus(status) => {
            if let Some(unit) = model.unit_mut(unit) {
                unit.workload_status = StatusSince { status, since: now };
                unit.status_set = true;
            }
        }
        Effect::ApplicationStatus(status) => {
            let application = model.application_mut(application_of(unit))?;
            application.status = Some(StatusSince { status, since: now });
        }
        Effect::LeaderSettings(settings) => {
            let application = model.application_mut(application_of(unit))?;
            application.leader_settings.update(&settings);
        }
        Effect::WorkloadVersion(version) => {
            model
                .application_mut(application_of(unit))?
                .workload_version = version;
        }
        Effect::SecretRead { id, consumer } => {
            if let Some(secret) = model.secrets.get_mut(&id) {
                secret.consumers.insert(unit.to_owned(), consumer);
                secret.prune();
            }
        }
        Effect::ActionLog(message) => {
            if let Hook::Action { id, .. } = hook
                && let Some(task) = model.task_mut(*id)
            {
                task.log.push((now, message));
            }
        }
        Effect::Resource { .. } | Effect::Log { .. } | Effect::RebootNow => {}
    }
    Ok(())
}

/// Makes the changes that a hook has asked for; `view` is what decides about them, as it is now. The error is Juju's refusal; nothing is
/// changed then.
pub(crate) fn commit(
    model: &mut Model,
    pending: &PendingChanges,
    view: &UnitView,
    now: Timestamp,
) -> Result<(), String> {
    let unit = view.name.as_str();
    let opened = pending
        .commit(view)
        .map_err(|refusal| refusal.to_string())?;
    let secrets = pending
        .secrets
        .commit(&model.secrets, unit, view.leader, now)?;
    model
        .add_storage_of_hook(unit, &pending.storage)
        .map_err(|refusal| format!("{refusal:#}"))?;
    model.secrets = secrets;
    if let Some(unit) = model.unit_mut(unit) {
        unit.opened_ports = opened;
        for (key, value) in &pending.state {
            match value {
                Some(value) => unit.charm_state.insert(key.clone(), value.clone()),
                None => unit.charm_state.remove(key),
            };
        }
    }
    for (id, changes) in &pending.relations {
        model.publish(unit, *id, &changes.unit, &changes.application);
    }
    Ok(())
}

/// Notes that a hook has ended well, and what it asked for is done.
pub(crate) fn succeed(model: &mut Model, unit: &str, hook: &Hook, known: &Known, now: Timestamp) {
    advance(model, unit, hook, known, now);
    if let Some(unit) = model.unit_mut(unit) {
        unit.agent_status = StatusSince::new("idle", "", now);
        if *hook == Hook::unit("start") && !unit.status_set {
            unit.workload_status = StatusSince::new("unknown", "", now);
        }
        if unit.is_dead() {
            unit.workload_status = StatusSince::new("terminated", "", now);
        }
    }
}

/// Goes on as if a hook that failed had succeeded.
pub(crate) fn skip(model: &mut Model, unit: &str, hook: &Hook, now: Timestamp) {
    let known = Known::new(model, unit, hook);
    if let Some(unit) = model.unit_mut(unit) {
        unit.agent_status = StatusSince::new("idle", "", now);
    }
    if let Some(known) = known {
        advance(model, unit, hook, &known, now);
    }
}

/// Notes that a hook has failed: it is due again after a while.
pub(crate) fn fail(model: &mut Model, unit: &str, hook: &Hook, now: Timestamp) {
    let Some(unit) = model.unit_mut(unit) else {
        return;
    };
    let times = match &unit.again {
        Some(Again {
            hook: failed,
            why: Why::Failed { times, .. },
        }) if failed == hook => times + 1,
        _ => 1,
    };
    let message = format!("hook failed: \"{hook}\"");
    unit.agent_status = StatusSince::new("error", &message, now);
    unit.again = Some(Again {
        hook: hook.clone(),
        why: Why::Failed {
            times,
            due: now + retry_delay(times),
            resolved: None,
        },
    });
}

/// Notes that a hook was killed by a signal, which is no error: it is due again when its agent has started anew.
pub(crate) fn note_kill(model: &mut Model, unit: &str, hook: &Hook, now: Timestamp) {
    if let Some(unit) = model.unit_mut(unit) {
        unit.again = Some(Again {
            hook: hook.clone(),
            why: Why::Killed {
                due: now + AFTER_A_KILL,
            },
        });
    }
}

/// Notes that a machine has rebooted: its units start anew.
pub(crate) fn reboot(model: &mut Model, machine: u32) {
    for application in model.applications.values_mut() {
        for unit in application.units.values_mut() {
            if unit.machine == machine && unit.reached == Reached::Started {
                unit.reached = Reached::Installed;
            }
        }
    }
}

/// Lets a unit enter the relations that have come, and leave those that go and of which its charm has heard nothing.
pub(crate) fn synchronize_scopes(model: &mut Model, unit: &str, now: Timestamp) -> Result<()> {
    let (enter, leave) = model.scopes_to_synchronize(unit);
    for id in enter {
        model.enter_scope(unit, id, now)?;
    }
    for id in leave {
        model.leave_scope(unit, id);
    }
    Ok(())
}

/// Notes how an action has ended: its results, why its process failed if it did, and whether its changes could be made.
/// The charm's own message counts unless the process has failed.
pub(crate) fn end_action(
    model: &mut Model,
    id: u64,
    told: ActionOutcome,
    failure: Option<String>,
    committed: bool,
) {
    let ActionOutcome {
        results,
        failure: own,
    } = told;
    let not_committed = (!committed).then(|| NOT_COMMITTED.to_owned());
    let message = failure.or(own).or(not_committed);
    if let Some(task) = model.task_mut(id) {
        task.end(message, results);
    }
}
