//! A secret of the model: its content, whom it belongs to, who may read it, and who does.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use serde::{Deserialize, Serialize};

use crate::controller::secret_content::SecretContent;

/// One secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Secret {
    /// Whom it belongs to.
    pub owner: SecretOwner,
    /// The owner's name for it, or empty; an operator calls it the secret's name.
    pub label: String,
    /// What it is for, or empty.
    pub description: String,
    /// How often its owner is to change it.
    pub rotation: RotatePolicy,
    /// When `secret-rotate` is due.
    pub next_rotation: Option<Timestamp>,
    /// When it was added.
    pub created: Timestamp,
    /// When it got its latest revision.
    pub updated: Timestamp,
    /// The number of its latest revision; numbers are never used again.
    pub latest: u64,
    /// Its revisions that have not been removed, by number.
    pub revisions: BTreeMap<u64, SecretRevision>,
    /// Whether a revision goes when nobody reads it any more.
    pub auto_prune: bool,
    /// Who may read it beside its owner, by the name of an application or unit.
    pub grants: BTreeMap<String, SecretGrant>,
    /// The units that have read it.
    pub consumers: BTreeMap<String, SecretConsumer>,
}

/// Whom a secret belongs to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecretOwner {
    /// The operator.
    #[default]
    Model,
    /// An application, for which its leader acts.
    Application(String),
    /// One unit.
    Unit(String),
}

/// How often the owner of a secret is to change it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it, in Juju's words")]
pub enum RotatePolicy {
    #[default]
    Never,
    Hourly,
    Daily,
    Weekly,
    Monthly,
    Quarterly,
    Yearly,
}

/// One content that a secret has or had.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SecretRevision {
    /// The content.
    pub content: SecretContent,
    /// When it was set.
    pub created: Timestamp,
    /// When `secret-expired` is due.
    pub expires: Option<Timestamp>,
    /// Its owner has had `secret-expired`.
    pub expired_told: bool,
    /// Its owner has had `secret-remove`.
    pub remove_told: bool,
}

/// Leave to read a secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SecretGrant {
    /// The number of the relation with which it ends, unless the operator has given it.
    pub relation: Option<u64>,
    /// What it holds for: `relation-b.need#a.db`, or the model.
    pub scope: String,
}

/// What a unit that reads a secret has of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SecretConsumer {
    /// The unit's own name for it, or empty.
    pub label: String,
    /// The revision that it reads until it asks for the latest.
    pub tracked: u64,
    /// The revision of its last `secret-changed`.
    pub told: u64,
}

/// Leave to read a secret, as it is shown.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct SecretAccess {
    /// `application-b`, `unit-b-0`
    target: String,
    scope: String,
    role: &'static str,
}

impl RotatePolicy {
    /// The policy that Juju calls by this name, such as `monthly`.
    pub(crate) fn named(name: &str) -> Option<Self> {
        serde_json::from_value(name.into()).ok()
    }

    /// When `secret-rotate` is due for a secret that was changed at this time.
    pub(crate) fn next(self, from: Timestamp) -> Option<Timestamp> {
        let span = match self {
            Self::Never => return None,
            Self::Hourly => Span::new().hours(1),
            Self::Daily => Span::new().days(1),
            Self::Weekly => Span::new().weeks(1),
            Self::Monthly => Span::new().months(1),
            Self::Quarterly => Span::new().months(3),
            Self::Yearly => Span::new().years(1),
        };
        let next = from.to_zoned(TimeZone::UTC).checked_add(span).ok()?;
        Some(next.timestamp())
    }
}

impl Secret {
    /// Whether a unit may change it, and hears when it expires.
    pub(crate) fn is_managed_by(&self, unit: &str, leads: bool) -> bool {
        match &self.owner {
            SecretOwner::Model => false,
            SecretOwner::Application(_) => leads && self.is_owned_by_application_of(unit),
            SecretOwner::Unit(owner) => owner == unit,
        }
    }

    /// Whether a unit may read it.
    pub(crate) fn is_read_by(&self, unit: &str) -> bool {
        self.is_managed_by(unit, true)
            || self.grants.contains_key(unit)
            || self.grants.contains_key(application_of(unit))
    }

