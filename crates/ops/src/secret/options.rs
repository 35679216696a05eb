//! What a secret has beside its content.

use std::time::Duration;

use serde::Deserialize;

/// How often Juju reminds the owner of a secret to change it, by a `secret-rotate`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it, in Juju's words")]
pub enum RotatePolicy {
    Never,
    Hourly,
    Daily,
    Weekly,
    Monthly,
    Quarterly,
    Yearly,
}

impl RotatePolicy {
    /// Juju's word for it, such as `monthly`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Hourly => "hourly",
            Self::Daily => "daily",
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
            Self::Quarterly => "quarterly",
            Self::Yearly => "yearly",
        }
    }
}

/// What a kept secret is to have beside its content; what is not said stays as it is.
///
/// ```
/// use std::time::Duration;
///
/// use ops::{RotatePolicy, SecretOptions};
///
/// let options = SecretOptions::default()
///     .with_description("The password of the database.")
///     .rotated(RotatePolicy::Monthly)
///     .expiring_after(Duration::from_secs(90 * 24 * 3600));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecretOptions {
    description: Option<String>,
    rotation: Option<RotatePolicy>,
    expires_after: Option<Duration>,
}

impl SecretOptions {
    /// The same with what the secret is for, such as `The password of the database.`.
    #[must_use]
    pub fn with_description(mut self, description: &str) -> Self {
        self.description = Some(description.to_owned());
        self
    }

    /// The same with how often Juju sends a `secret-rotate`, such as `RotatePolicy::Monthly`.
    #[must_use]
    pub fn rotated(mut self, rotation: RotatePolicy) -> Self {
        self.rotation = Some(rotation);
        self
    }

    /// The same with how long a new content is good, such as 90 days; Juju then sends a `secret-expired`.
    #[must_use]
    pub fn expiring_after(mut self, duration: Duration) -> Self {
        self.expires_after = Some(duration);
        self
    }

    /// What Juju will tell of a secret that is added with them.
    pub(crate) fn info_of_new(&self, owner: &str, label: &str) -> SecretInfo {
        SecretInfo {
            revision: 1,
            label: label.to_owned(),
            owner: owner.to_owned(),
            description: self.description.clone().unwrap_or_default(),
            rotation: self.rotation,
            expires: None,
            rotates: None,
            access: Vec::new(),
        }
    }

    /// The arguments by which a secret gets what it does not have yet. The time until it expires begins with a new content.
    pub(crate) fn arguments(&self, has: Option<&SecretInfo>, is_new: bool) -> Vec<String> {
        let mut arguments = Vec::new();
        let mut set = |flag: &str, value: &str| {
            arguments.extend([flag.to_owned(), value.to_owned()]);
        };
        let description = self.description.as_deref();
        let has_description = has.map_or("", |info| info.description.as_str());
        if let Some(description) = description.filter(|it| *it != has_description) {
            set("--description", description);
        }
        let has_rotation = has.and_then(|info| info.rotation);
        let has_rotation = has_rotation.unwrap_or(RotatePolicy::Never);
        if let Some(rotation) = self.rotation.filter(|it| *it != has_rotation) {
            set("--rotate", rotation.name());
        }
        if let Some(after) = self.expires_after.filter(|_| is_new) {
            set("--expire", &format!("{}s", after.as_secs()));
        }
        arguments
    }
}

/// What Juju tells the owner of a secret: `secret-info-get`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct SecretInfo {
    /// The number of its latest revision, such as 3.
    pub revision: u64,
    /// The owner's label for it, such as `database`; may be empty.
    #[serde(default)]
    pub label: String,
    /// Whose it is: `unit` or `application`.
    pub owner: String,
    /// What it is for; may be empty.
    #[serde(default)]
    pub description: String,
    /// How often it is to be changed.
    #[serde(default)]
    pub rotation: Option<RotatePolicy>,
    /// When the latest revision expires, such as `2026-11-27T15:33:20Z`.
    #[serde(default, rename = "expiry")]
    pub expires: Option<String>,
    /// When the next `secret-rotate` comes, such as `2026-12-27T15:33:20Z`.
    #[serde(default)]
    pub rotates: Option<String>,
    /// Who else may read it.
    #[serde(default)]
    pub(crate) access: Vec<Access>,
}

/// Who may read a secret.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Access {
    /// `application-web`
    pub(crate) target: String,
}
