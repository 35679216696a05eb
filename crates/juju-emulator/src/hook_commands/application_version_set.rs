//! `application-version-set`

use super::table::HookCommand;
use super::{Call, Failure};
use crate::hook_context::Effect;

pub(super) const COMMAND: HookCommand = HookCommand {
    name: "application-version-set",
    arguments: "<new-version>",
    purpose: "Say which version of the workload is running.",
    flags: &[],
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
