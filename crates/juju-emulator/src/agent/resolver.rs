//! Decides what a unit's agent does next, from what the unit has seen and what its application wants.

use std::time::Duration;

use jiff::Timestamp;

use crate::charm::hook::Hook;
use crate::controller::model::{Again, Application, Life, Model, Reached, Resolved, Unit, Why};
use crate::controller::model_config;

/// One step of a unit's agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    /// Run a hook.
    Run(Hook),
    /// Go on as if a hook that failed had succeeded.
    Skip(Hook),
    /// Remove what is left of a unit whose life is over.
    CleanUp,
}

/// What the agent of `unit` does now; nothing when the unit has settled, which a unit in error has until its retry is due.
pub(crate) fn next_operation(model: &Model, unit: &str, now: Timestamp) -> Option<Operation> {
    let (application, state) = model.unit(unit)?;
    if state.life == Life::Dead {
        return Some(Operation::CleanUp);
    }
    match &state.again {
        Some(Again {
            hook,
            why: Why::Killed | Why::Rebooted,
        }) => return Some(Operation::Run(hook.clone())),
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
    let interval = model_config::update_status_interval(model);
    let idle = has_come(state.update_status_at, now, interval);
    next_hook(application, state, application.is_leader(unit), idle)
        .map(|name| Operation::Run(Hook::unit(name)))
}

/// Whether a time has come that was at most `delay` away. One that is farther away now was set before the clock went back.
fn has_come(time: Timestamp, now: Timestamp, delay: Duration) -> bool {
    let away = time.duration_since(now);
    !away.is_positive() || away.unsigned_abs() > delay
}

fn next_hook(
    application: &Application,
    unit: &Unit,
    leader: bool,
    update_status_is_due: bool,
) -> Option<&'static str> {
    if unit.is_dying() {
        return Some(if unit.reached == Reached::Stopped {
            "remove"
        } else {
            "stop"
        });
    }
    let due = [
        ("install", unit.reached == Reached::Machine),
        (
            "upgrade-charm",
            unit.charm_seen != application.charm_version,
        ),
        ("leader-elected", leader && !unit.leader_seen),
        (
            "config-changed",
            unit.config_seen != application.config_version,
        ),
        ("start", unit.reached == Reached::Installed),
        ("update-status", update_status_is_due),
    ];
    due.into_iter()
        .find_map(|(name, is_due)| is_due.then_some(name))
}

/// Notes in a unit that a hook has succeeded, or was skipped, with what its agent knew when it began.
pub(crate) fn advance(unit: &mut Unit, hook: &Hook, seen: &Seen, now: Timestamp) {
    unit.again = None;
    unit.update_status_at = now + seen.update_status_interval;
    let Hook::Unit(name) = hook else {
        return;
    };
    match name.as_str() {
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
        "config-changed" => unit.config_seen = seen.config_version,
        "start" => unit.reached = Reached::Started,
        "stop" => unit.reached = Reached::Stopped,
        "remove" => unit.life = Life::Dead,
        _ => {}
    }
}

/// What an agent knew when a hook began.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    pub(crate) config_version: u64,
    pub(crate) update_status_interval: Duration,
}

impl Seen {
    pub(crate) fn new(model: &Model, application: &Application) -> Self {
        Self {
            config_version: application.config_version,
            update_status_interval: model_config::update_status_interval(model),
        }
    }
}

/// How long Juju waits before it runs a hook again that has failed this many times: 5 seconds, doubling to 5 minutes.
pub(crate) fn retry_delay(times: u32) -> Duration {
    let doublings = times.saturating_sub(1).min(6);
    Duration::from_secs(5 << doublings).min(Duration::from_mins(5))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controller::model::Model;

    const SEEN: Seen = Seen {
        config_version: 1,
        update_status_interval: Duration::from_mins(5),
    };

    fn model() -> Model {
        let now = Timestamp::UNIX_EPOCH;
        let mut model = Model::new("demo", String::new(), now);
        let application = Application {
            charm: "app".to_owned(),
            revision: 0,
            base: String::new(),
            channel: String::new(),
            exposed: false,
            dying: false,
            settings: std::collections::BTreeMap::new(),
            config_version: 1,
            charm_version: 1,
            leader: None,
            status: None,
            workload_version: String::new(),
            units: indexmap::IndexMap::new(),
            created: now,
        };
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
            let application = &model.applications["app"];
            let charm_version = application.charm_version;
            let seen = Seen {
                config_version: application.config_version,
                ..SEEN
            };
            let unit = model.unit_mut(unit).unwrap();
            unit.charm_installed = charm_version;
            advance(unit, &hook, &seen, now);
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
