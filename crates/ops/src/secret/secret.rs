//! One secret, as the unit reads or keeps it.

use std::fmt;

use crate::error::{Error, Result};
use crate::hook_command::{HookCommand, Problem};
use crate::relation::leader::Leader;
use crate::relation::relation::Relation;
use crate::secret::content::SecretContent;
use crate::secret::hook_secrets::Owner;
use crate::secret::id::SecretId;
use crate::secret::options::{SecretInfo, SecretOptions};
use crate::unit::Unit;

/// A secret of Juju: one that the unit keeps, or one that it may read.
///
/// Whoever keeps it grants it over a relation, in which it also publishes the id:
///
/// ```no_run
/// use ops::{Result, SecretContent, SecretId, Status, Unit};
///
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Access {
///     credentials: SecretId,
/// }
///
/// // The database's side.
/// fn provide(unit: &Unit, password: &str) -> Result<()> {
///     let content = SecretContent::from([("password", password)]);
///     if let Some(leader) = unit.leader()? {
///         let secret = leader.keep_secret("credentials", &content)?;
///         for relation in unit.relations("database")? {
///             secret.grant(&relation)?;
///             let credentials = secret.id()?;
///             leader.set_application_data(&relation, &Access { credentials })?;
///         }
///     }
///     Ok(())
/// }
///
/// // The other side. A `secret-changed` runs it again, and it finds the new password.
/// fn require(unit: &Unit) -> Result<Option<SecretContent>> {
///     let Some(relation) = unit.relation("database")? else {
///         return Ok(None);
///     };
///     let access: Access = relation.application_data()?;
///     Ok(Some(unit.secret(&access.credentials).refresh()?))
/// }
/// ```
///
/// What it changes is sent when the charm has returned `Ok`. A secret that is kept for the first time is added at once,
/// since Juju then says its id; if the unit ends up blocked, it is removed again.
#[derive(Clone)]
pub struct Secret<'u> {
    unit: &'u Unit,
    name: Name,
    /// What the unit is to call it.
    label: Option<String>,
}

#[derive(Clone)]
enum Name {
    Id(SecretId),
    Label(String),
}

impl<'u> Secret<'u> {
    fn new(unit: &'u Unit, name: Name) -> Self {
        let label = None;
        Self { unit, name, label }
    }

    /// The same, to which reading it gives a label of the unit's own, such as `database`: events of the secret bring it, and
    /// [`Unit::secret_with_label`] finds it. The owner's label is that of `keep_secret`.
    #[must_use]
    pub fn with_label(mut self, label: &str) -> Self {
        self.label = Some(label.to_owned());
        self
    }

    /// The secret's id, such as `secret:9m4e2mr0ui3e8a215n4g`, to publish in a relation.
    ///
    /// # Errors
    /// When only its label is known, and it does not belong to the unit or, for the leader, to its application.
    pub fn id(&self) -> Result<SecretId> {
        match &self.name {
            Name::Id(id) => Ok(id.clone()),
            Name::Label(label) => {
                let secrets = &self.unit.changes().secrets;
                let id = secrets.with_label(label, self.unit.hook_commands())?;
                let unknown = || anyhow::anyhow!("the unit keeps no secret with the label {label}");
                Ok(id.ok_or_else(unknown)?)
            }
        }
    }

    /// The content that the unit follows: the latest when it read the secret first, or when it refreshed it: `secret-get`.
    ///
    /// # Errors
    /// [`Error::Waiting`] while the secret is not granted, or when it is gone. No error shows content.
    pub fn content(&self) -> Result<SecretContent> {
        self.read(None)
    }

    /// The latest content, which the unit follows from now on: `secret-get --refresh`.
    ///
    /// # Errors
    /// As [`content`](Self::content).
    pub fn refresh(&self) -> Result<SecretContent> {
        self.read(Some("--refresh"))
    }

    /// The latest content, while the unit goes on following the one that it has: `secret-get --peek`.
    ///
    /// # Errors
    /// As [`content`](Self::content).
    pub fn peek(&self) -> Result<SecretContent> {
        self.read(Some("--peek"))
    }

