//! `application-version-set`

use crate::hook::command::{Call, Failure, HookCommand, TakesEffect};
use crate::hook::context::Effect;

pub(crate) const COMMAND: HookCommand = HookCommand {
    name: "application-version-set",
    arguments: "<new-version>",
    purpose: "Say which version of the workload is running.",
    flags: &[],
    takes_effect: TakesEffect::AtOnce,
    run,
};

fn run(call: &mut Call<'_>) -> Result<(), Failure> {
    if call.line.arguments.is_empty() {
        return Err(Failure::Usage("no version specified".to_owned()));
    }
    let [version] = call.at_most()?;
    let version = version.unwrap_or_default().to_owned();
    call.answer.effects.push(Effect::WorkloadVersion(version));
    Ok(())
}
