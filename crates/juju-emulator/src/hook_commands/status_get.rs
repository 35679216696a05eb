//! `status-get`

use serde_json::{Map, Value, json};

use super::table::HookCommand;
use super::{Call, Failure};
use crate::flags::{Flag, FlagValue};
use crate::output::{FORMAT, OUTPUT};
use crate::unit_view::Status;

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

pub(super) const COMMAND: HookCommand = HookCommand {
    name: "status-get",
    arguments: "",
    purpose: "Print the status of this unit or of its application.",
    flags: &[APPLICATION, FORMAT, INCLUDE_DATA, OUTPUT],
    run,
};

fn run(call: &mut Call<'_>) -> Result<(), Failure> {
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
    if only_word {
        return call.print(&unit.application_status.status.clone().into());
    }
    let units = unit
        .unit_statuses
        .iter()
        .map(|(name, status)| (name.clone(), details(status, include_data).into()));
    let mut application = details(&unit.application_status, include_data);
    application.insert("units".to_owned(), Value::Object(units.collect()));
    call.print(&json!({ "application-status": application }))
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
