//! `secret-add`, `secret-set` and `secret-remove`.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::controller::secret::{RotatePolicy, SecretOwner};
use crate::controller::secret_changes::{NewSecret, SecretUpdate};
use crate::controller::secret_content::SecretContent;
use crate::go::duration::duration;
use crate::go::flags::{Flag, FlagValue};
use crate::go::strconv::{atoi, quote, quote_list};
use crate::hook::command::{Call, Failure, HookCommand, TakesEffect};

const OWNER: Flag = Flag {
    names: &["owner"],
    value: FlagValue::Text(""),
    purpose: "Whom the secret belongs to: application or unit, application unless given",
};
const LABEL: Flag = Flag {
    names: &["label"],
    value: FlagValue::Text(""),
    purpose: "The owner's name for the secret",
};
const DESCRIPTION: Flag = Flag {
    names: &["description"],
    value: FlagValue::Text(""),
    purpose: "What the secret is for",
};
const ROTATE: Flag = Flag {
    names: &["rotate"],
    value: FlagValue::Text(""),
    purpose: "How often it is to be changed: never, hourly, daily, weekly, monthly, quarterly or yearly",
};
const EXPIRE: Flag = Flag {
    names: &["expire"],
    value: FlagValue::Text(""),
    purpose: "When it expires: a time, or after how long",
};
const FILE: Flag = Flag {
    names: &["file"],
    value: FlagValue::Text(""),
    purpose: "A file with a map of keys and values",
};

pub(crate) const SECRET_ADD: HookCommand = HookCommand {
    name: "secret-add",
    arguments: "[key[#base64|#file]=value...]",
    purpose: "Add a secret, once this hook has succeeded, and print its id.",
    flags: &[OWNER, LABEL, DESCRIPTION, ROTATE, EXPIRE, FILE],
    takes_effect: TakesEffect::AtTheEnd,
    run: add,
};

fn add(call: &mut Call<'_>) -> Result<(), Failure> {
    if call.line.arguments.is_empty() && call.text("file").is_none() {
        return Err(Failure::Usage(
            "missing secret value or filename".to_owned(),
        ));
    }
    let arguments = call.line.arguments.clone();
    let (owner, fields) = owner_and_fields(call, &arguments)?;
    if fields.content.is_none() {
        return Err(Failure::Refused("empty secret value not valid".to_owned()));
    }
    if !matches!(owner, SecretOwner::Unit(_)) && !call.hook.unit.leader {
        return Err(Failure::Refused("this unit is not the leader".to_owned()));
    }
    if let Some(label) = fields.label.as_deref() {
        let mut new = call.hook.pending.secrets.create.values();
        if new.any(|new| new.fields.label.as_deref() == Some(label)) {
            let label = quote(label);
            return Err(Failure::Refused(format!(
                "secret with label {label} already exists"
            )));
        }
    }
    let id = call.hook.new_secret_id()?;
    call.answer
        .stdout
        .extend(format!("secret:{id}\n").into_bytes());
    let new = NewSecret { owner, fields };
    call.hook.pending.secrets.create.insert(id, new);
    Ok(())
}

pub(crate) const SECRET_SET: HookCommand = HookCommand {
    name: "secret-set",
    arguments: "<ID> [key[#base64|#file]=value...]",
    purpose: "Change a secret, once this hook has succeeded: what is given replaces what it has.",
    flags: &[OWNER, LABEL, DESCRIPTION, ROTATE, EXPIRE, FILE],
    takes_effect: TakesEffect::AtTheEnd,
    run: set,
};

fn set(call: &mut Call<'_>) -> Result<(), Failure> {
    let id = call.secret_id()?;
    let arguments = call.line.arguments[1..].to_vec();
    let (_, fields) = owner_and_fields(call, &arguments)?;
    let changes = &mut call.hook.pending.secrets;
    changes.remove.remove(&id);
    match changes.create.get_mut(&id) {
        Some(new) => new.fields.merge(fields),
        // Whether the unit may is said when the hook has ended.
        None => changes.update.entry(id).or_default().merge(fields),
    }
    Ok(())
}

