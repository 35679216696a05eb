//! `is-leader`

use crate::hook::command::{Call, Failure, HookCommand, TakesEffect};
use crate::hook::output::{FORMAT, OUTPUT};

pub(crate) const COMMAND: HookCommand = HookCommand {
    name: "is-leader",
    arguments: "",
    purpose: "Print whether this unit leads its application, for 30 seconds at least.",
    flags: &[FORMAT, OUTPUT],
    takes_effect: TakesEffect::Never,
    run,
};

fn run(call: &mut Call<'_>) -> Result<(), Failure> {
    let [] = call.at_most()?;
    call.print(&call.hook.unit.leader.into())
}
