//! `config`

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read, Write};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use crate::charm::metadata::Charm;
use crate::client::format::{Format, words};
use crate::client::session::{Session, UsageError};
use crate::client::status::settle_and_show;
use crate::controller::model::Model;
use crate::controller::store::Store;
use crate::go::strconv::yaml_number;
use crate::go::yaml;

/// Show or change the config of an application.
#[derive(Debug, clap::Args)]
pub(crate) struct Config {
    application: String,
    /// KEY shows one value, KEY=VALUE sets it, KEY=@FILE sets it to what is in a file; without any, all are shown.
    values: Vec<String>,
    /// Set options from a YAML file with the application's name on top; - is stdin.
    #[arg(long)]
    file: Option<String>,
    /// Bring options back to their defaults; several with commas.
    #[arg(long, value_delimiter = ',')]
    reset: Vec<String>,
    /// How to show them.
    #[arg(long, value_parser = words(None), default_value = "yaml")]
    format: Format,
}

impl Config {
    pub(crate) fn run(self, session: &Session, out: &mut impl Write) -> Result<()> {
        let (set, get): (Vec<_>, Vec<_>) = self
            .values
            .iter()
            .cloned()
            .partition(|value| value.contains('='));
        let usage = |message: &str| Err(UsageError(message.to_owned()).into());
        let changes = !set.is_empty() || self.file.is_some() || !self.reset.is_empty();
        if changes && !get.is_empty() {
            return usage("cannot get value and set key=value pairs simultaneously");
        }
        if self.file.is_some() && !set.is_empty() {
            return usage("cannot specify --file and key=value arguments simultaneously");
        }
        refuse_set_and_reset(&set, &self.reset)?;
        if get.len() > 1 {
            return usage("can only retrieve a single value, or all values");
        }
        let store = session.store()?;
        if changes {
            return self.change(session, &store, &set);
        }
        session.settle(&store)?;
        let model = store.read()?;
        match get.first() {
            Some(key) => self.show_one(&store, &model, key, out),
            None => self.show_all(&store, &model, out),
        }
    }

    fn change(&self, session: &Session, store: &Store, set: &[String]) -> Result<()> {
        let file = self.file.as_deref().map(read_file).transpose()?;
        store.update(|model| {
            let charm = charm_of(store, model, &self.application)?;
            let application = model.application_mut(&self.application)?;
            let before = charm.config_with(&application.settings);
            let parsing = "parsing settings for application";
            for key in &self.reset {
                charm.option(key).context(parsing)?;
                application.settings.remove(key);
            }
            application
                .settings
                .extend(read_values(&charm, set).context(parsing)?);
            if let Some(text) = &file {
                let settings = settings_from_yaml(&charm, &self.application, text);
                for (key, value) in settings.context(parsing)? {
                    match value {
                        Some(value) => application.settings.insert(key, value),
                        None => application.settings.remove(&key),
                    };
                }
            }
            if charm.config_with(&application.settings) != before {
                application.config_version += 1;
            }
            Ok(())
        })?;
        settle_and_show(session, store)
    }

    fn show_one(
        &self,
        store: &Store,
        model: &Model,
        key: &str,
        out: &mut impl Write,
    ) -> Result<()> {
        let charm = charm_of(store, model, &self.application)?;
        let settings = &model.application(&self.application)?.settings;
        let config = charm.config_with(settings);
        let Some(value) = config.get(key) else {
            bail!(
                "key \"{key}\" not found in \"{}\" application config or charm settings.",
                self.application
            );
        };
        let text = match value {
            None => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number
                .as_f64()
                .map_or_else(|| number.to_string(), yaml_number),
            Some(other) => other.to_string(),
        };
        writeln!(out, "{text}")?;
        Ok(())
    }

