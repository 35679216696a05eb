//! `add-secret`, `update-secret`, `remove-secret`, `grant-secret` and `revoke-secret`: secrets of the operator.

use std::io::Write;
use std::path::Path;

use anyhow::{Result, anyhow, bail};
use jiff::Timestamp;

use crate::client::session::{Session, UsageError};
use crate::client::status::settle_and_show;
use crate::controller::model::Model;
use crate::controller::secret::{Secret, SecretGrant, SecretOwner};
use crate::controller::secret_changes::SecretUpdate;
use crate::controller::secret_content::SecretContent;
use crate::controller::secret_id;
use crate::go::strconv::{parse_bool, quote};

/// Add a secret that applications can be let read.
#[derive(Debug, clap::Args)]
pub(crate) struct AddSecret {
    /// Its name, then KEY=VALUE, KEY#base64=VALUE or KEY#file=PATH.
    arguments: Vec<String>,
    #[command(flatten)]
    given: Given,
}

/// Change a secret of the operator; those who read it hear of it.
#[derive(Debug, clap::Args)]
pub(crate) struct UpdateSecret {
    /// Its id or name, then KEY=VALUE, KEY#base64=VALUE or KEY#file=PATH, which replace all that it has.
    arguments: Vec<String>,
    /// A new name.
    #[arg(long)]
    name: Option<String>,
    /// Remove each revision from now on, or no longer with --auto-prune=false, when nobody reads it any more.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = parse_bool)]
    auto_prune: Option<bool>,
    #[command(flatten)]
    given: Given,
}

#[derive(Debug, clap::Args)]
struct Given {
    /// What it is for.
    #[arg(long)]
    info: Option<String>,
    /// A YAML file with a map of keys and values.
    #[arg(long)]
    file: Option<String>,
}

/// Remove a secret of the operator.
#[derive(Debug, clap::Args)]
pub(crate) struct RemoveSecret {
    /// Its id or name.
    secret: Vec<String>,
    /// Remove this revision only.
    #[arg(long)]
    revision: Option<u64>,
}

/// Let applications read a secret of the operator.
#[derive(Debug, clap::Args)]
pub(crate) struct GrantSecret {
    /// The secret's id or name, then applications, with commas.
    arguments: Vec<String>,
}

/// No longer let applications read a secret of the operator.
#[derive(Debug, clap::Args)]
pub(crate) struct RevokeSecret {
    /// The secret's id or name, then applications, with commas.
    arguments: Vec<String>,
}

impl Given {
    fn update(self, values: &[String]) -> Result<SecretUpdate> {
        let content = SecretContent::read(values, self.file.as_deref(), Path::new(""));
        let content = content.map_err(UsageError)?;
        Ok(SecretUpdate {
            description: self.info,
            content: Some(content).filter(|content| !content.is_empty()),
            ..SecretUpdate::default()
        })
    }
}

impl AddSecret {
    pub(crate) fn run(self, session: &Session, out: &mut impl Write) -> Result<()> {
        let Some((name, values)) = self.arguments.split_first() else {
            return missing("missing secret name");
        };
        if values.is_empty() && self.given.file.is_none() {
            return missing("missing secret value or filename");
        }
        let update = SecretUpdate {
            label: Some(name.clone()),
            ..self.given.update(values)?
        };
        if update.content.is_none() {
            bail!("empty secret value not valid");
        }
        let store = session.store()?;
        let id = secret_id::random()?;
        let now = Timestamp::now();
        store.update(|model| {
            refuse_name(model, name)?;
            let mut secret = Secret {
                created: now,
                ..Secret::default()
            };
            update.apply(&mut secret, now);
            model.secrets.insert(id.clone(), secret);
            Ok(())
        })?;
        writeln!(out, "secret:{id}")?;
        settle_and_show(session, &store)
    }
}

