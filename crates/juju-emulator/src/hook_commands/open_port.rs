//! `open-port` and `close-port`

use super::table::HookCommand;
use super::{Call, Failure};
use crate::flags::{Flag, FlagValue};
use crate::output::DEPRECATED_FORMAT;
use crate::pending_changes::PendingChanges;
use crate::ports::{ALL_ENDPOINTS, InvalidPortRange, PortRange};
use crate::unit_view::UnitView;

const ARGUMENTS: &str = "<port>[/<protocol>] or <from>-<to>[/<protocol>] or icmp";
const ENDPOINTS: Flag = Flag {
    names: &["endpoints"],
    value: FlagValue::Text(""),
    purpose: "The endpoints to do it for, separated by commas; all of them unless given",
};

pub(super) const OPEN_PORT: HookCommand = HookCommand {
    name: "open-port",
    arguments: ARGUMENTS,
    purpose: "Open a port or a range of ports, once this hook has succeeded.",
    flags: &[ENDPOINTS, DEPRECATED_FORMAT],
    run: |call| change_ports(call, PendingChanges::open_port),
};

pub(super) const CLOSE_PORT: HookCommand = HookCommand {
    name: "close-port",
    arguments: ARGUMENTS,
    purpose: "Close a port or a range of ports, once this hook has succeeded.",
    flags: &[ENDPOINTS, DEPRECATED_FORMAT],
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
