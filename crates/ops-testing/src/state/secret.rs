//! The secrets that the unit keeps or reads: what they are in a state, whether Juju could have them, and what a hook makes of them.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};

use juju_emulator::{RotatePolicy, SecretConsumer, SecretGrant, SecretOwner, SecretRevision};
use ops::{Event, SecretContent, SecretEvent, SecretId};
use serde::{Serialize, Serializer};

use crate::state::relation::Relation;

/// A secret that the unit keeps or reads. Its content is compared, and never shown.
///
/// ```
/// use ops_testing::{Secret, State};
///
/// let kept = Secret::of_unit("password", [("password", "hunter2")]);
/// let read = Secret::of_others([("token", "abc")]).with_revision([("token", "def")]);
/// let given = State::default()
///     .with_config("token", read.id().to_string())
///     .with_secret(kept)
///     .with_secret(read.clone());
/// // The event to run it with.
/// let event = read.changed();
/// assert!(!format!("{given:?}").contains("hunter2"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Secret {
    id: String,
    /// Whose it is.
    pub owner: Owner,
    /// The name that the unit has for it; may be empty.
    pub label: String,
    /// What it is for; may be empty.
    pub description: String,
    /// How often it is to be changed, such as `monthly`.
    pub rotation: String,
    /// The number of its latest revision, such as 2.
    pub latest: u64,
    /// The revision that the unit follows, if it has read it.
    pub tracked: Option<u64>,
    /// The applications and units that may read it beside its owner.
    pub granted_to: BTreeSet<String>,
    #[serde(serialize_with = "fingerprints")]
    revisions: BTreeMap<u64, SecretContent>,
}

/// Whose a secret is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Owner {
    /// The unit under test.
    Unit,
    /// Its application.
    Application,
    /// Another application, or the operator.
    Others,
}

impl Secret {
    /// A secret that the unit keeps under a label: `Secret::of_unit("password", [("password", "hunter2")])`.
    #[must_use]
    pub fn of_unit(label: &str, content: impl Into<SecretContent>) -> Self {
        Self::new(Owner::Unit, label, content.into())
    }

    /// A secret that the leader keeps for the application under a label.
    #[must_use]
    pub fn of_application(label: &str, content: impl Into<SecretContent>) -> Self {
        Self::new(Owner::Application, label, content.into())
    }

    /// A secret of another application or the operator, which the unit may read.
    #[must_use]
    pub fn of_others(content: impl Into<SecretContent>) -> Self {
        let content = content.into();
        Self::new(Owner::Others, "", content)
    }

    fn new(owner: Owner, label: &str, content: SecretContent) -> Self {
        let keys: Vec<_> = content.keys().collect();
        Self {
            id: id(&format!("{owner:?} {label} {}", keys.join(" "))),
            owner,
            label: label.to_owned(),
            description: String::new(),
            rotation: "never".to_owned(),
            latest: 1,
            tracked: (owner != Owner::Others).then_some(1),
            granted_to: BTreeSet::new(),
            revisions: [(1, content)].into(),
        }
    }

    /// The same with a newer content, which those who follow an older one have not read yet.
    #[must_use]
    pub fn with_revision(mut self, content: impl Into<SecretContent>) -> Self {
        if self.tracked.is_none() {
            self.tracked = Some(self.latest);
        }
        self.latest += 1;
        self.revisions.insert(self.latest, content.into());
        self
    }

    /// The same with the label that the unit has given it on reading.
    #[must_use]
    pub fn with_label(mut self, label: &str) -> Self {
        label.clone_into(&mut self.label);
        self
    }

    /// The same, granted to an application or unit, such as `web`.
    #[must_use]
    pub fn granted_to(mut self, name: &str) -> Self {
        self.granted_to.insert(name.to_owned());
        self
    }

    /// Its id, such as `secret:9m4e2mr0ui3e8a215n4g`.
    ///
    /// # Panics
    /// Never: the id is one.
    #[must_use]
    #[expect(clippy::expect_used, reason = "it was made as an id, or read as one")]
    pub fn id(&self) -> SecretId {
        self.id.parse().expect("made of digits and letters")
    }

    /// Its latest content, to compare.
    #[must_use]
    pub fn content(&self) -> Option<&SecretContent> {
        self.revisions.get(&self.latest)
    }

    /// The numbers of the revisions that have not been removed, such as 1 and 2.
    pub fn revisions(&self) -> impl Iterator<Item = u64> {
        self.revisions.keys().copied()
    }

    /// The event `secret-changed`, for who reads it.
    #[must_use]
    pub fn changed(&self) -> Event {
        Event::SecretChanged(self.event(None))
    }

