//! `juju-log`

use crate::controller::debug_log::LogLevel;
use crate::controller::debug_log::level_named;
use crate::go::flags::{Flag, FlagValue};
use crate::go::strconv::quote;
use crate::hook::command::{Call, Failure, HookCommand, TakesEffect};
use crate::hook::context::Effect;
use crate::hook::output::DEPRECATED_FORMAT;
use crate::hook::unit_view::HookKind;

const DEBUG: Flag = Flag {
    names: &["debug"],
    value: FlagValue::Bool,
    purpose: "Log at level DEBUG",
};
const LEVEL: Flag = Flag {
    names: &["l", "log-level"],
    value: FlagValue::Text("INFO"),
    purpose: "The level to log at",
};

pub(crate) const COMMAND: HookCommand = HookCommand {
    name: "juju-log",
    arguments: "<message>",
    purpose: "Write a message to the unit's log.",
    flags: &[DEBUG, DEPRECATED_FORMAT, LEVEL],
    takes_effect: TakesEffect::AtOnce,
    run,
};

fn run(call: &mut Call<'_>) -> Result<(), Failure> {
    if call.line.arguments.is_empty() {
        return Err(Failure::Usage("no message specified".to_owned()));
    }
    call.note_deprecated_format();

    let name = call
        .line
        .value("l")
        .filter(|name| !name.is_empty())
        .unwrap_or("INFO");
    let level = if call.line.is_set("debug") {
        Some(LogLevel::Debug)
    } else {
        level_named(name)
    };
    if level.is_none() {
        let message = format!("Specified log level of {} is not valid", quote(name));
        call.answer.effects.push(Effect::Log {
            level: LogLevel::Warning,
            message,
        });
    }
    let mut message = call.line.arguments.join(" ");
    if let HookKind::Relation { endpoint, id, .. } = &call.hook.unit.hook {
        message = format!("{endpoint}:{id}: {message}");
    }
    call.answer.effects.push(Effect::Log {
        level: level.unwrap_or(LogLevel::Info),
        message,
    });
    Ok(())
}
