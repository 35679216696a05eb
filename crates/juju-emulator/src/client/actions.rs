//! `actions` and `show-action`

use std::io::{self, Write};

use anyhow::{Result, bail};
use serde_json::{Map, Value, json};

use crate::charm::name::is_name;
use crate::client::derived::charm_of;
use crate::client::format::{Format, words};
use crate::client::session::{Session, UsageError};
use crate::client::table::{layout, row};
use crate::go::strconv::{quote, quote_list};
use crate::go::yaml;

/// List the actions that an application's charm has.
#[derive(Debug, clap::Args)]
pub(crate) struct Actions {
    /// The application.
    #[arg(required = true)]
    application: String,
    /// Show what parameters they take, as JSON schemas.
    #[arg(long)]
    schema: bool,
    /// How to print them; with --schema it is yaml, unless given.
    #[arg(long, value_parser = words(Some("tabular")))]
    format: Option<Format>,
}

impl Actions {
    pub(crate) fn run(self, session: &Session, out: &mut impl Write) -> Result<()> {
        let format = match self.format {
            Some(Format::ForPeople) if self.schema => {
                let message = "full schema not compatible with tabular output".to_owned();
                return Err(UsageError(message).into());
            }
            None if self.schema => Format::Yaml,
            format => format.unwrap_or(Format::ForPeople),
        };
        check_name(&self.application)?;
        let store = session.store()?;
        let charm = charm_of(&store, &*store.read()?, &self.application)?;
        let names = charm.actions.keys();
        let actions = names.filter_map(|name| Some((name, charm.action(name)?)));
        if self.schema {
            let schemas = actions.map(|(name, action)| (name.clone(), action.schema));
            let schemas = schemas.collect::<Map<_, _>>();
            return format.print_sorted(schemas.into(), out);
        }
        if format != Format::ForPeople {
            let texts = actions.map(|(name, it)| (name.clone(), Value::from(it.description)));
            return format.print_sorted(texts.collect::<Map<_, _>>().into(), out);
        }
        if charm.actions.is_empty() {
            writeln!(io::stderr(), "No actions defined for {}.", self.application)?;
            return Ok(());
        }
        let mut rows = vec![row(["Action", "Description"])];
        for (name, action) in actions {
            // A description of several lines goes on below itself.
            let mut name = name.as_str();
            for line in action.description.trim().lines() {
                rows.push(row([name, line]));
                name = "";
            }
        }
        write!(out, "{}", layout(&rows, &[]))?;
        Ok(())
    }
}

/// Show an action of an application's charm.
#[derive(Debug, clap::Args)]
pub(crate) struct ShowAction {
    /// The application, and the action.
    #[arg(value_name = "APPLICATION ACTION")]
    names: Vec<String>,
}

impl ShowAction {
    pub(crate) fn run(self, session: &Session, out: &mut impl Write) -> Result<()> {
        let (application, name) = match self.names.as_slice() {
            [] => return Err(UsageError("no application specified".to_owned()).into()),
            [_] => return Err(UsageError("no action specified".to_owned()).into()),
            [application, name] => (application, name),
            [_, _, more @ ..] => {
                let more = quote_list(more);
                return Err(UsageError(format!("unrecognized args: {more}")).into());
            }
        };
        check_name(application)?;
        let store = session.store()?;
        let charm = charm_of(&store, &*store.read()?, application)?;
        let Some(action) = charm.action(name) else {
            bail!("unknown action {}", quote(name));
        };
        let properties = action.schema["properties"].as_object().cloned();
        let arguments = properties
            .unwrap_or_default()
            .into_iter()
            .map(|(name, it)| {
                let mut argument = json!({"type": it["type"], "description": it["description"]});
                if let Some(default) = it.get("default") {
                    argument["default"] = default.clone();
                }
                (name, argument)
            });
        let arguments = Value::from(arguments.collect::<Map<_, _>>());
        let arguments = yaml::document_in_order(&arguments);
        writeln!(out, "{}\n\nArguments\n{arguments}", action.description)?;
        Ok(())
    }
}

fn check_name(application: &str) -> Result<(), UsageError> {
    if is_name(application) {
        return Ok(());
    }
    let message = format!("invalid application name {}", quote(application));
    Err(UsageError(message))
}