    /// The event `secret-rotate`, for its owner.
    #[must_use]
    pub fn rotate(&self) -> Event {
        Event::SecretRotate(self.event(None))
    }

    /// The event `secret-expired`, for its owner: the latest revision has expired.
    #[must_use]
    pub fn expired(&self) -> Event {
        Event::SecretExpired(self.event(Some(self.latest)))
    }

    /// The event `secret-remove`, for its owner: nobody reads this revision any more.
    #[must_use]
    pub fn unused(&self, revision: u64) -> Event {
        Event::SecretRemove(self.event(Some(revision)))
    }

    fn event(&self, revision: Option<u64>) -> SecretEvent {
        SecretEvent {
            id: self.id(),
            label: Some(self.label.clone()).filter(|label| !label.is_empty()),
            revision,
        }
    }

    /// What of it is the same whichever way led there: not the number of revisions that it took, nor what reading it has left.
    pub(crate) fn settled(&self) -> Self {
        let content = self.content().cloned();
        let label = match self.owner {
            Owner::Others => "",
            Owner::Application | Owner::Unit => &self.label,
        };
        Self {
            label: label.to_owned(),
            latest: 1,
            tracked: None,
            revisions: content.into_iter().map(|content| (1, content)).collect(),
            ..self.clone()
        }
    }

    fn view(&self, unit: &str) -> juju_emulator::Secret {
        let is_ours = self.owner != Owner::Others;
        let granted = self.granted_to.iter().cloned();
        let granted = granted.chain((!is_ours).then(|| application_of(unit)));
        let consumer = self.tracked.map(|tracked| SecretConsumer {
            label: if is_ours {
                String::new()
            } else {
                self.label.clone()
            },
            tracked,
            told: tracked,
        });
        let revisions = self.revisions.iter().map(|(number, content)| {
            let texts = content
                .keys()
                .filter_map(|key| Some((key.to_owned(), content.get(key)?.to_owned())));
            let revision = SecretRevision {
                content: texts.collect(),
                ..SecretRevision::default()
            };
            (*number, revision)
        });
        juju_emulator::Secret {
            owner: match self.owner {
                Owner::Unit => SecretOwner::Unit(unit.to_owned()),
                Owner::Application => SecretOwner::Application(application_of(unit)),
                Owner::Others => SecretOwner::Model,
            },
            label: if is_ours {
                self.label.clone()
            } else {
                String::new()
            },
            description: self.description.clone(),
            rotation: rotation(&self.rotation).unwrap_or_default(),
            latest: self.latest,
            revisions: revisions.collect(),
            grants: granted.map(|name| (name, SecretGrant::default())).collect(),
            consumers: consumer
                .into_iter()
                .map(|it| (unit.to_owned(), it))
                .collect(),
            ..juju_emulator::Secret::default()
        }
    }

    fn from_view(id: &str, view: &juju_emulator::Secret, unit: &str) -> Self {
        let consumer = view.consumers.get(unit);
        let owner = match &view.owner {
            SecretOwner::Model => Owner::Others,
            SecretOwner::Application(_) => Owner::Application,
            SecretOwner::Unit(_) => Owner::Unit,
        };
        let label = match owner {
            Owner::Others => consumer.map_or("", |consumer| &consumer.label),
            Owner::Application | Owner::Unit => &view.label,
        };
        let mut granted_to: BTreeSet<_> = view.grants.keys().cloned().collect();
        if owner == Owner::Others {
            granted_to.remove(&application_of(unit));
        }
        let revisions = view.revisions.iter();
        let revisions =
            revisions.map(|(number, it)| (*number, it.content.texts().into_iter().collect()));
        Self {
            id: id.to_owned(),
            owner,
            label: label.to_owned(),
            description: view.description.clone(),
            rotation: format!("{:?}", view.rotation).to_lowercase(),
            latest: view.latest,
            tracked: consumer.map(|consumer| consumer.tracked),
            granted_to,
            revisions: revisions.collect(),
        }
    }
}

fn rotation(name: &str) -> Option<RotatePolicy> {
    serde_json::from_value(name.into()).ok()
}

fn application_of(unit: &str) -> String {
    unit.split('/').next().unwrap_or_default().to_owned()
}

/// An id that is always the same for the same text.
fn id(text: &str) -> String {
    const DIGITS: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";
    let mut hasher = DefaultHasher::new();
    let digits = (0..20).map(|number: u8| {
        (text, number).hash(&mut hasher);
        let digit = hasher.finish() % 32;
        char::from(DIGITS[usize::try_from(digit).unwrap_or_default()])
    });
    digits.collect()
}

