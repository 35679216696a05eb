//! What an operator changes in a model in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use serde_json::{Map, Value};

use crate::agent::in_memory::model::{InMemoryModel, secret_id};
use crate::charm::metadata::Charm;
use crate::controller::model::Application;
use crate::controller::operation::Receiver;
use crate::controller::secret::{Secret, SecretGrant};
use crate::controller::secret_changes::SecretUpdate;

impl InMemoryModel {
    /// Deploys a charm as an application with so many units; a subordinate has none of its own.
    ///
    /// # Errors
    /// When there is such an application.
    pub fn deploy(&mut self, name: &str, charm: &Arc<Charm>, units: usize) -> Result<()> {
        if self.model.applications.contains_key(name) {
            bail!("cannot add application \"{name}\": application already exists");
        }
        let application = Application {
            subordinate: charm.subordinate,
            ..Application::new(&charm.name, 0, self.now)
        };
        self.model.applications.insert(name.to_owned(), application);
        self.charms.insert(name.to_owned(), Arc::clone(charm));
        self.changed().set_storage(name, charm, &BTreeMap::new())?;
        let now = self.now;
        self.changed().add_peer_relations(name, charm, now);
        let units = if charm.subordinate { 0 } else { units };
        (0..units).try_for_each(|_| self.add_unit(name))
    }

    /// Adds a unit on a new machine.
    ///
    /// # Errors
    /// When there is no such application.
    pub fn add_unit(&mut self, application: &str) -> Result<()> {
        let now = self.now;
        self.changed().add_unit(application, None, now)
    }

    /// Lets a unit go, with the subordinates beside it.
    ///
    /// # Errors
    /// When there is no such unit.
    pub fn remove_unit(&mut self, unit: &str) -> Result<()> {
        let unit = self.model.unit_name(unit)?;
        self.changed().destroy_unit(&unit);
        Ok(())
    }

    /// Lets an application go, with its units and relations.
    ///
    /// # Errors
    /// When there is no such application.
    pub fn remove_application(&mut self, name: &str) -> Result<()> {
        self.changed().destroy_application(name)
    }

    /// Relates two of `app` or `app:endpoint`.
    ///
    /// # Errors
    /// When no pair of their endpoints fits, or more than one, or when they are related already.
    pub fn integrate(&mut self, one: &str, other: &str) -> Result<()> {
        let charms = self.charms.clone();
        let charm_of = |_: &_, application: &str| {
            let charm = charms.get(application);
            charm
                .map(|charm| Charm::clone(charm))
                .with_context(|| format!("application \"{application}\" not found"))
        };
        let now = self.now;
        self.changed().integrate([one, other], now, charm_of)
    }

    /// Ends the relation between two of `app` or `app:endpoint`.
    ///
    /// # Errors
    /// When they are not related, or in more than one way.
    pub fn remove_relation(&mut self, one: &str, other: &str) -> Result<()> {
        let id = self.model.relation_between([one, other])?;
        self.changed().destroy_relation(id);
        Ok(())
    }

    /// Sets an option of an application, or brings it back to its default.
    ///
    /// # Errors
    /// When the charm has no such option, or the value is not of its type.
    pub fn configure(
        &mut self,
        application: &str,
        option: &str,
        value: Option<&Value>,
    ) -> Result<()> {
        let charm = self.charms.get(application).cloned();
        let charm = charm.with_context(|| format!("application \"{application}\" not found"))?;
        let value = match value {
            Some(value) => Some(charm.coerce_option(option, value)?),
            None => charm.option(option).map(|_| None)?,
        };
        let application = self.changed().application_mut(application)?;
        application.configure(&charm, |application| {
            match value {
                Some(value) => application.settings.insert(option.to_owned(), value),
                None => application.settings.remove(option),
            };
            Ok(())
        })
    }

    /// Runs an action in a unit, given by name or as `app/leader`; hands back the number of the task.
    ///
    /// # Errors
    /// When there is no such unit or action, or the parameters are not as it declares them.
    pub fn run_action(
        &mut self,
        unit: &str,
        action: &str,
        params: &Map<String, Value>,
    ) -> Result<u64> {
        let unit = self.model.unit_name(unit)?;
        let (application, _) = unit.split_once('/').unwrap_or((&unit, ""));
        let declared = self
            .charms
            .get(application)
            .and_then(|charm| charm.action(action))
            .with_context(|| format!("action \"{action}\" not defined for unit \"{unit}\""))?;
        if let Err(refusal) = declared.check(params) {
            bail!("cannot run \"{action}\" action: {refusal}");
        }
        let summary = format!("action \"{action}\"");
        let receivers = [Ok(Receiver::Unit(unit))];
        Ok(self.changed().enqueue(summary, action, params, &receivers) + 1)
    }

    /// Lets a unit lead its application from now on.
    ///
    /// # Errors
    /// When there is no such unit.
    pub fn set_leader(&mut self, unit: &str) -> Result<()> {
        let unit = self.model.unit_name(unit)?;
        let (application, _) = unit.split_once('/').unwrap_or((&unit, ""));
        let application = self.changed().application_mut(application)?;
        let before = application.leader.replace(unit.clone());
        if let Some(before) = before.filter(|before| *before != unit)
            && let Some(before) = application.units.get_mut(&before)
        {
            before.leader_seen = false;
        }
        Ok(())
    }

    /// Adds a secret of the operator under a name, or changes what is in it.
    pub fn set_secret<'a>(
        &mut self,
        name: &str,
        content: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) {
        let content = content.into_iter();
        let content = content.map(|(key, text)| (key.to_owned(), text.to_owned()));
        let update = SecretUpdate {
            label: Some(name.to_owned()),
            content: Some(content.collect()),
            ..SecretUpdate::default()
        };
        let id = self.model.secret_of_operator(name).unwrap_or_else(|| {
            self.secret_ids += 1;
            secret_id(self.secret_ids - 1)
        });
        let created = self.now;
        let secret = self.changed().secrets.entry(id);
        let secret = secret.or_insert_with(|| Secret {
            created,
            ..Secret::default()
        });
        update.apply(secret, created);
    }

    /// Lets an application read a secret of the operator, given by its name.
    ///
    /// # Errors
    /// When there is no such secret or application.
    pub fn grant_secret(&mut self, name: &str, application: &str) -> Result<()> {
        self.model.application(application)?;
        let scope = format!("model-{}", self.model.uuid);
        let grants = &mut self.secret(name)?.grants;
        let relation = None;
        grants.insert(application.to_owned(), SecretGrant { relation, scope });
        Ok(())
    }

    /// No longer lets an application read a secret of the operator, given by its name.
    ///
    /// # Errors
    /// When there is no such secret.
    pub fn revoke_secret(&mut self, name: &str, application: &str) -> Result<()> {
        self.secret(name)?.grants.remove(application);
        Ok(())
    }

    /// The URI of a secret of the operator, given by its name.
    #[must_use]
    pub fn secret_uri(&self, name: &str) -> Option<String> {
        let id = self.model.secret_of_operator(name)?;
        Some(format!("secret:{id}"))
    }

    fn secret(&mut self, name: &str) -> Result<&mut Secret> {
        let id = self.model.secret_of_operator(name);
        let secret = id.and_then(|id| self.changed().secrets.get_mut(&id));
        secret.with_context(|| format!("secret \"{name}\" not found"))
    }
}