impl UpdateSecret {
    pub(crate) fn run(self, session: &Session) -> Result<()> {
        let Some((secret, values)) = self.arguments.split_first() else {
            return missing("missing secret URI");
        };
        let update = SecretUpdate {
            label: self.name,
            ..self.given.update(values)?
        };
        change(session, secret, |model, id| {
            let secret = &model.secrets[id];
            if let Some(name) = &update.label
                && *name != secret.label
            {
                refuse_name(model, name)?;
            }
            if let Some(secret) = model.secrets.get_mut(id) {
                secret.auto_prune = self.auto_prune.unwrap_or(secret.auto_prune);
                update.apply(secret, Timestamp::now());
                secret.prune();
            }
            Ok(())
        })
    }
}

impl RemoveSecret {
    pub(crate) fn run(self, session: &Session) -> Result<()> {
        let [secret] = &self.secret[..] else {
            return missing("missing secret URI");
        };
        change(session, secret, |model, id| {
            let is_whole = model.secrets.get_mut(id).is_none_or(|secret| {
                secret
                    .revisions
                    .retain(|number, _| Some(*number) != self.revision);
                self.revision.is_none() || secret.revisions.is_empty()
            });
            if is_whole {
                model.secrets.remove(id);
            }
            Ok(())
        })
    }
}

impl GrantSecret {
    pub(crate) fn run(self, session: &Session) -> Result<()> {
        let (secret, applications) = with_applications(&self.arguments)?;
        change(session, secret, |model, id| {
            for application in &applications {
                model.application(application)?;
            }
            let scope = format!("model-{}", model.uuid);
            let relation = None;
            let grant = SecretGrant { relation, scope };
            if let Some(secret) = model.secrets.get_mut(id) {
                let granted = applications
                    .iter()
                    .map(|name| ((*name).to_owned(), grant.clone()));
                secret.grants.extend(granted);
            }
            Ok(())
        })
    }
}

impl RevokeSecret {
    pub(crate) fn run(self, session: &Session) -> Result<()> {
        let (secret, applications) = with_applications(&self.arguments)?;
        change(session, secret, |model, id| {
            if let Some(secret) = model.secrets.get_mut(id) {
                secret
                    .grants
                    .retain(|name, _| !applications.contains(&&**name));
            }
            Ok(())
        })
    }
}

fn with_applications(arguments: &[String]) -> Result<(&str, Vec<&str>)> {
    match arguments {
        [] => missing("missing secret URI"),
        [_] => missing("missing application name"),
        [secret, applications, ..] => Ok((secret, applications.split(',').collect())),
    }
}

fn missing<T>(what: &str) -> Result<T> {
    Err(UsageError(what.to_owned()).into())
}

/// Changes a secret of the operator, given by its id or name.
fn change(
    session: &Session,
    secret: &str,
    change: impl FnOnce(&mut Model, &str) -> Result<()>,
) -> Result<()> {
    let store = session.store()?;
    store.update(|model| {
        let id = find(model, secret).ok_or_else(|| {
            let asked = quote(secret);
            match secret_id::parse(secret) {
                Ok(id) => anyhow!("secret {} not found", quote(&id)),
                Err(_) => anyhow!(
                    "getting user secret for label {asked}: secret with label {asked} not found (secret not found)"
                ),
            }
        })?;
        if model.secrets[&id].owner != SecretOwner::Model {
            bail!("permission denied");
        }
        change(model, &id)
    })?;
    settle_and_show(session, &store)
}

/// The bare id of a secret that is given by any form of its id, or by the name that the operator gave it.
pub(crate) fn find(model: &Model, asked: &str) -> Option<String> {
    let id = secret_id::parse(asked).ok();
    if let Some(id) = id.filter(|id| model.secrets.contains_key(id)) {
        return Some(id);
    }
    model.secret_of_operator(asked)
}

fn refuse_name(model: &Model, name: &str) -> Result<()> {
    if find(model, name).is_some() {
        bail!("secret with name {} already exists", quote(name));
    }
    Ok(())
}
