//! Decides what a unit's agent does next, from what the unit has seen and what its application wants.

use std::time::Duration;

use jiff::Timestamp;

use crate::agent::relation_resolver::{
    advance_relation, next_created, next_relation_hook, version_found,
};
use crate::agent::secret_resolver::{advance_secret, is_void, next_secret_hook, revision_found};
use crate::agent::storage_resolver::{advance_storage, next_storage_hook};
use crate::charm::hook::Hook;
use crate::controller::life::Life;
use crate::controller::model::{Again, Model, Reached, Resolved, Why};
use crate::controller::model_config;

/// One step of a unit's agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    /// Run a hook.
    Run(Hook),
    /// Go on as if a hook that failed had succeeded.
    Skip(Hook),
    /// Enter the relations that have come, and leave those that go and of which the charm has heard nothing.
    SynchronizeScopes,
    /// Run an action, by the number of its task.
    RunAction(u64),
    /// Remove what is left of a unit whose life is over.
    CleanUp,
}

/// What the agent of `unit` does now; nothing when the unit has settled, which a unit in error has until its retry is due.
pub(crate) fn next_operation(model: &Model, unit: &str, now: Timestamp) -> Option<Operation> {
    let (_, state) = model.unit(unit)?;
    if state.life == Life::Dead {
        // The subordinates beside it go first.
        let is_alone = model.subordinates(unit).next().is_none();
        return is_alone.then_some(Operation::CleanUp);
    }
    // Actions run in a unit that is in error too, once it has a charm.
    if (state.reached > Reached::Machine || state.failed_hook().is_some())
        && let Some(task) = model.next_task(unit)
    {
        return Some(Operation::RunAction(task));
    }
    match &state.again {
        Some(Again { hook, .. }) if is_void(model, unit, hook) => {
            return Some(Operation::Skip(hook.clone()));
        }
        Some(Again {
            hook,
            why: Why::Rebooted,
        }) => return Some(Operation::Run(hook.clone())),
        Some(Again {
            hook,
            why: Why::Killed { due },
        }) => {
            let is_due = has_come(*due, now, AFTER_A_KILL);
            return is_due.then(|| Operation::Run(hook.clone()));
        }
        Some(Again {
            hook,
            why:
                Why::Failed {
                    times,
                    due,
                    resolved,
                },
        }) => {
            let is_due =
                model_config::retries_hooks(model) && has_come(*due, now, retry_delay(*times));
            return match resolved {
                Some(Resolved::NoHooks) => Some(Operation::Skip(hook.clone())),
                Some(Resolved::RetryHooks) => Some(Operation::Run(hook.clone())),
                None => is_due.then(|| Operation::Run(hook.clone())),
            };
        }
        None => {}
    }
    if state.is_dying() && state.reached == Reached::Machine {
        return Some(Operation::CleanUp);
    }
    if state.reached > Reached::Machine {
        let (enter, leave) = model.scopes_to_synchronize(unit);
        if !enter.is_empty() || !leave.is_empty() {
            return Some(Operation::SynchronizeScopes);
        }
    }
    next_hook(model, unit, now).map(Operation::Run)
}

/// Whether a time has come that was at most `delay` away. One that is farther away now was set before the clock went back.
fn has_come(time: Timestamp, now: Timestamp, delay: Duration) -> bool {
    let away = time.duration_since(now);
    !away.is_positive() || away.unsigned_abs() > delay
}

fn next_hook(model: &Model, name: &str, now: Timestamp) -> Option<Hook> {
    let (application, unit) = model.unit(name)?;
    let leads = application.is_leader(name);
    let first_due = |hooks: &[(&str, bool)]| {
        let mut due = hooks.iter().filter(|(_, is_due)| *is_due);
        due.next().map(|(name, _)| Hook::unit(name))
    };
    if unit.is_dying() {
        let is_stopped = unit.reached == Reached::Stopped;
        let last = [("remove", is_stopped), ("stop", !is_stopped)];
        return next_storage_hook(model, name)
            .or_else(|| next_relation_hook(model, name))
            .or_else(|| first_due(&last));
    }
    if unit.reached == Reached::Machine {
        return next_storage_hook(model, name).or_else(|| Some(Hook::unit("install")));
    }
    first_due(&[(
        "upgrade-charm",
        unit.charm_seen != application.charm_version,
    )])
    .or_else(|| next_storage_hook(model, name))
    .or_else(|| next_created(model, name))
    .or_else(|| {
        first_due(&[
            ("leader-elected", leads && !unit.leader_seen),
            (
                "leader-settings-changed",
                !leads && unit.leader_settings_seen != application.leader_settings.version,
            ),
            (
                "config-changed",
                unit.config_seen != application.config_version,
            ),
            ("start", unit.reached == Reached::Installed),
        ])
    })
    .or_else(|| next_relation_hook(model, name))
    .or_else(|| next_secret_hook(model, name, now))
    .or_else(|| {
        let interval = model_config::update_status_interval(model);
        let is_due = has_come(unit.update_status_at, now, interval);
        first_due(&[("update-status", is_due)])
    })
}

