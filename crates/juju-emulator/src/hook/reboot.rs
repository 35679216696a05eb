//! `juju-reboot`

use crate::go::flags::{Flag, FlagValue};
use crate::hook::command::{Call, Failure, HookCommand, TakesEffect};
use crate::hook::context::Effect;
use crate::hook::unit_view::HookKind;

const NOW: Flag = Flag {
    names: &["now"],
    value: FlagValue::Bool,
    purpose: "Kill this hook, reboot, then run the hook again",
};

pub(crate) const COMMAND: HookCommand = HookCommand {
    name: "juju-reboot",
    arguments: "",
    purpose: "Reboot the machine, once this hook has succeeded.",
    flags: &[NOW],
    takes_effect: TakesEffect::AtTheEnd,
    run,
};

fn run(call: &mut Call<'_>) -> Result<(), Failure> {
    let [] = call.at_most()?;
    if matches!(call.hook.unit.hook, HookKind::Action { .. }) {
        return Err(Failure::Refused(
            "juju-reboot is not supported when running an action.".to_owned(),
        ));
    }
    if call.line.is_set("now") {
        call.answer.effects.push(Effect::RebootNow);
    } else {
        call.hook.pending.reboot = true;
    }
    Ok(())
}
