//! The secrets of the unit and its application in the course of one hook: what has been read of them, and what is to
//! become of them.

use std::cell::{RefCell, RefMut};
use std::collections::BTreeMap;

use crate::error::{Error, Result};
use crate::hook_command::{HookCommand, HookCommandError, HookCommands, Problem};
use crate::secret::content::SecretContent;
use crate::secret::id::SecretId;
use crate::secret::options::{SecretInfo, SecretOptions};

/// Whose secrets a charm can keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    Application,
    Unit,
}

impl Owner {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::Unit => "unit",
        }
    }
}

/// The secrets in the course of one hook, by bare id. Nothing is read twice.
#[derive(Default)]
pub(crate) struct HookSecrets {
    secrets: RefCell<BTreeMap<String, HookSecret>>,
    by_label: RefCell<BTreeMap<String, SecretId>>,
}

#[derive(Default)]
struct HookSecret {
    /// Added in this hook, so to be taken back.
    is_new: bool,
    info: Option<SecretInfo>,
    latest: Option<SecretContent>,
    /// What `secret-set` is to change.
    wanted: Option<SecretContent>,
    arguments: Vec<String>,
    /// What else is to be done, such as `secret-grant`.
    commands: Vec<HookCommand>,
}

impl HookSecrets {
    /// Has a secret of this label with this content, added at once if there is none.
    pub(crate) fn keep(
        &self,
        owner: Owner,
        label: &str,
        content: &SecretContent,
        options: &SecretOptions,
        hook_commands: &dyn HookCommands,
    ) -> Result<SecretId> {
        let refused = |why: String| anyhow::anyhow!("cannot keep the secret {label}: {why}");
        if let Some(key) = content.bad_key() {
            let why = "a key has at least three small letters, digits and single dashes";
            return Err(refused(format!("{why}, unlike {key:?}")).into());
        }
        let Some(id) = self.with_label(label, hook_commands)? else {
            return self.add(owner, label, content, options, hook_commands);
        };
        let latest = self.latest(&id, hook_commands)?;
        let mut secret = self.secret(&id);
        if let Some(info) = &secret.info
            && info.owner != owner.name()
        {
            let other = &info.owner;
            return Err(
                refused(format!("the {other} has one of this label; choose another")).into(),
            );
        }
        let is_new = latest != *content;
        secret.arguments = options.arguments(secret.info.as_ref(), is_new);
        secret.wanted = is_new.then(|| content.clone());
        Ok(id)
    }

    fn add(
        &self,
        owner: Owner,
        label: &str,
        content: &SecretContent,
        options: &SecretOptions,
        hook_commands: &dyn HookCommands,
    ) -> Result<SecretId> {
        let command = HookCommand::new("secret-add")
            .arg("--owner")
            .arg(owner.name());
        let command = command.arg("--label").arg(label);
        let arguments = options.arguments(None, true);
        let command = arguments
            .iter()
            .fold(command, |command, it| command.arg(it));
        let printed = command.with_content(content).run(hook_commands)?;
        let id: SecretId = String::from_utf8_lossy(&printed)
            .trim()
            .parse()
            .map_err(|error| anyhow::anyhow!("what secret-add has printed is no id: {error}"))?;
        let new = HookSecret {
            is_new: true,
            info: Some(options.info_of_new(owner.name(), label)),
            latest: Some(content.clone()),
            ..HookSecret::default()
        };
        *self.secret(&id) = new;
        self.by_label
            .borrow_mut()
            .insert(label.to_owned(), id.clone());
        Ok(id)
    }

