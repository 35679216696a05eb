//! What the arguments of `run` say: units, an action and its parameters.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::{Map, Value};

use crate::charm::name::{is_action, is_unit_or_leader};
use crate::go::strconv::quote;
use crate::go::yaml;
use crate::hook::action::view::insert_at;

/// What the arguments say.
pub(crate) struct Request<'a> {
    pub(crate) units: Vec<&'a str>,
    pub(crate) action: &'a str,
    params: Vec<(&'a str, &'a str)>,
}

impl Request<'_> {
    /// The parameters of the file, and over them those of the command line.
    pub(crate) fn params(
        &self,
        file: Option<&Path>,
        string_args: bool,
    ) -> Result<Map<String, Value>> {
        let mut params = match file {
            None => Map::new(),
            Some(path) => {
                let of_file = || format!("cannot read {}", path.display());
                let text = if path.as_os_str() == "-" {
                    let mut text = String::new();
                    io::stdin().read_to_string(&mut text).map(|_| text)
                } else {
                    fs::read_to_string(path)
                };
                let params: Option<Map<_, _>> = text
                    .map_err(anyhow::Error::from)
                    .and_then(|text| Ok(yaml::read(&text)?))
                    .with_context(of_file)?;
                params.unwrap_or_default()
            }
        };
        for (key, text) in &self.params {
            let value = if string_args {
                (*text).into()
            } else {
                yaml::read(text).with_context(|| format!("cannot read the value of {key}"))?
            };
            insert_at(&mut params, key, value);
        }
        Ok(params)
    }
}

/// Reads the arguments. The error is Juju's text.
pub(crate) fn request(arguments: &[String]) -> Result<Request<'_>, String> {
    let units = arguments.iter().map(String::as_str);
    let units: Vec<_> = units.take_while(|name| is_unit_or_leader(name)).collect();
    let rest = &arguments[units.len()..];
    if let Some(name) = rest.first().filter(|name| !is_action(name)) {
        return Err(format!("invalid unit or action name {}", quote(name)));
    }
    let Some(first) = units.first() else {
        return Err("no unit specified".to_owned());
    };
    let Some((action, params)) = rest.split_first() else {
        return Err("no action specified".to_owned());
    };
    let application = |unit: &&str| unit.split('/').next().map(str::to_owned);
    if units
        .iter()
        .any(|unit| application(unit) != application(first))
    {
        return Err("all units must be of the same application".to_owned());
    }
    let params = params.iter().map(|argument| {
        let (key, value) = argument.split_once('=').ok_or_else(|| {
            let argument = quote(argument);
            format!("argument {argument} must be of the form key.key.key...=value")
        })?;
        match key.split('.').find(|part| !is_action(part)) {
            None => Ok((key, value)),
            Some(part) => Err(format!(
                "key {} must start and end with lowercase alphanumeric, and contain only lowercase alphanumeric and hyphens",
                quote(part)
            )),
        }
    });
    let params = params.collect::<Result<_, String>>()?;
    Ok(Request {
        units,
        action,
        params,
    })
}
