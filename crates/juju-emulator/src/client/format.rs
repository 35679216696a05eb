//! `--format`, of the verbs that show something.

use std::io::Write;

use anyhow::Result;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use serde::Serialize;

use crate::go::yaml;

/// How a verb shows what it has to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// In the verb's own form for people, which `juju` calls `tabular`, `plain` or `smart`.
    ForPeople,
    Json,
    Yaml,
}

/// The words of a verb's `--format`: `json`, `yaml`, and the one for its form for people, if it has one.
pub(crate) fn words(for_people: Option<&'static str>) -> impl TypedValueParser<Value = Format> {
    PossibleValuesParser::new(for_people.into_iter().chain(["json", "yaml"])).map(|word| match word
        .as_str()
    {
        "json" => Format::Json,
        "yaml" => Format::Yaml,
        _ => Format::ForPeople,
    })
}

impl Format {
    /// Shows a value as JSON in one line, or else as YAML.
    pub(crate) fn print(self, value: &impl Serialize, out: &mut impl Write) -> Result<()> {
        match self {
            Self::Json => writeln!(out, "{}", serde_json::to_string(value)?)?,
            Self::Yaml | Self::ForPeople => write!(out, "{}", yaml::to_string(value)?)?,
        }
        Ok(())
    }
}
