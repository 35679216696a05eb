//! What a hook sees of secrets: those of the model, with its own changes.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::controller::secret::{Secret, SecretOwner};
use crate::controller::secret_changes::NewSecret;
use crate::controller::secret_content::SecretContent;
use crate::controller::secret_id;
use crate::go::strconv::quote;
use crate::hook::command::{Call, Failure};
use crate::hook::context::HookContext;

impl HookContext {
    /// The secrets that the unit may change and that its hook has not removed, without those that it adds.
    fn managed(&self) -> impl Iterator<Item = (&String, &Secret)> {
        let unit = &self.unit;
        unit.secrets.iter().filter(|(id, secret)| {
            let is_removed = self.pending.secrets.remove.contains_key(*id);
            secret.is_managed_by(&unit.name, unit.leader) && !is_removed
        })
    }

    /// The bare ids of the secrets that the unit may change.
    pub(crate) fn managed_ids(&self) -> Vec<String> {
        let new = self.pending.secrets.create.keys();
        let ids = self.managed().map(|(id, _)| id).chain(new);
        ids.cloned().collect()
    }

    /// What `secret-info-get` shows of a secret that the unit may change.
    pub(crate) fn secret_info(&self, id: &str) -> Option<Value> {
        if let Some(new) = self.pending.secrets.create.get(id) {
            return Some(info_of_new(new));
        }
        let secret = self.managed().find(|(it, _)| *it == id)?.1;
        Some(info(secret))
    }

    /// The secret that the unit may change and that has this label, or gets it in this hook.
    pub(crate) fn managed_with_label(&self, label: &str) -> Option<String> {
        let changes = &self.pending.secrets;
        let is = |given: &Option<String>| given.as_deref() == Some(label);
        let old = self.managed().map(|(id, it)| (id, it.label == label));
        let new = changes.create.iter();
        let new = new.map(|(id, it)| (id, is(&it.fields.label)));
        let renamed = changes.update.iter().map(|(id, it)| (id, is(&it.label)));
        let mut all = old.chain(new).chain(renamed);
        all.find(|(_, is_it)| *is_it).map(|(id, _)| id.clone())
    }

    /// The secret that the unit calls so: its own, its application's, or one that it reads.
    pub(crate) fn secret_with_label(&self, label: &str) -> Result<String, String> {
        if let Some(id) = self.managed_with_label(label) {
            return Ok(id);
        }
        let mut secrets = self.unit.secrets.iter();
        let known = secrets.find(|(_, secret)| secret.label_for(&self.unit.name) == label);
        known
            .map(|(id, _)| id.clone())
            .ok_or_else(|| format!("consumer label {} not found", quote(label)))
    }

    /// The content that the hook gives a secret, and that it has before the hook has ended.
    pub(crate) fn pending_content(&self, id: &str, is_read_anew: bool) -> Option<SecretContent> {
        let changes = &self.pending.secrets;
        if let Some(new) = changes.create.get(id) {
            return new.fields.content.clone();
        }
        let update = changes.update.get(id).filter(|_| is_read_anew)?;
        update.content.clone()
    }

    /// The id for a secret that the hook adds.
    pub(crate) fn new_secret_id(&mut self) -> Result<String, Failure> {
        if self.unit.new_secret_ids.is_empty() {
            return secret_id::random().map_err(|error| Failure::Refused(error.to_string()));
        }
        Ok(self.unit.new_secret_ids.remove(0))
    }
}

impl Call<'_> {
    /// The value of a flag that is given and not empty.
    pub(crate) fn text(&self, flag: &str) -> Option<&str> {
        self.line.value(flag).filter(|text| !text.is_empty())
    }

    /// The id that the command is given first, and must be given.
    pub(crate) fn secret_id(&self) -> Result<String, Failure> {
        let text = self.line.arguments.first();
        let missing = || Failure::Usage("missing secret URI".to_owned());
        secret_id::parse(text.ok_or_else(missing)?).map_err(Failure::Usage)
    }
}

fn info(secret: &Secret) -> Value {
    let rotation = Some(json!(secret.rotation));
    let time = |time: Option<Timestamp>| time.map(|time| time.to_string().into());
    let latest = secret.revisions.get(&secret.latest);
    let access = secret.access();
    let mut info = head(
        secret.latest,
        &secret.label,
        &secret.owner,
        &secret.description,
    );
    let rest = [
        ("rotation", rotation),
        ("expiry", time(latest.and_then(|latest| latest.expires))),
        ("rotates", time(secret.next_rotation)),
        ("access", (!access.is_empty()).then(|| json!(access))),
    ];
    for (name, value) in rest {
        if let Some(value) = value {
            info.insert(name.to_owned(), value);
        }
    }
    info.into()
}

fn info_of_new(new: &NewSecret) -> Value {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let (label, description) = (text(&new.fields.label), text(&new.fields.description));
    let mut info = head(1, &label, &new.owner, &description);
    if let Some(rotation) = new.fields.rotation {
        info.insert("rotation".to_owned(), json!(rotation));
    }
    if let Some(expires) = new.fields.expires {
        info.insert("expiry".to_owned(), expires.to_string().into());
    }
    info.into()
}

fn head(revision: u64, label: &str, owner: &SecretOwner, description: &str) -> Map<String, Value> {
    let owner = match owner {
        SecretOwner::Model => "model",
        SecretOwner::Application(_) => "application",
        SecretOwner::Unit(_) => "unit",
    };
    let mut info = Map::new();
    info.insert("revision".to_owned(), revision.into());
    info.insert("label".to_owned(), label.into());
    info.insert("owner".to_owned(), owner.into());
    if !description.is_empty() {
        info.insert("description".to_owned(), description.into());
    }
    info
}
