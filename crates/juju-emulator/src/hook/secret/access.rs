//! `secret-grant` and `secret-revoke`.

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
    let (application, unit) = (call.text("app"), call.text("unit"));
    let target = match (application, unit, call.text("r")) {
        (Some(_), Some(_), _) => return usage("specify only one of application or unit"),
        (Some(_), None, Some(_)) => return usage("do not specify both relation and app"),
        (Some(application), None, None) => application.to_owned(),
        (None, Some(unit), None) if !is_of_relation => unit.to_owned(),
        (None, None, None) if !is_of_relation => {
            return usage("missing relation or application or unit");
        }
        (None, ..) => target(call, call.relation()?)?,
    };
    // Whether the unit may is said when the hook has ended.
    let changes = &mut call.hook.pending.secrets;
    if let Some(granted) = changes.grant.get_mut(&id) {
        granted.remove(&target);
    }
    changes.revoke.entry(id).or_default().insert(target);
    Ok(())
}

/// Whom the command is about: the application on the other side of a relation, or its unit that is given.
fn target(call: &Call<'_>, relation: u64) -> Result<String, Failure> {
    let application = &call.hook.unit.relations[&relation].remote_application;
    let Some(unit) = call.text("unit") else {
        return Ok(application.clone());
    };
    if unit.split('/').next() == Some(application) {
        return Ok(unit.to_owned());
    }
    let (unit, application) = (quote(unit), quote(application));
    Err(Failure::Usage(format!(
        "cannot specify unit {unit} in relation to application {application}"
    )))
}
