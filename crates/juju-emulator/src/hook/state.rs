//! `state-get`, `state-set` and `state-delete`: texts that a unit keeps from hook to hook.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::go::flags::{Flag, FlagValue};
use crate::go::keyvalues;
use crate::go::strconv::quote;
use crate::hook::command::{Call, Failure, HookCommand, TakesEffect};
use crate::hook::output::{FORMAT, OUTPUT};

/// No key and no value may be longer, in bytes.
const LONGEST_KEY: usize = 256;
const LONGEST_VALUE: usize = 65536;

const STRICT: Flag = Flag {
    names: &["strict"],
    value: FlagValue::Bool,
    purpose: "Fail when there is no such key",
};

pub(crate) const STATE_GET: HookCommand = HookCommand {
    name: "state-get",
    arguments: "[<key> or -]",
    purpose: "Print what this unit has kept.",
    flags: &[FORMAT, OUTPUT, STRICT],
    takes_effect: TakesEffect::Never,
    run: get,
};

fn get(call: &mut Call<'_>) -> Result<(), Failure> {
    let [key] = call.at_most()?;
    let key = key
        .filter(|key| !["", "-"].contains(key))
        .map(str::to_owned);
    let mut state = call.hook.unit.state.clone();
    for (key, value) in &call.hook.pending.state {
        match value {
            Some(value) => state.insert(key.clone(), value.clone()),
            None => state.remove(key),
        };
    }
    let Some(key) = key else {
        let is_json = call.line.value("format") == Some("json");
        let nothing = is_json && state.is_empty();
        return call.print(&if nothing { Value::Null } else { json!(state) });
    };
    let value = state.remove(&key);
    if value.is_none() && call.line.is_set("strict") {
        return Err(Failure::Refused(format!("{} not found", quote(&key))));
    }
    call.print(&value.unwrap_or_default().into())
}

const FILE: Flag = Flag {
    names: &["file"],
    value: FlagValue::Text(""),
    purpose: "A file with a map of keys and texts, - for the standard input",
};

pub(crate) const STATE_SET: HookCommand = HookCommand {
    name: "state-set",
    arguments: "<key>=<value> [...]",
    purpose: "Keep texts, once this hook has succeeded.",
    flags: &[FILE],
    takes_effect: TakesEffect::AtTheEnd,
    run: set,
};

fn set(call: &mut Call<'_>) -> Result<(), Failure> {
    let given = keyvalues::parse(&call.line.arguments).map_err(Failure::Usage)?;
    let mut changes = match call.line.value("file").filter(|file| !file.is_empty()) {
        Some(file) => keyvalues::from_yaml(&call.file(file)?).map_err(Failure::Refused)?,
        None => BTreeMap::new(),
    };
    changes.extend(given);
    for (key, value) in &changes {
        let too_long = |what, longest| {
            let refusal = format!("max allowed {what} length ({longest}) exceeded");
            Err(Failure::Refused(refusal))
        };
        if key.len() > LONGEST_KEY {
            return too_long("key", LONGEST_KEY);
        }
        if value.len() > LONGEST_VALUE {
            return too_long("value", LONGEST_VALUE);
        }
    }
    let changes = changes.into_iter().map(|(key, value)| (key, Some(value)));
    call.hook.pending.state.extend(changes);
    Ok(())
}

pub(crate) const STATE_DELETE: HookCommand = HookCommand {
    name: "state-delete",
    arguments: "<key>",
    purpose: "Forget a text, once this hook has succeeded.",
    flags: &[],
    takes_effect: TakesEffect::AtTheEnd,
    run: delete,
};

fn delete(call: &mut Call<'_>) -> Result<(), Failure> {
    let [key] = call.at_most()?;
    if let Some(key) = key.filter(|key| !key.is_empty()).map(str::to_owned) {
        call.hook.pending.state.insert(key, None);
    }
    Ok(())
}
