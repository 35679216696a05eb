//! `juju-reboot`

use super::table::HookCommand;
use super::{Call, Failure};
use crate::flags::{Flag, FlagValue};
use crate::hook_context::Effect;
use crate::unit_view::HookKind;

const NOW: Flag = Flag {
    names: &["now"],
    value: FlagValue::Bool,
    purpose: "Kill this hook, reboot, then run the hook again",
};

pub(super) const COMMAND: HookCommand = HookCommand {
    name: "juju-reboot",
    arguments: "",
    purpose: "Reboot the machine, once this hook has succeeded.",
    flags: &[NOW],
    run,
};

fn run(call: &mut Call<'_>) -> Result<(), Failure> {
    let [] = call.at_most()?;
    if call.hook.unit.hook == HookKind::Action {
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
