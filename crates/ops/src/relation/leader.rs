//! What only the leader of an application may do.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::hook_command::HookCommand;
use crate::relation::relation::Relation;
use crate::status::Status;
use crate::unit::Unit;

/// Proof that the unit leads its application, from [`Unit::leader`]: only a leader may publish for the application.
///
/// So code that runs in every unit and writes for the application does not compile:
///
/// ```compile_fail
/// fn reconcile(unit: &ops::Unit, relation: &ops::Relation<'_>) -> ops::Result<()> {
///     unit.set_application_status(&ops::Status::active())?;
///     relation.set_application_data(&[("name", "web")])
/// }
/// ```
#[derive(Clone, Copy)]
pub struct Leader<'u> {
    unit: &'u Unit,
}

impl<'u> Leader<'u> {
    pub(crate) fn new(unit: &'u Unit) -> Self {
        Self { unit }
    }

    pub(crate) fn unit(self) -> &'u Unit {
        self.unit
    }

    /// Publishes data of the application: what differs is sent when the charm has returned `Ok`, by one
    /// `relation-set --app`.
    ///
    /// What `data` may be is told by [`Relation`]; a field that is `None` deletes its key.
    ///
    /// # Errors
    /// When `data` is no flat map of texts, numbers and truth values.
    pub fn set_application_data<T: Serialize + ?Sized>(
        &self,
        relation: &Relation<'_>,
        data: &T,
    ) -> Result<()> {
        relation.set_own_application_data(data)
    }

    /// Shows a status of the application, when the charm has returned `Ok`: `status-set --application active`.
    ///
    /// Without one, `juju status` shows the worst of the units.
    pub fn set_application_status(&self, status: &Status) {
        self.unit
            .changes()
            .application_status
            .replace(Some(status.clone()));
    }
}

impl fmt::Debug for Leader<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Leader({})", self.unit.name())
    }
}

impl Unit {
    /// The leader's rights, if the unit leads its application: `is-leader`, asked once in a hook.
    ///
    /// Juju promises that it leads for 30 seconds from then on.
    ///
    /// # Errors
    /// Only those of any hook command.
    pub fn leader(&self) -> Result<Option<Leader<'_>>> {
        if self.leads().get().is_none() {
            let leads = HookCommand::new("is-leader").read_json(self.hook_commands())?;
            self.leads().get_or_init(|| leads);
        }
        let leads = self.leads().get() == Some(&true);
        Ok(leads.then(|| Leader::new(self)))
    }

    /// How many units the application is to have, this one included, such as 3: `goal-state`. Those that are about to go do
    /// not count.
    ///
    /// # Errors
    /// Only those of any hook command.
    pub fn planned_units(&self) -> Result<usize> {
        #[derive(Deserialize)]
        struct GoalState {
            units: BTreeMap<String, Goal>,
        }
        #[derive(Deserialize)]
        struct Goal {
            status: String,
        }
        let command = HookCommand::new("goal-state");
        let goal: GoalState = command.read_json(self.hook_commands())?;
        let stays = |goal: &&Goal| goal.status != "dying";
        Ok(goal.units.values().filter(stays).count())
    }
}