const REVISION: Flag = Flag {
    names: &["revision"],
    value: FlagValue::Text("0"),
    purpose: "The revision to remove, unless all",
};

pub(crate) const SECRET_REMOVE: HookCommand = HookCommand {
    name: "secret-remove",
    arguments: "<ID>",
    purpose: "Remove a secret or one revision of it, once this hook has succeeded.",
    flags: &[REVISION],
    takes_effect: TakesEffect::AtTheEnd,
    run: remove,
};

fn remove(call: &mut Call<'_>) -> Result<(), Failure> {
    let id = call.secret_id()?;
    let rest = &call.line.arguments[1..];
    if !rest.is_empty() {
        let rest = quote_list(rest);
        return Err(Failure::Usage(format!("unrecognized args: {rest}")));
    }
    let revision = match call.text("revision") {
        None => 0,
        Some(text) => atoi(text).map_err(|why| {
            let text = quote(text);
            let why = why.replace("strconv.Atoi", "strconv.ParseInt");
            Failure::Usage(format!("invalid value {text} for option --revision: {why}"))
        })?,
    };
    let changes = &mut call.hook.pending.secrets;
    let is_new = changes.create.remove(&id).is_some();
    changes.update.remove(&id);
    changes.grant.remove(&id);
    changes.revoke.remove(&id);
    changes.track_latest.remove(&id);
    if is_new {
        return Ok(());
    }
    let revision = u64::try_from(revision).ok().filter(|it| *it > 0);
    match revision {
        Some(revision) => {
            let is_whole = changes.remove.get(&id).is_some_and(BTreeSet::is_empty);
            let revisions = changes.remove.entry(id).or_default();
            if !is_whole {
                revisions.insert(revision);
            }
        }
        None => changes.remove.entry(id).or_default().clear(),
    }
    Ok(())
}

fn owner(call: &Call<'_>) -> Result<SecretOwner, Failure> {
    let unit = &call.hook.unit;
    match call.line.value("owner") {
        None | Some("application") => Ok(SecretOwner::Application(unit.application().to_owned())),
        Some("unit") => Ok(SecretOwner::Unit(unit.name.clone())),
        Some(other) => {
            let owner = quote(other);
            Err(Failure::Usage(format!("secret owner {owner} not valid")))
        }
    }
}

/// What the flags and arguments say, refused in Juju's order.
fn owner_and_fields(
    call: &Call<'_>,
    arguments: &[String],
) -> Result<(SecretOwner, SecretUpdate), Failure> {
    let expires = call.text("expire").map(expiry).transpose()?;
    let rotation = call.text("rotate").map(|name| {
        let refusal = || Failure::Usage(format!("rotate policy {} not valid", quote(name)));
        RotatePolicy::named(name).ok_or_else(refusal)
    });
    let rotation = rotation.transpose()?;
    let owner = owner(call)?;
    // The agent opens files, whose working directory is not the hook's.
    let content = SecretContent::read(arguments, call.text("file"), Path::new("/"));
    let content = content.map_err(Failure::Usage)?;
    let fields = SecretUpdate {
        label: call.text("label").map(str::to_owned),
        description: call.text("description").map(str::to_owned),
        rotation,
        expires,
        content: Some(content).filter(|content| !content.is_empty()),
    };
    Ok((owner, fields))
}

/// A time as in RFC 3339, with or without its zone, or after how long.
fn expiry(text: &str) -> Result<Timestamp, Failure> {
    let is_over = match text.strip_prefix('-') {
        Some(before) => duration(before).is_some(),
        None => duration(text).is_some_and(|after| after.is_zero()),
    };
    if is_over {
        let text = quote(text);
        return Err(Failure::Usage(format!(
            "negative expire duration {text} not valid"
        )));
    }
    let after = |after: Duration| Timestamp::now().checked_add(after).ok();
    let without_zone = || {
        let time: DateTime = text.parse().ok()?;
        Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp())
    };
    let time = text.parse().ok().or_else(without_zone);
    time.or_else(|| duration(text).and_then(after))
        .ok_or_else(|| {
            let text = quote(text);
            Failure::Usage(format!("expire time or duration {text} not valid"))
        })
}
