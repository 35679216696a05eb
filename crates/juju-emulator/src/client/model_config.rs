//! `model-config`

use std::io::Write;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::client::config::refuse_set_and_reset;
use crate::client::format::{Format, words};
use crate::client::session::Session;
use crate::client::table;
use crate::controller::model_config;

/// Show or change what holds for a whole model.
#[derive(Debug, clap::Args)]
pub(crate) struct ModelConfig {
    /// KEY shows one value, KEY=VALUE sets it; without any, all are shown.
    values: Vec<String>,
    /// Bring keys back to their defaults; several with commas.
    #[arg(long, value_delimiter = ',')]
    reset: Vec<String>,
    /// How to show them.
    #[arg(long, value_parser = words(Some("tabular")), default_value = "tabular")]
    format: Format,
}

impl ModelConfig {
    pub(crate) fn run(self, session: &Session, out: &mut impl Write) -> Result<()> {
        let store = session.store()?;
        if let [key] = self.values.as_slice()
            && !key.contains('=')
        {
            let model = store.read()?;
            let (_, value, _) = model_config::all(&model)
                .find(|(name, ..)| name == key)
                .with_context(|| format!("key \"{key}\" not found in \"{}\" model", model.name))?;
            writeln!(out, "{value}")?;
            return Ok(());
        }
        if self.values.is_empty() && self.reset.is_empty() {
            return self.show(&*store.read()?, out);
        }
        refuse_set_and_reset(&self.values, &self.reset)?;
        store.update(|model| {
            for key in &self.reset {
                model_config::reset(model, key)?;
            }
            for value in &self.values {
                let (key, value) = value
                    .split_once('=')
                    .with_context(|| format!("expected \"key=value\", got \"{value}\""))?;
                model_config::set(model, key, value)?;
            }
            Ok(())
        })?;
        session.settle(&store)
    }

    fn show(&self, model: &crate::controller::model::Model, out: &mut impl Write) -> Result<()> {
        let source = |set| if set { "model" } else { "default" };
        let values: Value = model_config::all(model)
            .map(|(key, value, set)| {
                let value = value.parse::<bool>().map_or(json!(value), Value::from);
                (
                    key.to_owned(),
                    json!({"Value": value, "Source": source(set)}),
                )
            })
            .collect::<serde_json::Map<_, _>>()
            .into();
        match self.format {
            Format::Json | Format::Yaml => self.format.print(&values, out)?,
            Format::ForPeople => {
                let mut rows = vec![table::row(["Attribute", "From", "Value"])];
                rows.extend(
                    model_config::all(model)
                        .map(|(key, value, set)| table::row([key, source(set), value])),
                );
                write!(out, "{}", table::layout(&rows, &[]))?;
            }
        }
        Ok(())
    }
}