    /// The secret of the unit or its application that has this label.
    pub(crate) fn with_label(
        &self,
        label: &str,
        hook_commands: &dyn HookCommands,
    ) -> Result<Option<SecretId>> {
        if let Some(id) = self.by_label.borrow().get(label) {
            return Ok(Some(id.clone()));
        }
        let command = HookCommand::new("secret-info-get")
            .arg("--label")
            .arg(label);
        match info(command, hook_commands) {
            Ok((id, info)) => {
                self.secret(&id).info = Some(info);
                self.by_label
                    .borrow_mut()
                    .insert(label.to_owned(), id.clone());
                Ok(Some(id))
            }
            Err(Error::HookCommand(error)) if is_not_found(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Refreshed, so that the owner's own reading never keeps an old revision alive.
    fn latest(&self, id: &SecretId, hook_commands: &dyn HookCommands) -> Result<SecretContent> {
        if let Some(latest) = &self.secret(id).latest {
            return Ok(latest.clone());
        }
        let latest: SecretContent = follow(id.bare()).read_json(hook_commands)?;
        self.secret(id).latest = Some(latest.clone());
        Ok(latest)
    }

    /// What Juju tells the owner of a secret.
    pub(crate) fn info(
        &self,
        id: &SecretId,
        hook_commands: &dyn HookCommands,
    ) -> Result<SecretInfo> {
        if let Some(info) = &self.secret(id).info {
            return Ok(info.clone());
        }
        let command = HookCommand::new("secret-info-get").arg(&id.to_string());
        let (_, info) = info(command, hook_commands)?;
        self.secret(id).info = Some(info.clone());
        Ok(info)
    }

    /// What a secret is to have when the hook has ended, if it is to change.
    pub(crate) fn wanted(&self, id: &SecretId) -> Option<SecretContent> {
        self.secret(id).wanted.clone()
    }

    /// Holds a command once, and no longer the one that it makes void.
    pub(crate) fn hold(&self, id: &SecretId, command: Option<HookCommand>, void: &HookCommand) {
        let commands = &mut self.secret(id).commands;
        commands.retain(|held| held != void && Some(held) != command.as_ref());
        commands.extend(command);
    }

    /// The commands that make the secrets what is wanted.
    pub(crate) fn held(&self) -> Vec<HookCommand> {
        let secrets = self.secrets.borrow();
        let commands = secrets.iter().flat_map(|(id, secret)| {
            let mut commands = Vec::new();
            if secret.wanted.is_some() || !secret.arguments.is_empty() {
                let command = HookCommand::new("secret-set").arg(id);
                let arguments = secret.arguments.iter();
                let command = arguments.fold(command, |command, it| command.arg(it));
                commands.push(match &secret.wanted {
                    Some(content) => command.with_content(content),
                    None => command,
                });
            }
            // Juju then has no `secret-changed` for who has changed it.
            if secret.wanted.is_some() && !secret.is_new {
                commands.push(follow(id));
            }
            commands.extend(secret.commands.iter().cloned());
            commands
        });
        commands.collect()
    }

    /// The commands that take back what has been added.
    pub(crate) fn undo(&self) -> Vec<HookCommand> {
        let secrets = self.secrets.borrow();
        let new = secrets.iter().filter(|(_, secret)| secret.is_new);
        new.map(|(id, _)| HookCommand::new("secret-remove").arg(id))
            .collect()
    }

    fn secret(&self, id: &SecretId) -> RefMut<'_, HookSecret> {
        RefMut::map(self.secrets.borrow_mut(), |secrets| {
            secrets.entry(id.bare().to_owned()).or_default()
        })
    }
}

/// Reads the latest content, which the unit follows from then on.
fn follow(id: &str) -> HookCommand {
    let command = HookCommand::new("secret-get").arg(id);
    command.arg("--refresh").with_private_output()
}

fn info(command: HookCommand, hook_commands: &dyn HookCommands) -> Result<(SecretId, SecretInfo)> {
    let printed: BTreeMap<String, SecretInfo> = command.read_json(hook_commands)?;
    let mut secrets = printed.into_iter();
    let first = secrets
        .next()
        .and_then(|(id, info)| Some((id.parse().ok()?, info)));
    let none = || anyhow::anyhow!("secret-info-get has printed nothing about a secret");
    Ok(first.ok_or_else(none)?)
}

fn is_not_found(error: &HookCommandError) -> bool {
    matches!(&error.problem, Problem::Failed { stderr, .. } if stderr.ends_with("not found"))
}
