//! `secret-get`, `secret-info-get` and `secret-ids`.

use serde_json::{Map, Value, json};

use crate::controller::secret_content::{SecretContent, text_of};
use crate::controller::secret_id;
use crate::go::flags::{Flag, FlagValue};
use crate::go::strconv::quote;
use crate::hook::command::{Call, Failure, HookCommand, TakesEffect};
use crate::hook::context::Effect;
use crate::hook::output::{FORMAT, OUTPUT};

const YAML_OR_JSON: Flag = Flag {
    names: &["format"],
    value: FlagValue::OneOf(&["yaml", "json"]),
    purpose: "How to print the value (json|yaml)",
};
const LABEL: Flag = Flag {
    names: &["label"],
    value: FlagValue::Text(""),
    purpose: "The unit's own name for the secret, which it gets beside an id, or is found by",
};
const PEEK: Flag = Flag {
    names: &["peek"],
    value: FlagValue::Bool,
    purpose: "Print the latest revision, this once",
};
const REFRESH: Flag = Flag {
    names: &["refresh"],
    value: FlagValue::Bool,
    purpose: "Print the latest revision, and stay with it",
};

pub(crate) const SECRET_GET: HookCommand = HookCommand {
    name: "secret-get",
    arguments: "[<ID>] [<key>[#base64]]",
    purpose: "Print the content of a secret.",
    flags: &[YAML_OR_JSON, OUTPUT, LABEL, PEEK, REFRESH],
    takes_effect: TakesEffect::Never,
    run: get,
};

fn get(call: &mut Call<'_>) -> Result<(), Failure> {
    let usage = |message: &str| Err(Failure::Usage(message.to_owned()));
    let [id, key] = call.at_most()?;
    let id = id
        .map(secret_id::parse)
        .transpose()
        .map_err(Failure::Usage)?;
    let key = key.filter(|key| !key.is_empty()).map(str::to_owned);
    let label = call.text("label").unwrap_or_default().to_owned();
    let (peek, refresh) = (call.line.is_set("peek"), call.line.is_set("refresh"));
    if id.is_none() && label.is_empty() {
        return usage("require either a secret URI or label");
    }
    if peek && refresh {
        return usage("specify one of --peek or --refresh but not both");
    }
    let content = content(call, id, &label, peek, refresh).map_err(Failure::Refused)?;
    let value = match key {
        None => json!(content.texts()),
        Some(key) => {
            let (name, form) = key.split_once('#').unwrap_or((&key, ""));
            let not_found = || {
                let name = quote(name);
                Failure::Refused(format!("secret key value {name} not found"))
            };
            let value = content.base64().get(name).ok_or_else(not_found)?;
            match form {
                "base64" => value.clone().into(),
                _ => text_of(value).into(),
            }
        }
    };
    call.print_struct(&value)
}

/// What the unit reads of a secret, and from now on follows.
fn content(
    call: &mut Call<'_>,
    id: Option<String>,
    label: &str,
    peek: bool,
    refresh: bool,
) -> Result<SecretContent, String> {
    let hook = &mut *call.hook;
    let is_given = id.is_some();
    let id = id.map_or_else(|| hook.secret_with_label(label), Ok)?;
    if is_given && !label.is_empty() && hook.managed_ids().contains(&id) {
        return Err(
            "either URI or label should be used for getting an owned secret but not both"
                .to_owned(),
        );
    }
    if let Some(content) = hook.pending_content(&id, peek || refresh) {
        if refresh && !hook.pending.secrets.create.contains_key(&id) {
            hook.pending.secrets.track_latest.insert(id);
        }
        return Ok(content);
    }
    let unit = &hook.unit.name;
    let not_found = || format!("secret {} not found", quote(&id));
    let secret = hook.unit.secrets.get_mut(&id).ok_or_else(not_found)?;
    if !secret.is_read_by(unit) {
        return Err(format!(
            "{} is not allowed to read this secret",
            quote(unit)
        ));
    }
    let before = secret.consumers.get(unit).cloned();
    let mut consumer = before.clone().unwrap_or_default();
    if refresh || before.is_none() {
        consumer.tracked = secret.latest;
    }
    if is_given && !label.is_empty() {
        label.clone_into(&mut consumer.label);
    }
    let revision = if peek {
        secret.latest
    } else {
        consumer.tracked
    };
    if before.as_ref() != Some(&consumer) {
        secret.consumers.insert(unit.clone(), consumer.clone());
        call.answer.effects.push(Effect::SecretRead {
            id: id.clone(),
            consumer,
        });
    }
    let revision_gone = || {
        format!(
            "secret revision {} not found",
            quote(&format!("{id}/{revision}"))
        )
    };
    let revision = secret.revisions.get(&revision).ok_or_else(revision_gone)?;
    Ok(revision.content.clone())
}

pub(crate) const SECRET_INFO_GET: HookCommand = HookCommand {
    name: "secret-info-get",
    arguments: "[<ID>]",
    purpose: "Print what is known of a secret that this unit may change.",
    flags: &[YAML_OR_JSON, OUTPUT, LABEL],
    takes_effect: TakesEffect::Never,
    run: info_get,
};

fn info_get(call: &mut Call<'_>) -> Result<(), Failure> {
    let [id] = call.at_most()?;
    let id = match (id, call.text("label")) {
        (None, None) => {
            return Err(Failure::Usage(
                "require either a secret URI or label".to_owned(),
            ));
        }
        (Some(_), Some(_)) => {
            return Err(Failure::Usage(
                "specify either a secret URI or label but not both".to_owned(),
            ));
        }
        (Some(id), None) => secret_id::parse(id).map_err(Failure::Usage)?,
        (None, Some(label)) => call
            .hook
            .managed_with_label(label)
            .ok_or_else(|| Failure::Refused(format!("secret {} not found", quote(label))))?,
    };
    let Some(info) = call.hook.secret_info(&id) else {
        return Err(Failure::Refused(format!("secret {} not found", quote(&id))));
    };
    let info: Value = Map::from_iter([(id, info)]).into();
    call.print_struct_with_times(&info, &["expiry", "rotates"])
}

pub(crate) const SECRET_IDS: HookCommand = HookCommand {
    name: "secret-ids",
    arguments: "",
    purpose: "Print the ids of the secrets that this unit may change.",
    flags: &[FORMAT, OUTPUT],
    takes_effect: TakesEffect::Never,
    run: ids,
};

fn ids(call: &mut Call<'_>) -> Result<(), Failure> {
    let [] = call.at_most()?;
    let ids = call.hook.managed_ids();
    // A list of Go that has nothing in it.
    let ids = if ids.is_empty() {
        Value::Null
    } else {
        ids.into()
    };
    call.print(&ids)
}
