//! `open-port`, `close-port` and `opened-ports`.

use serde_json::Value;
use std::collections::BTreeSet;

use crate::controller::ports::{ALL_ENDPOINTS, InvalidPortRange, PortRange};
use crate::go::flags::{Flag, FlagValue};
use crate::hook::command::{Call, Failure, HookCommand, TakesEffect};
use crate::hook::output::{DEPRECATED_FORMAT, FORMAT, OUTPUT};
use crate::hook::pending_changes::PendingChanges;
use crate::hook::unit_view::UnitView;

const ARGUMENTS: &str = "<port>[/<protocol>] or <from>-<to>[/<protocol>] or icmp";
const FOR_ENDPOINTS: Flag = Flag {
    names: &["endpoints"],
    value: FlagValue::Text(""),
    purpose: "The endpoints to do it for, separated by commas; all of them unless given",
};

pub(crate) const OPEN_PORT: HookCommand = HookCommand {
    name: "open-port",
    arguments: ARGUMENTS,
    purpose: "Open a port or a range of ports, once this hook has succeeded.",
    flags: &[FOR_ENDPOINTS, DEPRECATED_FORMAT],
    takes_effect: TakesEffect::AtTheEnd,
    run: |call| change_ports(call, PendingChanges::open_port),
};

pub(crate) const CLOSE_PORT: HookCommand = HookCommand {
    name: "close-port",
    arguments: ARGUMENTS,
    purpose: "Close a port or a range of ports, once this hook has succeeded.",
    flags: &[FOR_ENDPOINTS, DEPRECATED_FORMAT],
    takes_effect: TakesEffect::AtTheEnd,
    run: |call| change_ports(call, PendingChanges::close_port),
};

type Change = fn(&mut PendingChanges, &UnitView, &str, PortRange) -> Result<(), String>;

fn change_ports(call: &mut Call<'_>, change: Change) -> Result<(), Failure> {
    let Some(range) = call.line.arguments.first() else {
        return Err(Failure::Usage("no port or range specified".to_owned()));
    };
    let range = range
        .parse()
        .map_err(|error: InvalidPortRange| Failure::Usage(error.to_string()))?;
    let [_] = call.at_most()?;
    call.note_deprecated_format();

    let endpoints = call.line.value("endpoints").unwrap_or(ALL_ENDPOINTS);
    for endpoint in endpoints.split(',') {
        change(
            &mut call.hook.pending,
            &call.hook.unit,
            endpoint.trim(),
            range,
        )
        .map_err(Failure::Refused)?;
    }
    Ok(())
}

const ENDPOINTS: Flag = Flag {
    names: &["endpoints"],
    value: FlagValue::Bool,
    purpose: "Print the endpoints that each range is open for, * for all of them",
};

pub(crate) const OPENED_PORTS: HookCommand = HookCommand {
    name: "opened-ports",
    arguments: "",
    purpose: "Print what this unit has opened, this hook's own changes included.",
    flags: &[ENDPOINTS, FORMAT, OUTPUT],
    takes_effect: TakesEffect::Never,
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
