//! `storage-list`, `storage-get` and `storage-add`.

use serde_json::json;

use crate::controller::storage_directive::StorageDirective;
use crate::go::flags::{Flag, FlagValue};
use crate::go::strconv::quote;
use crate::hook::command::{Call, Failure, HookCommand, TakesEffect};
use crate::hook::output::{FORMAT, OUTPUT};
use crate::hook::unit_view::HookKind;

pub(crate) const STORAGE_LIST: HookCommand = HookCommand {
    name: "storage-list",
    arguments: "[<storage-name>]",
    purpose: "Print the ids of the storage that this unit has.",
    flags: &[FORMAT, OUTPUT],
    takes_effect: TakesEffect::Never,
    run: list,
};

fn list(call: &mut Call<'_>) -> Result<(), Failure> {
    let [name] = call.at_most()?;
    let is_named = |id: &&String| name.is_none_or(|name| id.split('/').next() == Some(name));
    let ids = call.hook.unit.storages.keys();
    let ids = ids.filter(is_named).cloned().collect();
    call.print(&ids)
}

const ID: Flag = Flag {
    names: &["s"],
    value: FlagValue::Text(""),
    purpose: "The storage, by its id; unless given, the one of this hook",
};

pub(crate) const STORAGE_GET: HookCommand = HookCommand {
    name: "storage-get",
    arguments: "[<kind or location>]",
    purpose: "Print where a storage is, and of what kind it is.",
    flags: &[FORMAT, OUTPUT, ID],
    takes_effect: TakesEffect::Never,
    run: get,
};

fn get(call: &mut Call<'_>) -> Result<(), Failure> {
    let given = call.line.value("s").filter(|id| !id.is_empty());
    let own = match &call.hook.unit.hook {
        HookKind::Storage { id } => Some(id.as_str()),
        _ => None,
    };
    let Some(id) = given.or(own) else {
        return Err(Failure::Usage("no storage instance specified".to_owned()));
    };
    let Some(storage) = call.hook.unit.storages.get(id) else {
        let why = if is_storage_id(id) {
            format!("storage instance {} not found", quote(id))
        } else {
            format!("invalid storage ID {}", quote(id))
        };
        let id = quote(id);
        return Err(Failure::Usage(format!(
            "invalid value {id} for option -s: {why}"
        )));
    };
    let [attribute] = call.at_most()?;
    let value = match attribute {
        None | Some("") => json!({"kind": storage.kind(), "location": storage.location}),
        Some("kind") => storage.kind().into(),
        Some("location") => storage.location.clone().into(),
        Some(other) => {
            let other = quote(other);
            return Err(Failure::Refused(format!(
                "invalid storage attribute {other}"
            )));
        }
    };
    call.print(&value)
}

/// Whether it could be the id of a storage: `data/0`.
fn is_storage_id(id: &str) -> bool {
    id.split_once('/').is_some_and(|(name, number)| {
        let is_letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.chars().all(is_letter)
            && !number.is_empty()
            && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

pub(crate) const STORAGE_ADD: HookCommand = HookCommand {
    name: "storage-add",
    arguments: "<storage-name>[=<count>] [...]",
    purpose: "Ask for more storage, once this hook has succeeded.",
    flags: &[],
    takes_effect: TakesEffect::AtTheEnd,
    run: add,
};

fn add(call: &mut Call<'_>) -> Result<(), Failure> {
    if call.line.arguments.is_empty() {
        let message = "storage add requires a storage directive";
        return Err(Failure::Usage(message.to_owned()));
    }
    let asked = StorageDirective::parse_all(&call.line.arguments).map_err(Failure::Usage)?;
    let more = |directive: &StorageDirective| directive.pool.is_some() || directive.size.is_some();
    if let Some((name, _)) = asked.iter().find(|(_, directive)| more(directive)) {
        let name = quote(name);
        return Err(Failure::Usage(format!(
            "only count can be specified for {name}"
        )));
    }
    for (name, directive) in asked {
        let count = call.hook.pending.storage.entry(name).or_default();
        *count = count.saturating_add(directive.count.unwrap_or(1));
    }
    Ok(())
}
