//! `relation-ids`

use crate::hook::command::{Call, Failure, HookCommand, TakesEffect};
use crate::hook::output::{FORMAT, OUTPUT};
use crate::hook::unit_view::HookKind;

pub(crate) const COMMAND: HookCommand = HookCommand {
    name: "relation-ids",
    arguments: "[<endpoint>]",
    purpose: "Print the ids of an endpoint's relations, by default of the hook's own.",
    flags: &[FORMAT, OUTPUT],
    takes_effect: TakesEffect::Never,
    run,
};

/// The only relation that there can be is the one that the hook is about.
fn run(call: &mut Call<'_>) -> Result<(), Failure> {
    let own = match &call.hook.unit.hook {
        HookKind::Relation(id) => Some(id.clone()),
        HookKind::Lifecycle | HookKind::Action => None,
    };
    let endpoint_of = |id: &str| id.split(':').next().unwrap_or_default().to_owned();
    let [endpoint] = call.at_most()?;
    let endpoint = endpoint.map(str::to_owned);
    let endpoint = endpoint.or_else(|| own.as_deref().map(endpoint_of));
    let Some(endpoint) = endpoint.filter(|endpoint| !endpoint.is_empty()) else {
        return Err(Failure::Usage("no endpoint name specified".to_owned()));
    };
    let ids: Vec<_> = own
        .into_iter()
        .filter(|id| endpoint_of(id) == endpoint)
        .collect();
    call.print(&ids.into())
}