    /// The name that a unit knows it by, or empty: its own as a reader, else the owner's if that is its application.
    pub(crate) fn label_for(&self, unit: &str) -> &str {
        let own = self.consumers.get(unit).map(|consumer| &*consumer.label);
        match own.filter(|label| !label.is_empty()) {
            Some(label) => label,
            None if self.is_managed_by(unit, true) => &self.label,
            None => "",
        }
    }

    /// Who may read it beside its owner, as it is shown.
    pub(crate) fn access(&self) -> Vec<SecretAccess> {
        let access = self.grants.iter().map(|(target, grant)| SecretAccess {
            target: match target.split_once('/') {
                Some((application, number)) => format!("unit-{application}-{number}"),
                None => format!("application-{target}"),
            },
            scope: grant.scope.clone(),
            role: "view",
        });
        access.collect()
    }

    /// Adds a revision, unless it says the same as the latest.
    pub(crate) fn revise(
        &mut self,
        content: SecretContent,
        expires: Option<Timestamp>,
        now: Timestamp,
    ) {
        let latest = self.revisions.get(&self.latest);
        if latest.is_some_and(|latest| latest.content == content) {
            return;
        }
        self.latest += 1;
        self.updated = now;
        let revision = SecretRevision {
            content,
            created: now,
            expires,
            ..SecretRevision::default()
        };
        self.revisions.insert(self.latest, revision);
    }

    /// The first revision that nobody reads any more, and for which `secret-remove` is due.
    pub(crate) fn unused_revision(&self) -> Option<u64> {
        let is_tracked = |number| self.consumers.values().any(|it| it.tracked == number);
        let mut revisions = self.revisions.iter();
        let unused = revisions.find(|(number, revision)| {
            **number < self.latest && !revision.remove_told && !is_tracked(**number)
        });
        unused.map(|(number, _)| *number)
    }

    /// Removes the revisions that nobody reads any more, if that is wanted.
    pub(crate) fn prune(&mut self) {
        while self.auto_prune
            && let Some(number) = self.unused_revision()
        {
            self.revisions.remove(&number);
        }
    }

    fn is_owned_by_application_of(&self, unit: &str) -> bool {
        matches!(&self.owner, SecretOwner::Application(owner) if owner == application_of(unit))
    }
}

fn application_of(unit: &str) -> &str {
    unit.split('/').next().unwrap_or(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(value: &str) -> SecretContent {
        SecretContent::from_iter([("password".to_owned(), value.to_owned())])
    }

    #[test]
    fn its_debug_shows_no_content() {
        let mut secret = Secret::default();
        secret.revise(content("hunter2"), None, Timestamp::UNIX_EPOCH);
        let shown = format!("{secret:?}");
        assert!(shown.contains("password"), "{shown}");
        assert!(
            !shown.contains("hunter2") && !shown.contains("aHVudGVyMg"),
            "{shown}"
        );
    }

    #[test]
    fn the_same_content_is_no_new_revision() {
        let mut secret = Secret::default();
        for value in ["a", "a", "b", "a"] {
            secret.revise(content(value), None, Timestamp::UNIX_EPOCH);
        }
        assert_eq!(secret.latest, 3);
    }

    #[test]
    fn a_revision_is_unused_when_a_newer_one_is_there_and_nobody_reads_it() {
        let mut secret = Secret::default();
        secret.revise(content("a"), None, Timestamp::UNIX_EPOCH);
        assert_eq!(secret.unused_revision(), None);
        secret
            .consumers
            .entry("b/0".to_owned())
            .or_default()
            .tracked = 1;
        secret.revise(content("b"), None, Timestamp::UNIX_EPOCH);
        assert_eq!(secret.unused_revision(), None);
        secret.consumers.clear();
        assert_eq!(secret.unused_revision(), Some(1));
    }

    #[test]
    fn a_month_is_one_of_the_calendar() {
        let from: Timestamp = "2026-01-31T10:00:00Z".parse().unwrap();
        let next = |policy: RotatePolicy| policy.next(from).map(|time| time.to_string());
        assert_eq!(next(RotatePolicy::Never), None);
        let next = |name: &str| next(RotatePolicy::named(name).unwrap()).unwrap();
        assert_eq!(next("monthly"), "2026-02-28T10:00:00Z");
        assert_eq!(next("hourly"), "2026-01-31T11:00:00Z");
        assert_eq!(next("yearly"), "2027-01-31T10:00:00Z");
    }
}
