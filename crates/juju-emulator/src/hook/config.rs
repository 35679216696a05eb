//! `config-get`

use serde_json::Value;

use crate::go::flags::{Flag, FlagValue};
use crate::go::strconv::quote;
use crate::hook::command::{Call, Failure, HookCommand, TakesEffect};
use crate::hook::output::{FORMAT, OUTPUT};

const ALL: Flag = Flag {
    names: &["a", "all"],
    value: FlagValue::Bool,
    purpose: "Print options without a value too, as null",
};

pub(crate) const COMMAND: HookCommand = HookCommand {
    name: "config-get",
    arguments: "[<key>]",
    purpose: "Print the application's configuration, or one option of it.",
    flags: &[ALL, FORMAT, OUTPUT],
    takes_effect: TakesEffect::Never,
    run,
};

fn run(call: &mut Call<'_>) -> Result<(), Failure> {
    let all = call.line.is_set("a");
    let key = call.line.arguments.first().filter(|key| !key.is_empty());
    if let Some(key) = key
        && all
    {
        return Err(Failure::Usage(format!(
            "cannot use argument --all together with key {}",
            quote(key)
        )));
    }
    let [_] = call.at_most()?;

    let config = &call.hook.unit.config;
    let value = if let Some(key) = key {
        config.get(key).cloned().flatten().unwrap_or_default()
    } else {
        let options = config.iter().filter(|(_, value)| all || value.is_some());
        Value::Object(
            options
                .map(|(name, value)| (name.clone(), value.clone().unwrap_or_default()))
                .collect(),
        )
    };
    call.print(&value)
}