    /// What Juju tells the secret's owner, such as the number of its latest revision: `secret-info-get`.
    ///
    /// # Errors
    /// When the unit does not own it, and its application does not or has another leader.
    pub fn info(&self) -> Result<SecretInfo> {
        let secrets = &self.unit.changes().secrets;
        secrets.info(&self.id()?, self.unit.hook_commands())
    }

    /// Lets the application on the other side of a relation read it, as long as the relation lasts: `secret-grant`.
    ///
    /// # Errors
    /// As [`info`](Self::info).
    pub fn grant(&self, relation: &Relation<'_>) -> Result<()> {
        let [grant, revoke] = self.access_commands(relation)?;
        if self.is_granted(relation)? {
            self.hold_instead(None, &revoke)
        } else {
            self.hold_instead(Some(grant), &revoke)
        }
    }

    /// No longer lets the application on the other side of a relation read it: `secret-revoke`.
    ///
    /// # Errors
    /// As [`info`](Self::info).
    pub fn revoke(&self, relation: &Relation<'_>) -> Result<()> {
        let [grant, revoke] = self.access_commands(relation)?;
        if self.is_granted(relation)? {
            self.hold_instead(Some(revoke), &grant)
        } else {
            self.hold_instead(None, &grant)
        }
    }

    /// Removes one revision, such as the one that a `secret-remove` names since nobody reads it: `secret-remove --revision 2`.
    ///
    /// # Errors
    /// When its id is not known, see [`id`](Self::id).
    pub fn remove_revision(&self, revision: u64) -> Result<()> {
        let command = HookCommand::new("secret-remove").arg(self.id()?.bare());
        let command = command.arg("--revision").arg(&revision.to_string());
        self.hold_instead(Some(command.clone()), &command)
    }

    /// Removes the secret with all its revisions: `secret-remove`.
    ///
    /// # Errors
    /// When its id is not known, see [`id`](Self::id).
    pub fn remove(&self) -> Result<()> {
        let command = HookCommand::new("secret-remove").arg(self.id()?.bare());
        self.hold_instead(Some(command.clone()), &command)
    }

    fn read(&self, flag: Option<&str>) -> Result<SecretContent> {
        if let Name::Id(id) = &self.name
            && flag.is_some()
            && let Some(wanted) = self.unit.changes().secrets.wanted(id)
        {
            return Ok(wanted);
        }
        let command = HookCommand::new("secret-get");
        let command = match &self.name {
            Name::Id(id) => command.arg(&id.to_string()),
            Name::Label(label) => command.arg("--label").arg(label),
        };
        let command = match &self.label {
            Some(label) => command.arg("--label").arg(label),
            None => command,
        };
        let command = flag.into_iter().fold(command, HookCommand::arg);
        let command = command.with_private_output();
        command.read_json(self.unit.hook_commands()).map_err(|error| {
            let is_refused = matches!(&error.problem, Problem::Failed { stderr, .. }
                if stderr.ends_with("is not allowed to read this secret") || stderr.ends_with("not found"));
            if is_refused {
                Error::waiting(format!(
                    "for leave to read {}, which is not granted to the unit, or gone",
                    self.shown()
                ))
            } else {
                error.into()
            }
        })
    }

    fn access_commands(&self, relation: &Relation<'_>) -> Result<[HookCommand; 2]> {
        let id = self.id()?;
        Ok(["secret-grant", "secret-revoke"].map(|name| {
            let command = HookCommand::new(name).arg(id.bare());
            command.arg("-r").arg(&relation.id().to_string())
        }))
    }

    fn is_granted(&self, relation: &Relation<'_>) -> Result<bool> {
        let target = format!("application-{}", relation.application()?);
        let info = self.info()?;
        Ok(info.access.iter().any(|access| access.target == target))
    }

    fn hold_instead(&self, command: Option<HookCommand>, void: &HookCommand) -> Result<()> {
        self.unit.changes().secrets.hold(&self.id()?, command, void);
        Ok(())
    }