/// Tells contents apart without telling what is in them.
fn fingerprints<S: Serializer>(
    revisions: &BTreeMap<u64, SecretContent>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let fingerprints = revisions.iter().map(|(number, content)| {
        let mut hasher = DefaultHasher::new();
        for key in content.keys() {
            (key, content.get(key)).hash(&mut hasher);
        }
        (number, hasher.finish())
    });
    serializer.collect_map(fingerprints)
}

/// The secrets of a state as a hook of `unit` finds them, by bare id.
pub(crate) fn views(secrets: &[Secret], unit: &str) -> BTreeMap<String, juju_emulator::Secret> {
    let views = secrets
        .iter()
        .map(|secret| (secret.id.clone(), secret.view(unit)));
    views.collect()
}

/// What a hook has left of the secrets.
pub(crate) fn from_views(
    views: &BTreeMap<String, juju_emulator::Secret>,
    unit: &str,
) -> Vec<Secret> {
    let secrets = views
        .iter()
        .map(|(id, view)| Secret::from_view(id, view, unit));
    secrets.collect()
}

/// The ids for secrets that a hook adds: those that no secret of the state has.
pub(crate) fn new_ids(secrets: &[Secret]) -> Vec<String> {
    let ids = (0..100).map(|number| id(&format!("new {number}")));
    ids.filter(|id| secrets.iter().all(|secret| secret.id != *id))
        .collect()
}

/// Takes away the secrets of others that the unit may no longer read.
pub(crate) fn end_revoked(secrets: &mut Vec<Secret>, now: &[Secret]) {
    secrets.retain(|secret| {
        let is_there = now.iter().any(|it| it.id == secret.id);
        secret.owner != Owner::Others || is_there
    });
}

/// Takes away the leave to read that has ended with its relation.
pub(crate) fn end_grants(secrets: &mut [Secret], relations: &[Relation]) {
    for secret in secrets {
        let granted_to = &mut secret.granted_to;
        granted_to.retain(|name| is_related(name, relations));
    }
}

fn is_related(name: &str, relations: &[Relation]) -> bool {
    let application = application_of(name);
    let mut remote = relations.iter().map(|it| it.remote_application.as_deref());
    remote.any(|remote| remote == Some(&application))
}

/// Names what Juju would never have.
pub(crate) fn check(
    secrets: &[Secret],
    relations: &[Relation],
    leads: bool,
    event: &Event,
    reasons: &mut Vec<String>,
) {
    let (mut ids, mut labels) = (BTreeSet::new(), BTreeSet::new());
    for secret in secrets {
        let name = if secret.label.is_empty() {
            &secret.id
        } else {
            &secret.label
        };
        if !ids.insert(&secret.id) {
            reasons.push(format!("secrets: {name} is there twice"));
        } else if !secret.label.is_empty() && !labels.insert(&secret.label) {
            reasons.push(format!("secrets: two have the label {name}"));
        }
        let has = |number: &u64| secret.revisions.contains_key(number);
        if !has(&secret.latest) {
            let latest = secret.latest;
            reasons.push(format!(
                "secrets: {name} has no revision {latest}, its latest"
            ));
        }
        if let Some(tracked) = secret.tracked.filter(|it| !has(it)) {
            reasons.push(format!(
                "secrets: {name} has no revision {tracked}, which the unit follows"
            ));
        }
        if secret.owner == Owner::Others && !secret.granted_to.is_empty() {
            reasons.push(format!("secrets: {name} is not ours to grant"));
        }
        let related = |name: &&String| is_related(name, relations);
        if let Some(other) = secret.granted_to.iter().find(|name| !related(name)) {
            reasons.push(format!(
                "secrets: {name} is granted to {other}, with which there is no relation"
            ));
        }
        if rotation(&secret.rotation).is_none() {
            let rotation = &secret.rotation;
            reasons.push(format!(
                "secrets: {name}: Juju has no rotation {rotation:?}"
            ));
        }
    }
    let (payload, of_owner, has_revision) = match event {
        Event::SecretChanged(payload) => (payload, false, false),
        Event::SecretRotate(payload) => (payload, true, false),
        Event::SecretExpired(payload) | Event::SecretRemove(payload) => (payload, true, true),
        _ => return,
    };
    if payload.revision.is_some() != has_revision {
        let brings = if has_revision {
            "brings"
        } else {
            "does not bring"
        };
        reasons.push(format!("{event} {brings} a revision"));
    }
    // It may be gone by now.
    let secret = secrets.iter().find(|secret| secret.id == payload.id.bare());
    let is_for_us = secret.is_none_or(|secret| match secret.owner {
        Owner::Unit => true,
        Owner::Application => leads || !of_owner,
        Owner::Others => !of_owner,
    });
    if !is_for_us {
        reasons.push(format!(
            "{event} comes to the secret's owner, for an application to its leader"
        ));
    }
}
