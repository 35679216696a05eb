//! Statuses: `status-set` and `status-get`.

use serde_json::{Map, Value, json};

use crate::controller::status::Status;
use crate::go::flags::{Flag, FlagValue};
use crate::go::strconv::quote;
use crate::hook::command::{Call, Failure, HookCommand, TakesEffect};
use crate::hook::context::Effect;
use crate::hook::output::{FORMAT, OUTPUT};
use crate::hook::unit_view::UnitView;

const STATUSES: [&str; 4] = ["maintenance", "blocked", "waiting", "active"];
const OF_APPLICATION: Flag = Flag {
    names: &["application"],
    value: FlagValue::Bool,
    purpose: "Set the status of the application; for the leader only",
};

pub(crate) const STATUS_SET: HookCommand = HookCommand {
    name: "status-set",
    arguments: "<maintenance | blocked | waiting | active> [message]",
    purpose: "Set the status of this unit or of its application, at once.",
    flags: &[OF_APPLICATION],
    takes_effect: TakesEffect::AtOnce,
    run: set,
};

fn set(call: &mut Call<'_>) -> Result<(), Failure> {
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

const APPLICATION: Flag = Flag {
    names: &["application"],
    value: FlagValue::Bool,
    purpose: "Print the status of the application and all its units; for the leader only",
};
const INCLUDE_DATA: Flag = Flag {
    names: &["include-data"],
    value: FlagValue::Bool,
    purpose: "Print message and data too",
};

pub(crate) const STATUS_GET: HookCommand = HookCommand {
    name: "status-get",
    arguments: "",
    purpose: "Print the status of this unit or of its application.",
    flags: &[APPLICATION, FORMAT, INCLUDE_DATA, OUTPUT],
    takes_effect: TakesEffect::Never,
    run: get,
};

fn get(call: &mut Call<'_>) -> Result<(), Failure> {
    let [] = call.at_most()?;
    let include_data = call.line.is_set("include-data");
    let only_word = !include_data && matches!(call.line.value("format"), None | Some("smart"));

    let unit = &call.hook.unit;
    if !call.line.is_set("application") {
        let status = call
            .hook
            .unit_status_read
            .get_or_insert_with(|| unit.unit_status.clone());
        let value = if only_word {
            Value::from(status.status.as_str())
        } else {
            details(status, include_data).into()
        };
        return call.print(&value);
    }

    if !unit.leader {
        return Err(Failure::Refused(
            "finding application status: this unit is not the leader".to_owned(),
        ));
    }
    let application = of_application(unit);
    if only_word {
        return call.print(&application.status.clone().into());
    }
    let units = unit
        .unit_statuses
        .iter()
        .map(|(name, status)| (name.clone(), details(status, include_data).into()));
    let mut application = details(application, include_data);
    application.insert("units".to_owned(), Value::Object(units.collect()));
    call.print(&json!({ "application-status": application }))
}

/// What the leader has set, else the first of the units' worst.
fn of_application(unit: &UnitView) -> &Status {
    let own = &unit.application_status;
    if *own != Status::default() {
        return own;
    }
    let of_units = unit.unit_statuses.values().rev();
    of_units
        .max_by_key(|status| status.severity())
        .unwrap_or(own)
}

fn details(status: &Status, include_data: bool) -> Map<String, Value> {
    let mut details = Map::new();
    details.insert("status".to_owned(), status.status.clone().into());
    if include_data {
        details.insert("message".to_owned(), status.message.clone().into());
        details.insert("status-data".to_owned(), json!({}));
    }
    details
}