    fn show_all(&self, store: &Store, model: &Model, out: &mut impl Write) -> Result<()> {
        let charm = charm_of(store, model, &self.application)?;
        let application = model.application(&self.application)?;
        let settings: serde_json::Map<_, _> = charm
            .options
            .iter()
            .map(|(name, option)| {
                let set = application.settings.get(name);
                let source = match (set, &option.default) {
                    (Some(_), _) => "user",
                    (None, Some(_)) => "default",
                    (None, None) => "unset",
                };
                let mut about = json!({
                    "description": option.description,
                    "source": source,
                    "type": option.kind,
                });
                if let Some(default) = &option.default {
                    about["default"] = default.clone();
                }
                if let Some(value) = set.or(option.default.as_ref()) {
                    about["value"] = value.clone();
                }
                (name.clone(), about)
            })
            .collect();
        let all = json!({
            "application": self.application,
            "application-config": {"trust": {
                "default": false,
                "description": "Does this application have access to trusted credentials",
                "source": "default",
                "type": "bool",
                "value": false,
            }},
            "charm": charm.name,
            "settings": settings,
        });
        self.format.print(&all, out)
    }
}

/// A key cannot be set and reset by one command.
pub(crate) fn refuse_set_and_reset(values: &[String], reset: &[String]) -> Result<()> {
    let set = values.iter().filter_map(|value| value.split_once('='));
    match set
        .map(|(key, _)| key)
        .find(|key| reset.iter().any(|reset| reset == key))
    {
        Some(key) => {
            let message = format!("cannot set and reset key \"{key}\" simultaneously");
            Err(UsageError(message).into())
        }
        None => Ok(()),
    }
}

/// The charm that an application has now.
pub(crate) fn charm_of(store: &Store, model: &Model, application: &str) -> Result<Charm> {
    let staged = model.application(application)?.staged_charm();
    Ok(Charm::read(&store.charms().join(staged))?)
}

/// Reads `key=value` and `key=@file` for the options of a charm.
pub(crate) fn read_values(charm: &Charm, values: &[String]) -> Result<BTreeMap<String, Value>> {
    let mut settings = BTreeMap::new();
    for value in values {
        let (key, text) = value
            .split_once('=')
            .with_context(|| format!("expected \"key=value\", got \"{value}\""))?;
        let text = match text.strip_prefix('@') {
            Some(path) => fs::read_to_string(path)
                .with_context(|| format!("cannot read option \"{key}\" from file \"{path}\""))?,
            None => text.to_owned(),
        };
        if settings
            .insert(key.to_owned(), charm.parse_option(key, &text)?)
            .is_some()
        {
            bail!("key \"{key}\" specified more than once");
        }
    }
    Ok(settings)
}

/// Reads options from YAML that has them below the application's name, or that `config` has printed; null resets an option.
pub(crate) fn settings_from_yaml(
    charm: &Charm,
    application: &str,
    text: &str,
) -> Result<BTreeMap<String, Option<Value>>> {
    let mut all: BTreeMap<String, Value> =
        yaml::read(text).context("cannot parse settings data")?;
    let printed = all.contains_key("settings") && !all.contains_key(application);
    let settings = match all.remove(if printed { "settings" } else { application }) {
        Some(Value::Object(settings)) => settings,
        Some(Value::Null) => return Ok(BTreeMap::new()),
        Some(_) => bail!("the settings of \"{application}\" are no mapping of option to value"),
        None => bail!("no settings found for \"{application}\""),
    };
    let mut read = BTreeMap::new();
    for (key, mut value) in settings {
        if printed {
            // Some have none.
            let Some(of_option) = value.get_mut("value") else {
                continue;
            };
            value = of_option.take();
            if let Some(number) = whole(&value) {
                value = number.into();
            }
        }
        let value = match &value {
            Value::Null => charm.option(&key).map(|_| None)?,
            // As in Juju, text is read as the type that the option has.
            Value::String(text) => Some(charm.parse_option(&key, text)?),
            _ => Some(charm.coerce_option(&key, &value)?),
        };
        read.insert(key, value);
    }
    Ok(read)
}

/// The whole number that is printed as `1e+06`.
fn whole(value: &Value) -> Option<i64> {
    let number = value.as_f64().filter(|_| value.is_f64())?;
    format!("{number:.0}")
        .parse()
        .ok()
        .filter(|_| number.fract() == 0.0)
}

fn read_file(path: &str) -> Result<String> {
    let mut text = String::new();
    if path == "-" {
        io::stdin().read_to_string(&mut text)?;
    } else {
        text = fs::read_to_string(path).with_context(|| format!("cannot read {path}"))?;
    }
    Ok(text)
}
