//! `is-leader`

use super::table::HookCommand;
use super::{Call, Failure};
use crate::output::{FORMAT, OUTPUT};

pub(super) const COMMAND: HookCommand = HookCommand {
    name: "is-leader",
    arguments: "",
    purpose: "Print whether this unit leads its application, for 30 seconds at least.",
    flags: &[FORMAT, OUTPUT],
    run,
};

fn run(call: &mut Call<'_>) -> Result<(), Failure> {
    let [] = call.at_most()?;
    call.print(&call.hook.unit.leader.into())
}
