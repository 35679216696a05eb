//! `secret-grant` and `secret-revoke`.

use crate::charm::name::{is_name, is_unit};
use crate::controller::secret::SecretGrant;
use crate::go::flags::{Flag, FlagValue};
use crate::go::strconv::quote;
use crate::hook::command::{Call, Failure, HookCommand, TakesEffect};
use crate::hook::relation::commands::RELATION;
use crate::hook::unit_view::HookKind;

const UNIT: Flag = Flag {
    names: &["unit"],
    value: FlagValue::Text(""),
    purpose: "The one unit on the other side, rather than its application",
};
const APPLICATION: Flag = Flag {
    names: &["app", "application"],
    value: FlagValue::Text(""),
    purpose: "The application, in all relations",
};

pub(crate) const SECRET_GRANT: HookCommand = HookCommand {
    name: "secret-grant",
    arguments: "<ID>",
    purpose: "Let the other side of a relation read a secret, once this hook has succeeded.",
    flags: &[UNIT, RELATION],
    takes_effect: TakesEffect::AtTheEnd,
    run: grant,
};

fn grant(call: &mut Call<'_>) -> Result<(), Failure> {
    let id = call.secret_id()?;
    let relation = call.relation()?;
    let target = target(call, relation)?;
    let [_] = call.at_most()?;
    let key = &call.hook.unit.relations[&relation].key;
    let grant = SecretGrant {
        relation: Some(relation),
        scope: format!("relation-{}", key.replace(':', ".").replace(' ', "#")),
    };
    if !call.hook.managed_ids().contains(&id) {
        return Err(Failure::Refused(format!("secret {} not found", quote(&id))));
    }
    let changes = &mut call.hook.pending.secrets;
    if let Some(revoked) = changes.revoke.get_mut(&id) {
        revoked.remove(&target);
    }
    changes.grant.entry(id).or_default().insert(target, grant);
    Ok(())
}

pub(crate) const SECRET_REVOKE: HookCommand = HookCommand {
    name: "secret-revoke",
    arguments: "<ID>",
    purpose: "No longer let the other side of a relation read a secret, once this hook has succeeded.",
    flags: &[APPLICATION, UNIT, RELATION],
    takes_effect: TakesEffect::AtTheEnd,
    run: revoke,
};

fn revoke(call: &mut Call<'_>) -> Result<(), Failure> {
    let usage = |message: &str| Err(Failure::Usage(message.to_owned()));
    let id = call.secret_id()?;
    let is_of_relation = matches!(call.hook.unit.hook, HookKind::Relation { .. });
    let relation = (is_of_relation || call.text("r").is_some())
        .then(|| call.relation())
        .transpose()?;
    let (application, unit) = (call.text("app"), call.text("unit"));
    for (what, name, is_valid) in [
        ("application", application, is_name as fn(&str) -> bool),
        ("unit", unit, is_unit),
    ] {
        if let Some(name) = name.filter(|name| !is_valid(name)) {
            return usage(&format!("{what} {} not valid", quote(name)));
        }
    }
    let target = match (application, unit, relation) {
        (Some(_), Some(_), _) => return usage("specify only one of application or unit"),
        (Some(_), None, Some(_)) => return usage("do not specify both relation and app"),
        (None, None, None) => return usage("missing relation or application or unit"),
        (Some(name), ..) | (None, Some(name), _) => name.to_owned(),
        (None, None, Some(id)) => call.hook.unit.relations[&id].remote_application.clone(),
    };
    let [_] = call.at_most()?;
    // Whether the unit may is said when the hook has ended.
    let changes = &mut call.hook.pending.secrets;
    if let Some(granted) = changes.grant.get_mut(&id) {
        granted.remove(&target);
    }
    changes.revoke.entry(id).or_default().insert(target);
    Ok(())
}

/// Who is let read: the application on the other side of a relation, or its unit that is given.
fn target(call: &Call<'_>, relation: u64) -> Result<String, Failure> {
    let application = &call.hook.unit.relations[&relation].remote_application;
    let Some(unit) = call.text("unit") else {
        return Ok(application.clone());
    };
    if !is_unit(unit) {
        let unit = quote(unit);
        return Err(Failure::Usage(format!("unit {unit} not valid")));
    }
    if unit.split('/').next() == Some(application) {
        return Ok(unit.to_owned());
    }
    let (unit, application) = (quote(unit), quote(application));
    Err(Failure::Usage(format!(
        "cannot specify unit {unit} in relation to application {application}"
    )))
}
