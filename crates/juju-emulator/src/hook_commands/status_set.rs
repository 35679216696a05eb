//! `status-set`

use super::table::HookCommand;
use super::{Call, Failure};
use crate::flags::{Flag, FlagValue};
use crate::go_strconv::quote;
use crate::hook_context::Effect;
use crate::unit_view::Status;

const STATUSES: [&str; 4] = ["maintenance", "blocked", "waiting", "active"];
const APPLICATION: Flag = Flag {
    names: &["application"],
    value: FlagValue::Bool,
    purpose: "Set the status of the application; for the leader only",
};

pub(super) const COMMAND: HookCommand = HookCommand {
    name: "status-set",
    arguments: "<maintenance | blocked | waiting | active> [message]",
    purpose: "Set the status of this unit or of its application, at once.",
    flags: &[APPLICATION],
    run,
};

fn run(call: &mut Call<'_>) -> Result<(), Failure> {
    let Some(status) = call.line.arguments.first() else {
        return Err(Failure::Usage(
            "invalid args, require <status> [message]".to_owned(),
        ));
    };
    if !STATUSES.contains(&status.as_str()) {
        let message = format!(
            "invalid status {}, expected one of [{}]",
            quote(status),
            STATUSES.join(" ")
        );
        return Err(Failure::Usage(message));
    }
    let [status, message] = call
        .at_most()?
        .map(|argument| argument.unwrap_or_default().to_owned());
    let status = Status { status, message };

    let unit = &mut call.hook.unit;
    if !call.line.is_set("application") {
        unit.unit_status = status.clone();
        unit.unit_statuses.insert(unit.name.clone(), status.clone());
        call.answer.effects.push(Effect::UnitStatus(status));
    } else if unit.leader {
        unit.application_status = status.clone();
        call.answer.effects.push(Effect::ApplicationStatus(status));
    } else {
        return Err(Failure::Refused("this unit is not the leader".to_owned()));
    }
    Ok(())
}