/// Notes that a hook of a unit has succeeded, or was skipped, with what its agent knew when it began.
pub(crate) fn advance(model: &mut Model, name: &str, hook: &Hook, known: &Known, now: Timestamp) {
    let Some(unit) = model.unit_mut(name) else {
        return;
    };
    unit.again = None;
    unit.update_status_at = now + known.update_status_interval;
    match hook {
        Hook::Unit(hook) => match hook.as_str() {
            "install" => {
                unit.reached = Reached::Installed;
                unit.charm_seen = unit.charm_installed;
            }
            "upgrade-charm" => {
                unit.charm_seen = unit.charm_installed;
                // Juju runs config-changed after it, whether or not config has changed.
                unit.config_seen = 0;
            }
            "leader-elected" => unit.leader_seen = true,
            "leader-settings-changed" => unit.leader_settings_seen = known.leader_settings_version,
            "config-changed" => unit.config_seen = known.config_version,
            "start" => unit.reached = Reached::Started,
            "stop" => unit.reached = Reached::Stopped,
            "remove" => unit.life = Life::Dead,
            _ => {}
        },
        Hook::Storage { .. } => advance_storage(model, hook, now),
        Hook::Secret { .. } => advance_secret(model, name, hook, known.secret_revision, now),
        _ => advance_relation(model, name, hook, known.relation_version),
    }
}

/// What an agent knew when a hook began: the versions of what the hook was about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    pub(crate) config_version: u64,
    pub(crate) leader_settings_version: u64,
    pub(crate) relation_version: u64,
    pub(crate) secret_revision: u64,
    pub(crate) update_status_interval: Duration,
}

impl Known {
    pub(crate) fn new(model: &Model, unit: &str, hook: &Hook) -> Option<Self> {
        let (application, _) = model.unit(unit)?;
        Some(Self {
            config_version: application.config_version,
            leader_settings_version: application.leader_settings.version,
            relation_version: version_found(model, hook),
            secret_revision: revision_found(model, hook),
            update_status_interval: model_config::update_status_interval(model),
        })
    }
}

/// How long Juju's agent takes to start anew after a hook of its was killed by a signal, and runs it again.
pub(crate) const AFTER_A_KILL: Duration = Duration::from_secs(3);

