//! `model-config`

use std::io::Write;

use anyhow::{Result, bail};
use serde_json::{Map, Value, json};

use crate::client::format::{Format, words};
use crate::client::key_values::KeyValues;
use crate::client::session::Session;
use crate::client::table;
use crate::controller::model::Model;
use crate::controller::model_config;

/// Show or change what holds for a whole model.
#[derive(Debug, clap::Args)]
pub(crate) struct ModelConfig {
    /// KEY shows one value, KEY=VALUE sets it; without any, all are shown.
    values: Vec<String>,
    /// Bring keys back to their defaults; several with commas.
    #[arg(long, allow_hyphen_values = true)]
    reset: Vec<String>,
    /// How to show them.
    #[arg(long, value_parser = words(Some("tabular")), default_value = "tabular")]
    format: Format,
}

impl ModelConfig {
    pub(crate) fn run(self, session: &Session, out: &mut impl Write) -> Result<()> {
        let keys = KeyValues::read(&self.values, &self.reset, false)?;
        let store = session.store()?;
        if !keys.changes() {
            let model = store.read()?;
            return match keys.get {
                Some(key) => self.show_one(&model, key, out),
                None => self.show(&model, out),
            };
        }
        store.update(|model| {
            for key in &keys.reset {
                model_config::reset(model, key)?;
            }
            for value in &keys.set {
                let (key, value) = value.split_once('=').unwrap_or_default();
                model_config::set(model, key, value)?;
            }
            Ok(())
        })?;
        session.settle(&store)
    }

    fn show_one(&self, model: &Model, key: &str, out: &mut impl Write) -> Result<()> {
        let Some((_, value, set)) = model_config::all(model).find(|(name, ..)| *name == key) else {
            bail!(
                "\"{key}\" is not a key of the currently targeted model: \"admin/{}\"",
                model.name
            );
        };
        if self.format != Format::ForPeople {
            return self
                .format
                .print(&json!({key: self.about(value, set)}), out);
        }
        match value {
            "true" => writeln!(out, "True")?,
            "false" => writeln!(out, "False")?,
            value => writeln!(out, "{value}")?,
        }
        Ok(())
    }

    fn show(&self, model: &Model, out: &mut impl Write) -> Result<()> {
        if self.format != Format::ForPeople {
            let values: Map<_, _> = model_config::all(model)
                .map(|(key, value, set)| (key.to_owned(), self.about(value, set)))
                .collect();
            return self.format.print(&values, out);
        }
        let mut rows = vec![table::row(["Attribute", "From", "Value"])];
        rows.extend(
            model_config::all(model).map(|(key, value, set)| table::row([key, source(set), value])),
        );
        write!(out, "{}", table::layout(&rows, &[]))?;
        Ok(())
    }

    /// A value and where it is from, with the names that JSON and YAML have for them.
    fn about(&self, value: &str, set: bool) -> Value {
        let value = value.parse::<bool>().map_or(json!(value), Value::from);
        if self.format == Format::Json {
            json!({"Value": value, "Source": source(set)})
        } else {
            json!({"value": value, "source": source(set)})
        }
    }
}

fn source(set: bool) -> &'static str {
    if set { "model" } else { "default" }
}
