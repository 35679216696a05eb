//! Leadership: `is-leader`, and the leader's settings of Juju 3.6, `leader-get` and `leader-set`.

use serde_json::json;

use crate::controller::relation::update;
use crate::go::keyvalues;
use crate::go::strconv::quote;
use crate::hook::command::{Call, Failure, HookCommand, TakesEffect};
use crate::hook::context::Effect;
use crate::hook::output::{FORMAT, OUTPUT};

pub(crate) const IS_LEADER: HookCommand = HookCommand {
    name: "is-leader",
    arguments: "",
    purpose: "Print whether this unit leads its application, for 30 seconds at least.",
    flags: &[FORMAT, OUTPUT],
    takes_effect: TakesEffect::Never,
    run: is_leader,
};

fn is_leader(call: &mut Call<'_>) -> Result<(), Failure> {
    let [] = call.at_most()?;
    call.print(&call.hook.unit.leader.into())
}

pub(crate) const LEADER_GET: HookCommand = HookCommand {
    name: "leader-get",
    arguments: "[<key> or -]",
    purpose: "Print what the leader has set for the other units of its application.",
    flags: &[FORMAT, OUTPUT],
    takes_effect: TakesEffect::Never,
    run: get,
};

fn get(call: &mut Call<'_>) -> Result<(), Failure> {
    let key = call.line.arguments.first();
    if let Some(key) = key.filter(|key| key.contains('=')) {
        return Err(Failure::Usage(format!("invalid key {}", quote(key))));
    }
    let [key] = call.at_most()?;
    let settings = &call.hook.unit.leader_settings;
    let value = match key.filter(|key| !["", "-"].contains(key)) {
        Some(key) => settings.get(key).map(String::as_str).into(),
        None => json!(settings),
    };
    call.print(&value)
}

pub(crate) const LEADER_SET: HookCommand = HookCommand {
    name: "leader-set",
    arguments: "<key>=<value> [...]",
    purpose: "Set something for the other units of the application, at once; for the leader only.",
    flags: &[],
    takes_effect: TakesEffect::AtOnce,
    run: set,
};

fn set(call: &mut Call<'_>) -> Result<(), Failure> {
    let settings = keyvalues::parse(&call.line.arguments).map_err(Failure::Usage)?;
    let unit = &mut call.hook.unit;
    if !unit.leader {
        return Err(Failure::Refused(
            "cannot write leadership settings: cannot write settings: not the leader".to_owned(),
        ));
    }
    update(&mut unit.leader_settings, &settings);
    call.answer.effects.push(Effect::LeaderSettings(settings));
    Ok(())
}