    fn shown(&self) -> String {
        match &self.name {
            Name::Id(id) => id.to_string(),
            Name::Label(label) => format!("the secret {label}"),
        }
    }
}

impl fmt::Debug for Secret<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Secret({})", self.shown())
    }
}

impl Unit {
    /// A secret by its id, such as one that a related application has published, or that is in the unit's config.
    #[must_use]
    pub fn secret(&self, id: &SecretId) -> Secret<'_> {
        Secret::new(self, Name::Id(id.clone()))
    }

    /// A secret by its label, such as `database`: the one with which it was kept, or that [`Secret::with_label`] gave it.
    #[must_use]
    pub fn secret_with_label(&self, label: &str) -> Secret<'_> {
        Secret::new(self, Name::Label(label.to_owned()))
    }

    /// The secret that the unit, or the application that it leads, keeps under a label, if there is one: `secret-info-get`.
    ///
    /// So a password is made up only once:
    ///
    /// ```no_run
    /// use ops::{Leader, Result, Secret, SecretContent, Unit};
    ///
    /// fn password<'u>(unit: &'u Unit, leader: &Leader<'u>) -> Result<Secret<'u>> {
    ///     if let Some(kept) = unit.kept_secret("admin")? {
    ///         return Ok(kept);
    ///     }
    ///     leader.keep_secret("admin", &SecretContent::from([("password", make_up_a_password())]))
    /// }
    /// # fn make_up_a_password() -> String { String::new() }
    /// ```
    ///
    /// # Errors
    /// When it belongs to an application that another unit leads.
    pub fn kept_secret(&self, label: &str) -> Result<Option<Secret<'_>>> {
        let secrets = &self.changes().secrets;
        let id = secrets.with_label(label, self.hook_commands())?;
        Ok(id.map(|id| Secret::new(self, Name::Id(id))))
    }

    /// Keeps a secret of the unit's own under a label, such as `password`: added if there is none, changed if its content
    /// differs.
    ///
    /// ```no_run
    /// # fn reconcile(unit: &ops::Unit) -> ops::Result<()> {
    /// let content = ops::SecretContent::from([("password", "hunter2")]);
    /// unit.keep_secret("password", &content)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// When Juju does not take a key, or when the label is that of a secret of the application.
    pub fn keep_secret(&self, label: &str, content: &SecretContent) -> Result<Secret<'_>> {
        self.keep_secret_with(label, content, &SecretOptions::default())
    }

    /// As [`keep_secret`](Self::keep_secret), with a description, an expiry or a rotation.
    ///
    /// # Errors
    /// As [`keep_secret`](Self::keep_secret).
    pub fn keep_secret_with(
        &self,
        label: &str,
        content: &SecretContent,
        options: &SecretOptions,
    ) -> Result<Secret<'_>> {
        kept(self, Owner::Unit, label, content, options)
    }
}

impl<'u> Leader<'u> {
    /// Keeps a secret of the application under a label, such as `credentials`: added if there is none, changed if its content
    /// differs. All units of the application can read it.
    ///
    /// # Errors
    /// As [`Unit::keep_secret`].
    pub fn keep_secret(&self, label: &str, content: &SecretContent) -> Result<Secret<'u>> {
        self.keep_secret_with(label, content, &SecretOptions::default())
    }

    /// As [`keep_secret`](Self::keep_secret), with a description, an expiry or a rotation.
    ///
    /// # Errors
    /// As [`Unit::keep_secret`].
    pub fn keep_secret_with(
        &self,
        label: &str,
        content: &SecretContent,
        options: &SecretOptions,
    ) -> Result<Secret<'u>> {
        kept(self.unit(), Owner::Application, label, content, options)
    }
}

fn kept<'u>(
    unit: &'u Unit,
    owner: Owner,
    label: &str,
    content: &SecretContent,
    options: &SecretOptions,
) -> Result<Secret<'u>> {
    let secrets = &unit.changes().secrets;
    let id = secrets.keep(owner, label, content, options, unit.hook_commands())?;
    Ok(Secret::new(unit, Name::Id(id)))
}
