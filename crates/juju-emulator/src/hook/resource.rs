//! `resource-get`

use crate::go::strconv::quote;
use crate::hook::command::{Call, Failure, HookCommand, TakesEffect};
use crate::hook::context::Effect;

pub(crate) const COMMAND: HookCommand = HookCommand {
    name: "resource-get",
    arguments: "<resource name>",
    purpose: "Bring a resource to this unit, and print where it is.",
    flags: &[],
    takes_effect: TakesEffect::AtOnce,
    run,
};

fn run(call: &mut Call<'_>) -> Result<(), Failure> {
    if call.line.arguments.is_empty() {
        return Err(Failure::Usage("missing required resource name".to_owned()));
    }
    let [name] = call.at_most()?;
    let name = name.unwrap_or_default().to_owned();
    let unit = &call.hook.unit;
    let Some(path) = unit.resources.get(&name) else {
        return Err(Failure::Refused(format!(
            "could not download resource: HTTP request failed: Get https://127.0.0.1:17070/model/{}/units/unit-{}/resources/{name}: resource {} not found",
            unit.model_uuid,
            unit.name.replace('/', "-"),
            quote(&name)
        )));
    };
    // Without a newline.
    call.answer.stdout.extend(path.as_bytes());
    let path = path.clone();
    call.answer.effects.push(Effect::Resource { name, path });
    Ok(())
}
