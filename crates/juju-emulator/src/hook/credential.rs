//! `credential-get`

use crate::hook::command::{Call, Failure, HookCommand, TakesEffect};
use crate::hook::output::{FORMAT, OUTPUT};

pub(crate) const COMMAND: HookCommand = HookCommand {
    name: "credential-get",
    arguments: "",
    purpose: "Print how to reach the cloud, for an application that the operator trusts.",
    flags: &[FORMAT, OUTPUT],
    takes_effect: TakesEffect::Never,
    run,
};

fn run(call: &mut Call<'_>) -> Result<(), Failure> {
    let [] = call.at_most()?;
    let Some(cloud) = call.hook.unit.cloud.clone() else {
        let refusal = "cannot access cloud credentials: permission denied";
        return Err(Failure::Refused(refusal.to_owned()));
    };
    call.print_struct(&cloud)
}
