//! `config`

use std::io::Write;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use crate::charm::name::is_name;
use crate::client::derived::charm_of;
use crate::client::format::{Format, empty_beside_an_error, words};
use crate::client::key_values::KeyValues;
use crate::client::session::Session;
use crate::client::settings::{Settings, TRUST, read_file};
use crate::client::status::settle_and_show;
use crate::controller::model::Model;
use crate::controller::store::Store;
use crate::go::strconv::{quote, yaml_number};

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
    #[arg(long, allow_hyphen_values = true)]
    reset: Vec<String>,
    /// How to show them.
    #[arg(long, value_parser = words(None), default_value = "yaml")]
    format: Format,
}

impl Config {
    pub(crate) fn run(self, session: &Session, out: &mut impl Write) -> Result<()> {
        let keys = KeyValues::read(&self.values, &self.reset, self.file.is_some())?;
        let changes = self.file.is_some() || keys.changes();
        let store = session.store()?;
        if !changes {
            session.settle(&store)?;
        }
        let model = store.read()?;
        empty_beside_an_error(out, |out| {
            if !is_name(&self.application) {
                bail!(
                    "{} is not a valid application name",
                    quote(&self.application)
                );
            }
            if changes {
                return self.change(&store, &keys);
            }
            // So says the client of a whole call that failed.
            if let Err(error) = model.application(&self.application) {
                bail!("{error} (not found)");
            }
            match keys.get {
                Some(key) => self.show_one(&store, &model, key, out),
                None => self.show_all(&store, &model, out),
            }
        })?;
        if changes {
            settle_and_show(session, &store)?;
        }
        Ok(())
    }

    fn change(&self, store: &Store, keys: &KeyValues<'_>) -> Result<()> {
        let file = self.file.as_deref().map(read_file).transpose()?;
        store.update(|model| {
            let charm = charm_of(store, model, &self.application)?;
            let application = model.application_mut(&self.application)?;
            application.configure(&charm, |application| {
                let parsing = "parsing settings for application";
                let mut settings = Settings::default();
                if let Some(text) = &file {
                    settings =
                        Settings::from_yaml(&charm, &self.application, text).context(parsing)?;
                }
                for key in &keys.reset {
                    if key == TRUST {
                        settings.trust = None;
                        application.trust = None;
                    } else {
                        charm.option(key)?;
                        settings.options.remove(key);
                        application.settings.remove(key);
                    }
                }
                let values = Settings::from_values(&charm, &keys.set).context(parsing)?;
                settings.extend(values);
                application.trust = settings.trust.or(application.trust);
                for (key, value) in settings.options {
                    match value {
                        Some(value) => application.settings.insert(key, value),
                        None => application.settings.remove(&key),
                    };
                }
                Ok(())
            })
        })
    }

    fn show_one(
        &self,
        store: &Store,
        model: &Model,
        key: &str,
        out: &mut impl Write,
    ) -> Result<()> {
        let charm = charm_of(store, model, &self.application)?;
        let application = model.application(&self.application)?;
        let mut config = charm.config_with(&application.settings);
        let trust = application.trust.unwrap_or_default();
        config.entry(TRUST.to_owned()).or_insert(Some(trust.into()));
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
        let source = application.trust.map_or("default", |_| "user");
        let all = json!({
            "application": self.application,
            "application-config": {TRUST: {
                "default": false,
                "description": "Does this application have access to trusted credentials",
                "source": source,
                "type": "bool",
                "value": application.trust.unwrap_or_default(),
            }},
            "charm": charm.name,
            "settings": settings,
        });
        self.format.print_sorted(all, out)
    }
}
