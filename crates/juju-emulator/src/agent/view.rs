//! A unit as its controller sees it, for the hook that begins or ends.

use anyhow::{Context as _, Result};

use crate::charm::hook::Hook;
use crate::charm::metadata::Charm;
use crate::controller::model::{Model, StatusSince};
use crate::controller::store::Store;
use crate::hook::unit_view::{HookKind, UnitView};
use crate::machine::address::address;

/// How a unit's hook sees the model.
pub(crate) struct ViewOfUnit<'a> {
    unit: &'a str,
    hook: &'a Hook,
    /// The charm that the unit has, which need not be its application's.
    charm: Charm,
}

impl<'a> ViewOfUnit<'a> {
    pub(crate) fn new(store: &Store, model: &Model, unit: &'a str, hook: &'a Hook) -> Result<Self> {
        let (application, state) = model.unit(unit).context("the unit is gone")?;
        let of_unit = store.charm_of_unit(state.machine, unit);
        let staged = of_unit.unwrap_or_else(|| application.staged_charm());
        let charm = Charm::read(&store.charms().join(staged))?;
        Ok(Self { unit, hook, charm })
    }

    /// The unit as its controller sees it now.
    pub(crate) fn at(&self, model: &Model) -> Result<UnitView> {
        let Self {
            unit: name,
            hook,
            charm,
        } = self;
        let name = *name;
        let (application, unit) = model.unit(name).context("the unit is gone")?;
        let status_of = |status: &StatusSince| status.status.clone();
        let neighbours = model
            .units()
            .filter(|(other, state)| *other != name && state.machine == unit.machine);
        Ok(UnitView {
            name: name.to_owned(),
            leader: application.is_leader(name),
            kubernetes: false,
            address: Some(address(unit.machine).into()),
            hook: match hook {
                Hook::Relation { endpoint, id, .. } => {
                    HookKind::Relation(format!("{endpoint}:{id}"))
                }
                Hook::Action { .. } => HookKind::Action,
                _ => HookKind::Lifecycle,
            },
            config: charm.config_with(&charm.fitting(&application.settings)),
            unit_status: status_of(&unit.workload_status),
            application_status: application
                .status
                .as_ref()
                .map(status_of)
                .unwrap_or_default(),
            unit_statuses: application
                .units
                .iter()
                .map(|(name, unit)| (name.clone(), status_of(&unit.workload_status)))
                .collect(),
            opened_ports: unit.opened_ports.clone(),
            machine_ports: neighbours
                .map(|(other, state)| (other.clone(), state.opened_ports.clone()))
                .collect(),
            endpoints: charm.endpoint_names(),
        })
    }
}
