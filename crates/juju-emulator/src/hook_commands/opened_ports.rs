//! `opened-ports`

use std::collections::BTreeSet;

use serde_json::Value;

use super::table::HookCommand;
use super::{Call, Failure};
use crate::flags::{Flag, FlagValue};
use crate::output::{FORMAT, OUTPUT};
use crate::ports::ALL_ENDPOINTS;

const ENDPOINTS: Flag = Flag {
    names: &["endpoints"],
    value: FlagValue::Bool,
    purpose: "Print the endpoints that each range is open for, * for all of them",
};

pub(super) const COMMAND: HookCommand = HookCommand {
    name: "opened-ports",
    arguments: "",
    purpose: "Print what this unit has opened, this hook's own changes included.",
    flags: &[ENDPOINTS, FORMAT, OUTPUT],
    run,
};

fn run(call: &mut Call<'_>) -> Result<(), Failure> {
    let [] = call.at_most()?;
    let with_endpoints = call.line.is_set("endpoints");
    let opened = call.hook.pending.opened_ports(&call.hook.unit.opened_ports);
    let lines = opened.iter().map(|(range, endpoints)| {
        let line = if with_endpoints {
            format!("{range} ({})", list(endpoints))
        } else {
            range.to_string()
        };
        Value::String(line)
    });
    call.print(&lines.collect())
}

fn list(endpoints: &BTreeSet<String>) -> String {
    if endpoints.contains(ALL_ENDPOINTS) {
        return "*".to_owned();
    }
    endpoints
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ")
}
