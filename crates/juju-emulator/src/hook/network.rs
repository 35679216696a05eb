//! `unit-get`

use crate::go::strconv::quote;
use crate::hook::command::{Call, Failure, HookCommand, TakesEffect};
use crate::hook::output::{FORMAT, OUTPUT};

pub(crate) const COMMAND: HookCommand = HookCommand {
    name: "unit-get",
    arguments: "<private-address|public-address>",
    purpose: "Print an address of this unit.",
    flags: &[FORMAT, OUTPUT],
    takes_effect: TakesEffect::Never,
    run,
};

fn run(call: &mut Call<'_>) -> Result<(), Failure> {
    let setting = call.line.arguments.first().cloned();
    let Some(setting) = setting else {
        return Err(Failure::Usage("no setting specified".to_owned()));
    };
    let kind = match setting.as_str() {
        "private-address" => "private",
        "public-address" => "public",
        _ => {
            let setting = quote(&setting);
            return Err(Failure::Usage(format!("unknown setting {setting}")));
        }
    };
    let [_] = call.at_most()?;
    let Some(address) = call.hook.unit.address else {
        return Err(Failure::Refused(format!("{kind} address not found")));
    };
    call.print(&address.to_string().into())
}
