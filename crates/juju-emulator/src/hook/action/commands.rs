//! `action-get`, `action-set`, `action-fail` and `action-log`.

use crate::charm::name::is_action;
use crate::go::strconv::quote;
use crate::hook::action::view::{insert_at, value_at};
use crate::hook::command::{Call, Failure, HookCommand, TakesEffect};
use crate::hook::context::Effect;
use crate::hook::output::{FORMAT, OUTPUT};
use crate::hook::unit_view::HookKind;

/// The results that Juju itself sets.
const RESERVED: [&str; 4] = ["stdout", "stderr", "stdout-encoding", "stderr-encoding"];

pub(crate) const ACTION_GET: HookCommand = HookCommand {
    name: "action-get",
    arguments: "[<key>[.<key>.<key>...]]",
    purpose: "Print the parameters of the action, or one of them.",
    flags: &[FORMAT, OUTPUT],
    takes_effect: TakesEffect::Never,
    run: get,
};

fn get(call: &mut Call<'_>) -> Result<(), Failure> {
    let [key] = call.at_most()?;
    let HookKind::Action { params } = &call.hook.unit.hook else {
        return Err(not_running());
    };
    let value = match key {
        Some(key) => value_at(params, key),
        None => params.clone().into(),
    };
    call.print(&value)
}

pub(crate) const ACTION_SET: HookCommand = HookCommand {
    name: "action-set",
    arguments: "<key>=<value> [<key>=<value> ...]",
    purpose: "Set results of the action; a key with dots is one in a map.",
    flags: &[],
    takes_effect: TakesEffect::AtOnce,
    run: set,
};

fn set(call: &mut Call<'_>) -> Result<(), Failure> {
    let results = call.line.arguments.iter().map(|argument| result(argument));
    let results: Vec<_> = results.collect::<Result<_, _>>().map_err(Failure::Usage)?;
    call.check_action()?;
    for (key, value) in results {
        insert_at(&mut call.hook.action.results, &key, value.into());
    }
    Ok(())
}

/// Reads `key=value`. The error is Juju's text.
fn result(argument: &str) -> Result<(String, String), String> {
    let (key, value) = argument.split_once('=').ok_or_else(|| {
        format!(
            "argument {} must be of the form key...=value",
            quote(argument)
        )
    })?;
    for part in key.split('.') {
        if !is_action(part) {
            return Err(format!(
                "key {} must start and end with lowercase alphanumeric, and contain only lowercase alphanumeric, hyphens and periods",
                quote(part)
            ));
        }
        if RESERVED.contains(&part) {
            return Err(format!("cannot set reserved action key {}", quote(part)));
        }
    }
    Ok((key.to_owned(), value.to_owned()))
}

pub(crate) const ACTION_FAIL: HookCommand = HookCommand {
    name: "action-fail",
    arguments: "[\"<failure message>\"]",
    purpose: "Say that the action has failed; what else it does is done all the same.",
    flags: &[],
    takes_effect: TakesEffect::AtOnce,
    run: fail,
};

fn fail(call: &mut Call<'_>) -> Result<(), Failure> {
    let [message] = call.at_most()?;
    let message = message.unwrap_or("action failed without reason given, check action for errors");
    let message = message.to_owned();
    call.check_action()?;
    call.hook.action.failure = Some(message);
    Ok(())
}

pub(crate) const ACTION_LOG: HookCommand = HookCommand {
    name: "action-log",
    arguments: "<message>",
    purpose: "Show the operator a line while the action runs.",
    flags: &[],
    takes_effect: TakesEffect::AtOnce,
    run: log,
};

fn log(call: &mut Call<'_>) -> Result<(), Failure> {
    if call.line.arguments.is_empty() {
        return Err(Failure::Usage("no message specified".to_owned()));
    }
    call.check_action()?;
    let message = call.line.arguments.join(" ");
    call.answer.effects.push(Effect::ActionLog(message));
    Ok(())
}

impl Call<'_> {
    fn check_action(&self) -> Result<(), Failure> {
        match &self.hook.unit.hook {
            HookKind::Action { .. } => Ok(()),
            _ => Err(not_running()),
        }
    }
}

fn not_running() -> Failure {
    Failure::Refused("not running an action".to_owned())
}
