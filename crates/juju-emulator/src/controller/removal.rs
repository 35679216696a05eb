//! How applications and units go.

use std::collections::BTreeSet;

use anyhow::Result;
use jiff::Timestamp;

use crate::controller::life::Life;
use crate::controller::model::{Model, application_of};
use crate::controller::secret::{Secret, SecretOwner};

impl Model {
    /// Makes an application go, with its units and relations; at once when it has none.
    pub(crate) fn destroy_application(&mut self, name: &str) -> Result<()> {
        self.application_mut(name)?.dying = true;
        let units: Vec<_> = self.application(name)?.units.keys().cloned().collect();
        for unit in units {
            self.destroy_unit(&unit);
        }
        let relations: Vec<_> = self.relations_of(name).map(|(id, _)| id).collect();
        for id in relations {
            self.destroy_relation(id);
        }
        self.remove_application_if_over(name);
        Ok(())
    }

    /// Makes a unit go, with the subordinates beside it.
    pub(crate) fn destroy_unit(&mut self, name: &str) {
        let beside: Vec<_> = self.subordinates(name).cloned().collect();
        for name in beside.iter().map(String::as_str).chain([name]) {
            if let Some(unit) = self.unit_mut(name) {
                unit.life = unit.life.max(Life::Dying);
            }
        }
    }

    /// Forgets a unit whose `remove` is done, and with it what only it kept: an emptied machine, a dying application.
    pub(crate) fn forget_unit(&mut self, name: &str) {
        let of = application_of(name);
        let relations: Vec<_> = self.relations_of(of).map(|(id, _)| id).collect();
        for id in relations {
            self.leave_scope(name, id);
        }
        let storage: Vec<_> = self.storage_of(name).map(|(number, ..)| number).collect();
        for number in storage {
            self.end_attachment(number, Timestamp::now());
        }
        let Some(application) = self.applications.get_mut(of) else {
            return;
        };
        let Some(unit) = application.units.shift_remove(name) else {
            return;
        };
        if application.leader.as_deref() == Some(name) {
            application.leader = application.units.keys().next().cloned();
        }
        if !self.units().any(|(_, other)| other.machine == unit.machine) {
            self.machines.remove(&unit.machine);
        }
        let applications: Vec<_> = self.applications.keys().cloned().collect();
        for application in applications {
            self.remove_application_if_over(&application);
        }
        self.tidy_secrets();
    }

    /// A dying application goes with the last of its units and relations.
    fn remove_application_if_over(&mut self, name: &str) {
        let is_over = self
            .applications
            .get(name)
            .is_some_and(|application| application.dying && application.units.is_empty())
            && self
                .relations_of(name)
                .all(|(_, relation)| relation.is_peer());
        if is_over {
            self.relations
                .retain(|_, relation| relation.side(name).is_none());
            self.applications.remove(name);
            self.tidy_secrets();
        }
    }

    /// The bare id of the secret to which the operator gave this name.
    pub(crate) fn secret_of_operator(&self, name: &str) -> Option<String> {
        let mut secrets = self.secrets.iter();
        let is_named = |secret: &Secret| secret.owner == SecretOwner::Model && secret.label == name;
        let named = secrets.find(|(_, secret)| is_named(secret));
        named.map(|(id, _)| id.clone())
    }

    /// Removes the secrets of owners that are gone, and what units, applications and relations that are gone had of secrets.
    pub(crate) fn tidy_secrets(&mut self) {
        let applications: BTreeSet<_> = self.applications.keys().cloned().collect();
        let units: BTreeSet<_> = self.units().map(|(name, _)| name.clone()).collect();
        let relations: BTreeSet<_> = self.relations.keys().copied().collect();
        self.secrets.retain(|_, secret| match &secret.owner {
            SecretOwner::Model => true,
            SecretOwner::Application(name) => applications.contains(name),
            SecretOwner::Unit(name) => units.contains(name),
        });
        for secret in self.secrets.values_mut() {
            secret.consumers.retain(|unit, _| units.contains(unit));
            secret.prune();
            secret.grants.retain(|target, grant| {
                let is_there = applications.contains(target) || units.contains(target);
                is_there && grant.relation.is_none_or(|id| relations.contains(&id))
            });
        }
    }
}