/// How long Juju waits before it runs a hook again that has failed this many times: 5 seconds, doubling to 5 minutes.
pub(crate) fn retry_delay(times: u32) -> Duration {
    let doublings = times.saturating_sub(1).min(6);
    Duration::from_secs(5 << doublings).min(Duration::from_mins(5))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controller::model::{Application, Model};

    fn model() -> Model {
        let now = Timestamp::UNIX_EPOCH;
        let mut model = Model::new("demo", String::new(), now);
        let application = Application::new("app", 0, now);
        model.applications.insert("app".to_owned(), application);
        model.add_unit("app", None, now).unwrap();
        model.add_unit("app", Some(0), now).unwrap();
        model
    }

    /// Lets every hook of a unit succeed and says which they were.
    fn settle(model: &mut Model, unit: &str, now: Timestamp) -> String {
        let mut hooks = Vec::new();
        while let Some(operation) = next_operation(model, unit, now) {
            let Operation::Run(hook) = operation else {
                hooks.push("clean up".to_owned());
                break;
            };
            hooks.push(hook.to_string());
            let charm_version = model.applications["app"].charm_version;
            let known = Known::new(model, unit, &hook).unwrap();
            model.unit_mut(unit).unwrap().charm_installed = charm_version;
            advance(model, unit, &hook, &known, now);
        }
        hooks.join(" ")
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[test]
    fn the_hooks_of_a_units_life_come_in_jujus_order() {
        let mut model = model();
        let leader = "install leader-elected config-changed start";
        assert_eq!(settle(&mut model, "app/0", at(0)), leader);
        let other = "install config-changed start";
        assert_eq!(settle(&mut model, "app/1", at(0)), other);
        assert_eq!(settle(&mut model, "app/0", at(299)), "");
        assert_eq!(settle(&mut model, "app/0", at(300)), "update-status");

        model.applications.get_mut("app").unwrap().config_version += 1;
        assert_eq!(settle(&mut model, "app/0", at(301)), "config-changed");

        model.applications.get_mut("app").unwrap().charm_version += 1;
        let refresh = "upgrade-charm config-changed";
        assert_eq!(settle(&mut model, "app/0", at(302)), refresh);

        model.unit_mut("app/0").unwrap().reached = Reached::Installed;
        assert_eq!(settle(&mut model, "app/0", at(303)), "start");

        model.unit_mut("app/0").unwrap().life = Life::Dying;
        assert_eq!(settle(&mut model, "app/0", at(304)), "stop remove clean up");
    }

    #[test]
    fn the_next_unit_leads_when_the_leader_is_gone() {
        let mut model = model();
        settle(&mut model, "app/0", at(0));
        settle(&mut model, "app/1", at(0));
        model.forget_unit("app/0");
        assert_eq!(settle(&mut model, "app/1", at(0)), "leader-elected");
        model.applications.get_mut("app").unwrap().dying = true;
        model.forget_unit("app/1");
        assert!(model.applications.is_empty() && model.machines.is_empty());
    }

    #[test]
    fn units_come_in_the_order_of_their_numbers() {
        let mut model = model();
        for _ in 2..12 {
            model.add_unit("app", Some(0), at(0)).unwrap();
        }
        for gone in ["app/0", "app/1"] {
            model.forget_unit(gone);
        }
        let text = serde_json::to_vec(&model).unwrap();
        let model: Model = serde_json::from_slice(&text).unwrap();
        let numbers: Vec<_> = model.units().map(|(name, _)| &name[4..]).collect();
        assert_eq!(numbers.join(" "), "2 3 4 5 6 7 8 9 10 11");
        assert_eq!(model.applications["app"].leader.as_deref(), Some("app/2"));
    }

    #[test]
    fn a_unit_in_error_runs_nothing_but_its_failed_hook_when_it_is_due() {
        let mut model = model();
        settle(&mut model, "app/0", at(0));
        model.applications.get_mut("app").unwrap().config_version += 1;
        model.unit_mut("app/0").unwrap().again = Some(Again {
            hook: Hook::unit("update-status"),
            why: Why::Failed {
                times: 1,
                due: at(5),
                resolved: None,
            },
        });
        assert_eq!(settle(&mut model, "app/0", at(4)), "");
        let retries = "automatically-retry-hooks".to_owned();
        model.config.insert(retries.clone(), "false".to_owned());
        assert_eq!(settle(&mut model, "app/0", at(5)), "");
        model.config.remove(&retries);
        assert_eq!(
            settle(&mut model, "app/0", at(5)),
            "update-status config-changed"
        );
    }

    #[test]
    fn a_clock_that_goes_back_delays_nothing_by_more_than_its_interval() {
        let day = 24 * 3600;
        // given an update-status and a retry that are due in their intervals
        let mut model = model();
        settle(&mut model, "app/0", at(day));
        settle(&mut model, "app/1", at(day));
        model.unit_mut("app/1").unwrap().again = Some(Again {
            hook: Hook::unit("config-changed"),
            why: Why::Failed {
                times: 2,
                due: at(day + 10),
                resolved: None,
            },
        });
        // when the clock goes back a little, then they are not due at once
        assert_eq!(settle(&mut model, "app/0", at(day)), "");
        assert_eq!(settle(&mut model, "app/1", at(day)), "");
        // and when it goes back a lot, they do not wait for it
        assert_eq!(settle(&mut model, "app/0", at(0)), "update-status");
        assert_eq!(settle(&mut model, "app/0", at(299)), "");
        assert_eq!(settle(&mut model, "app/0", at(300)), "update-status");
        assert_eq!(settle(&mut model, "app/1", at(0)), "config-changed");
    }

    #[test]
    fn retries_come_after_5_seconds_doubling_to_5_minutes() {
        let seconds: Vec<_> = (1..=9).map(|times| retry_delay(times).as_secs()).collect();
        assert_eq!(seconds, [5, 10, 20, 40, 80, 160, 300, 300, 300]);
    }

    #[test]
    fn a_unit_removed_before_its_install_has_no_stop() {
        let mut model = model();
        model.unit_mut("app/0").unwrap().life = Life::Dying;
        assert_eq!(settle(&mut model, "app/0", at(0)), "clean up");
    }
}
