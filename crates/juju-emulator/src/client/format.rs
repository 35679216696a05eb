//! `--format`, of the verbs that show something.

use std::io::Write;

use anyhow::Result;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use serde::Serialize;
use serde_json::Value;

use crate::go::{json, yaml};

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
    /// Shows a value as JSON in one line, or else as YAML, its fields in their order.
    pub(crate) fn print(self, value: &impl Serialize, out: &mut impl Write) -> Result<()> {
        let value = serde_json::to_value(value)?;
        match self {
            Self::Json => writeln!(out, "{}", json::compact(&value))?,
            Self::Yaml | Self::ForPeople => write!(out, "{}", yaml::document_in_order(&value))?,
        }
        Ok(())
    }

    /// Shows a value as [`print`](Self::print) does, but with its fields sorted: what is a map in Juju, and no struct.
    pub(crate) fn print_sorted(self, mut value: Value, out: &mut impl Write) -> Result<()> {
        value.sort_all_objects();
        match self {
            Self::Json => writeln!(out, "{}", json::compact(&value))?,
            Self::Yaml | Self::ForPeople => write!(out, "{}", yaml::document(&value))?,
        }
        Ok(())
    }
}

/// Shows something; as some of Juju's verbs do, shows `{}` where there is an error instead.
pub(crate) fn empty_beside_an_error<W: Write>(
    out: &mut W,
    show: impl FnOnce(&mut W) -> Result<()>,
) -> Result<()> {
    let shown = show(out);
    if shown.is_err() {
        writeln!(out, "{{}}")?;
    }
    shown
}
