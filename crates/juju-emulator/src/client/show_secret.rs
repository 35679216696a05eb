//! `secrets` and `show-secret`

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write;

use anyhow::{Result, bail};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::client::format::{Format, empty_beside_an_error, words};
use crate::client::secrets::find;
use crate::client::session::{Session, UsageError};
use crate::client::table::{layout, row};
use crate::controller::secret::{RotatePolicy, Secret, SecretAccess, SecretOwner};
use crate::controller::secret_content::SecretContent;
use crate::go::humanize::ago;
use crate::go::strconv::quote;
use crate::go::yaml;

/// List the secrets of the model.
#[derive(Debug, clap::Args)]
pub(crate) struct Secrets {
    /// How to print them.
    #[arg(long, value_parser = words(Some("tabular")), default_value = "tabular")]
    format: Format,
}

/// Show a secret.
#[derive(Debug, clap::Args)]
pub(crate) struct ShowSecret {
    /// Its id or name.
    secret: Vec<String>,
    /// Show its content too.
    #[arg(long)]
    reveal: bool,
    /// Show the content of this revision.
    #[arg(short, long)]
    revision: Option<u64>,
    /// List its revisions.
    #[arg(long)]
    revisions: bool,
    /// How to print it.
    #[arg(long, value_parser = words(None), default_value = "yaml")]
    format: Format,
}

#[derive(Serialize)]
struct SecretInfo {
    revision: u64,
    #[serde(skip_serializing_if = "String::is_empty")]
    checksum: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<Timestamp>,
    rotation: RotatePolicy,
    #[serde(skip_serializing_if = "Option::is_none")]
    rotates: Option<Timestamp>,
    owner: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    description: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    label: String,
    created: Timestamp,
    updated: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    revisions: Vec<RevisionInfo>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    access: Vec<SecretAccess>,
}

#[derive(Serialize)]
struct RevisionInfo {
    revision: u64,
    backend: &'static str,
    created: Timestamp,
    updated: Timestamp,
}

impl Secrets {
    pub(crate) fn run(self, session: &Session, out: &mut impl Write) -> Result<()> {
        let store = session.store()?;
        session.settle_idle_machines(&store)?;
        let model = store.read()?;
        let mut secrets: Vec<_> = model.secrets.iter().collect();
        secrets.sort_by_key(|(_, secret)| (owner(secret), secret.created));
        if self.format == Format::ForPeople {
            write!(out, "{}", table(&secrets, Timestamp::now()))?;
            return Ok(());
        }
        let all = secrets.into_iter();
        let all: BTreeMap<_, _> = all.map(|(id, secret)| (id, info(secret))).collect();
        print(self.format, &all, out)
    }
}

fn table(secrets: &[(&String, &Secret)], now: Timestamp) -> String {
    let times: Vec<_> = secrets.iter().map(|(_, it)| ago(it.updated, now)).collect();
    let header = "Last updated";
    let width = times.iter().map(String::len).chain([header.len()]).max();
    let width = width.unwrap_or_default() + 2;
    let mut rows = vec![row(["ID", "Name", "Owner", "Rotation", "Revision", header])];
    rows.extend(secrets.iter().zip(times).map(|((id, secret), time)| {
        let name = match &secret.owner {
            SecretOwner::Model => &secret.label,
            _ => "-",
        };
        row([
            id,
            name,
            &owner(secret),
            rotation(secret.rotation).as_str(),
            &secret.latest.to_string(),
            &format!("{time:width$}"),
        ])
    }));
    layout(&rows, &[4])
}

impl ShowSecret {
    pub(crate) fn run(self, session: &Session, out: &mut impl Write) -> Result<()> {
        let [asked] = &self.secret[..] else {
            return Err(UsageError("secret ID is required".to_owned()).into());
        };
        if self.revisions && self.revision.is_some() {
            let message = "specify either --revision or --revisions but not both";
            return Err(UsageError(message.to_owned()).into());
        }
        let store = session.store()?;
        session.settle_idle_machines(&store)?;
        let model = store.read()?;
        empty_beside_an_error(out, |out| {
            let Some(id) = find(&model, asked) else {
                bail!("secret {} not found", quote(asked));
            };
            let info = self.info(&id, &model.secrets[&id])?;
            print(self.format, &BTreeMap::from([(&id, info)]), out)
        })
    }

    fn info(&self, id: &str, secret: &Secret) -> Result<SecretInfo> {
        let mut info = info(secret);
        if self.reveal || self.revision.is_some() {
            let number = self.revision.unwrap_or(secret.latest);
            let Some(revision) = secret.revisions.get(&number) else {
                bail!(
                    "secret revision {} not found",
                    quote(&format!("{id}/{number}"))
                );
            };
            info.revision = number;
            if self.reveal {
                info.checksum = checksum(&revision.content)?;
                let texts = serde_json::to_value(revision.content.texts())?;
                info.content = Some(match self.format {
                    Format::Json => serde_json::json!({"Data": texts}),
                    _ => texts,
                });
            }
        }
        if self.revisions {
            let revisions = secret.revisions.iter().map(|(number, it)| RevisionInfo {
                revision: *number,
                backend: "internal",
                created: it.created,
                updated: it.created,
            });
            info.revisions = revisions.collect();
        }
        info.access = secret.access();
        Ok(info)
    }
}

/// Prints secrets.
fn print(
    format: Format,
    secrets: &BTreeMap<&String, SecretInfo>,
    out: &mut impl Write,
) -> Result<()> {
    if format == Format::Json {
        return format.print(secrets, out);
    }
    let times = &["created", "updated", "expires", "rotates"];
    let text = yaml::document_with_times(&serde_json::to_value(secrets)?, times);
    write!(out, "{text}")?;
    Ok(())
}

/// What `secrets` shows of a secret.
fn info(secret: &Secret) -> SecretInfo {
    let label = secret.label.clone();
    let (name, label) = match &secret.owner {
        SecretOwner::Model => (label, String::new()),
        _ => (String::new(), label),
    };
    let latest = secret.revisions.get(&secret.latest);
    SecretInfo {
        revision: secret.latest,
        checksum: String::new(),
        expires: latest.and_then(|latest| latest.expires),
        rotation: secret.rotation,
        rotates: secret.next_rotation,
        owner: owner(secret),
        description: secret.description.clone(),
        name,
        label,
        created: secret.created,
        updated: secret.updated,
        content: None,
        revisions: Vec::new(),
        access: Vec::new(),
    }
}

/// Of the values in base64, as JSON.
fn checksum(content: &SecretContent) -> Result<String> {
    let digest = Sha256::digest(serde_json::to_vec(content.base64())?);
    let mut text = String::new();
    for byte in digest {
        write!(text, "{byte:02x}")?;
    }
    Ok(text)
}

fn owner(secret: &Secret) -> String {
    match &secret.owner {
        SecretOwner::Model => "<model>".to_owned(),
        SecretOwner::Application(name) | SecretOwner::Unit(name) => name.clone(),
    }
}

fn rotation(policy: RotatePolicy) -> String {
    format!("{policy:?}").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checksum_is_jujus() {
        let texts = [("password", "new"), ("user", "bob")];
        let texts = texts.map(|(key, text)| (key.to_owned(), text.to_owned()));
        let checksum = checksum(&SecretContent::from_iter(texts)).unwrap();
        let recorded = "15865ef83950bddb59d2085bb9a301c3c287400653360e95d0f4d724c553283d";
        assert_eq!(checksum, recorded);
    }
}
