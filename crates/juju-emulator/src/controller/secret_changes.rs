//! What a hook asks for about secrets, and what becomes of the model's secrets by it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::controller::secret::{RotatePolicy, Secret, SecretGrant, SecretOwner};
use crate::controller::secret_content::SecretContent;
use crate::go::strconv::quote;

/// What waits for the end of the hook, by the bare ids of secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SecretChanges {
    /// `secret-add`
    pub create: BTreeMap<String, NewSecret>,
    /// `secret-set`
    pub update: BTreeMap<String, SecretUpdate>,
    /// `secret-remove`: of which revisions; none for the whole secret.
    pub remove: BTreeMap<String, BTreeSet<u64>>,
    /// `secret-grant`: who may read the secret.
    pub grant: BTreeMap<String, BTreeMap<String, SecretGrant>>,
    /// `secret-revoke`: who no longer may.
    pub revoke: BTreeMap<String, BTreeSet<String>>,
    /// The secrets of which the hook has read what it is setting itself, and which its unit then follows.
    pub track_latest: BTreeSet<String>,
}

/// A secret to be added.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewSecret {
    /// Whom it is to belong to.
    pub owner: SecretOwner,
    /// What it is to be.
    pub fields: SecretUpdate,
}

/// What is to be changed of a secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SecretUpdate {
    /// The owner's name for it.
    pub label: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// How often it is to be changed.
    pub rotation: Option<RotatePolicy>,
    /// When it expires.
    pub expires: Option<Timestamp>,
    /// Its content.
    pub content: Option<SecretContent>,
}

impl SecretUpdate {
    /// Lets what a later command gives win.
    pub(crate) fn merge(&mut self, later: Self) {
        let Self {
            label,
            description,
            rotation,
            expires,
            content,
        } = later;
        self.label = label.or(self.label.take());
        self.description = description.or(self.description.take());
        self.rotation = rotation.or(self.rotation.take());
        self.expires = expires.or(self.expires.take());
        self.content = content.or(self.content.take());
    }

    /// Makes the change.
    pub(crate) fn apply(&self, secret: &mut Secret, now: Timestamp) {
        if let Some(label) = &self.label {
            secret.label.clone_from(label);
        }
        if let Some(description) = &self.description {
            secret.description.clone_from(description);
        }
        if let Some(rotation) = self.rotation {
            secret.rotation = rotation;
            secret.next_rotation = rotation.next(now);
        }
        if let Some(content) = &self.content {
            secret.revise(content.clone(), self.expires, now);
        }
        if let Some(expires) = self.expires
            && let Some(latest) = secret.revisions.get_mut(&secret.latest)
        {
            latest.expired_told &= latest.expires == Some(expires);
            latest.expires = Some(expires);
        }
    }
}

impl SecretChanges {
    /// Makes the changes that a unit's hook asks for, all of them or none.
    ///
    /// # Errors
    ///
    /// Juju then counts the hook as failed, although it exited with 0; the text is Juju's.
    pub fn commit(
        &self,
        before: &BTreeMap<String, Secret>,
        unit: &str,
        leads: bool,
        now: Timestamp,
    ) -> Result<BTreeMap<String, Secret>, String> {
        let mut secrets = before.clone();
        let is_taken =
            |secrets: &BTreeMap<String, Secret>, id: &str, owner: &SecretOwner, label: &str| {
                let mut others = secrets.iter().filter(|(other, _)| *other != id);
                let taken = others
                    .any(|(_, it)| !label.is_empty() && it.owner == *owner && it.label == label);
                let refusal = || format!("secret with label {} already exists", quote(label));
                if taken { Err(refusal()) } else { Ok(()) }
            };
        for (id, new) in &self.create {
            let label = new.fields.label.as_deref().unwrap_or_default();
            is_taken(&secrets, id, &new.owner, label)
                .map_err(|refusal| format!("creating secrets: {refusal}"))?;
            let mut secret = Secret {
                owner: new.owner.clone(),
                created: now,
                ..Secret::default()
            };
            new.fields.apply(&mut secret, now);
            secrets.insert(id.clone(), secret);
        }
        for (id, update) in &self.update {
            let refused = |refusal| format!("updating secrets: {refusal}");
            let secret = managed(&mut secrets, id, unit, leads).map_err(refused)?;
            let owner = secret.owner.clone();
            update.apply(secret, now);
            if let Some(label) = &update.label {
                is_taken(&secrets, id, &owner, label).map_err(refused)?;
            }
        }
        for (id, grants) in &self.grant {
            let refused = |refusal| format!("granting secrets access: {refusal}");
            let secret = managed(&mut secrets, id, unit, leads).map_err(refused)?;
            secret.grants.extend(grants.clone());
        }
        for (id, revoked) in &self.revoke {
            let refused = |refusal| format!("revoking secrets access: {refusal}");
            let secret = managed(&mut secrets, id, unit, leads).map_err(refused)?;
            secret.grants.retain(|target, _| !revoked.contains(target));
        }
        for (id, revisions) in &self.remove {
            let refused = |refusal| format!("removing secrets: {refusal}");
            let secret = managed(&mut secrets, id, unit, leads).map_err(refused)?;
            secret.revisions.retain(|it, _| !revisions.contains(it));
            if revisions.is_empty() || secret.revisions.is_empty() {
                secrets.remove(id);
            }
        }
        for id in &self.track_latest {
            if let Some(secret) = secrets.get_mut(id) {
                let consumer = secret.consumers.entry(unit.to_owned()).or_default();
                consumer.tracked = secret.latest;
            }
        }
        Ok(secrets)
    }
}

fn managed<'a>(
    secrets: &'a mut BTreeMap<String, Secret>,
    id: &str,
    unit: &str,
    leads: bool,
) -> Result<&'a mut Secret, String> {
    let secret = secrets
        .get_mut(id)
        .ok_or_else(|| format!("secret {} not found", quote(id)))?;
    if secret.is_managed_by(unit, leads) {
        Ok(secret)
    } else {
        let unit = quote(unit);
        Err(format!("{unit} is not allowed to manage this secret"))
    }
}
