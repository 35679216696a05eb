//! An action as a charm declares it, and what parameters it takes.

use serde_json::{Map, Value};

use crate::charm::json_schema;
use crate::charm::name::is_action;
use crate::go::strconv::quote;

/// What a charm declares about one of its actions.
#[derive(Clone, Debug, PartialEq)]
pub struct ActionSpec {
    /// What it does, `No description` unless the charm says it.
    pub description: String,
    /// What its parameters are to be, as a JSON schema.
    pub schema: Value,
}

impl ActionSpec {
    /// Refuses what Juju does not take as an action of a charm. The error is Juju's text.
    pub(crate) fn check_declared(charm: &str, name: &str, declared: &Value) -> Result<(), String> {
        if !is_action(name) {
            return Err(format!("bad action name {name}"));
        }
        let reason = match name {
            _ if charm.starts_with("juju-") => "",
            "juju" => "\"juju\" is a reserved name",
            name if name.starts_with("juju-") => "the \"juju-\" prefix is reserved",
            _ => "",
        };
        if !reason.is_empty() {
            return Err(format!("cannot use action name {name}: {reason}"));
        }
        let form_of = |value: &Value| match value {
            Value::String(_) => "string",
            Value::Array(_) => "YAML list",
            Value::Bool(_) => "bool",
            _ => "",
        };
        for (key, form) in [
            ("description", "string"),
            ("title", "string"),
            ("required", "YAML list"),
            ("parallel", "bool"),
            ("execution-group", "string"),
        ] {
            if declared
                .get(key)
                .is_some_and(|value| form_of(value) != form)
            {
                let key = quote(key);
                return Err(format!("value for schema key {key} must be a {form}"));
            }
        }
        if declared.get("params").is_some_and(|it| !it.is_object()) {
            return Err("params failed to parse as a map".to_owned());
        }
        let schema = Self::new(name, declared).schema;
        json_schema::check_schema(&schema)
            .map_err(|why| format!("invalid params schema for action schema {name}: {why}"))
    }

    /// Reads an entry of `actions.yaml`, where `params` stands for the schema's `properties`.
    pub(crate) fn new(name: &str, declared: &Value) -> Self {
        let mut schema = Map::new();
        schema.insert("description".to_owned(), "No description".into());
        schema.insert("properties".to_owned(), Map::new().into());
        schema.insert("title".to_owned(), name.into());
        schema.insert("type".to_owned(), "object".into());
        for (key, value) in declared.as_object().into_iter().flatten() {
            let key = match key.as_str() {
                "params" => "properties",
                // How it runs beside others.
                "parallel" | "execution-group" => continue,
                key => key,
            };
            schema.insert(key.to_owned(), value.clone());
        }
        let description = schema["description"].as_str().unwrap_or_default();
        Self {
            description: description.to_owned(),
            schema: schema.into(),
        }
    }

    /// Checks parameters as an operator gives them.
    ///
    /// # Errors
    ///
    /// Juju's refusal: `validation failed: (root).times : must be of type integer, given "x"`.
    pub fn check(&self, params: &Map<String, Value>) -> Result<(), String> {
        let errors = json_schema::errors(&self.schema, &params.clone().into());
        if errors.is_empty() {
            return Ok(());
        }
        Err(format!("validation failed: {}", errors.join("; ")))
    }

    /// The parameters as the action finds them: with the defaults of those that are not given.
    #[must_use]
    pub fn with_defaults(&self, params: &Map<String, Value>) -> Map<String, Value> {
        json_schema::with_defaults(&self.schema, params)
    }
}
