//! What operators do to a model, and what happens to it beside its hooks.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use anyhow::{Context as _, Result};
use juju_emulator::InMemoryModel;
use serde_json::{Map, Value};

use crate::model::application::Application;

/// Something that is done to a model; as text it is the call of [`Model`](crate::Model) that does it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Operation {
    Deploy {
        application: String,
        units: usize,
    },
    AddUnit(String),
    RemoveUnit(String),
    RemoveApplication(String),
    Integrate(String, String),
    RemoveRelation(String, String),
    Configure {
        application: String,
        option: String,
        /// None brings it back to its default.
        value: Option<Value>,
    },
    Run {
        unit: String,
        action: String,
        params: Map<String, Value>,
    },
    SetLeader(String),
    SetSecret {
        name: String,
        content: BTreeMap<String, String>,
    },
    Grant {
        secret: String,
        application: String,
    },
    Revoke {
        secret: String,
        application: String,
    },
    Wait(Duration),
}

impl Operation {
    /// Does it. An error is what Juju tells the operator.
    pub(crate) fn perform(
        &self,
        model: &mut InMemoryModel,
        applications: &[Application],
    ) -> Result<()> {
        match self {
            Self::Deploy { application, units } => {
                let mut declared = applications.iter();
                let declared = declared
                    .find(|declared| declared.name == *application)
                    .with_context(|| format!("the model has no application \"{application}\""))?;
                model.deploy(application, &declared.charm, *units)
            }
            Self::AddUnit(application) => model.add_unit(application),
            Self::RemoveUnit(unit) => model.remove_unit(unit),
            Self::RemoveApplication(name) => model.remove_application(name),
            Self::Integrate(one, other) => model.integrate(one, other),
            Self::RemoveRelation(one, other) => model.remove_relation(one, other),
            Self::Configure {
                application,
                option,
                value,
            } => {
                let value = value.as_ref().map(|value| with_secret(value, model));
                model.configure(application, option, value.as_ref())
            }
            Self::Run {
                unit,
                action,
                params,
            } => model.run_action(unit, action, params).map(drop),
            Self::SetLeader(unit) => model.set_leader(unit),
            Self::SetSecret { name, content } => {
                let content = content.iter();
                model.set_secret(
                    name,
                    content.map(|(key, text)| (key.as_str(), text.as_str())),
                );
                Ok(())
            }
            Self::Grant {
                secret,
                application,
            } => model.grant_secret(secret, application),
            Self::Revoke {
                secret,
                application,
            } => model.revoke_secret(secret, application),
            Self::Wait(time) => {
                model.wait(*time);
                Ok(())
            }
        }
    }
}

/// An option's value, with the URI of the operator's secret where it is its name: `secret:admin`.
fn with_secret(value: &Value, model: &InMemoryModel) -> Value {
    let name = value.as_str().and_then(|text| text.strip_prefix("secret:"));
    let uri = name.and_then(|name| model.secret_uri(name));
    uri.map_or_else(|| value.clone(), Value::from)
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deploy { application, units } => write!(f, ".deploy({application:?}, {units})"),
            Self::AddUnit(application) => write!(f, ".add_unit({application:?})"),
            Self::RemoveUnit(unit) => write!(f, ".remove_unit({unit:?})"),
            Self::RemoveApplication(name) => write!(f, ".remove_application({name:?})"),
            Self::Integrate(one, other) => write!(f, ".integrate({one:?}, {other:?})"),
            Self::RemoveRelation(one, other) => write!(f, ".remove_relation({one:?}, {other:?})"),
            Self::Configure {
                application,
                option,
                value: Some(value),
            } => write!(f, ".configure({application:?}, {option:?}, json!({value}))"),
            Self::Configure {
                application,
                option,
                value: None,
            } => write!(f, ".reset({application:?}, {option:?})"),
            Self::Run {
                unit,
                action,
                params,
            } => {
                let params = Value::from(params.clone());
                write!(f, ".run({unit:?}, {action:?}, json!({params}))")
            }
            Self::SetLeader(unit) => write!(f, ".set_leader({unit:?})"),
            Self::SetSecret { name, content } => {
                // Nothing shows what is in a secret.
                let content: Vec<_> = content.keys().map(|key| (key, "...")).collect();
                write!(f, ".set_secret({name:?}, {content:?})")
            }
            Self::Grant {
                secret,
                application,
            } => write!(f, ".grant({secret:?}, {application:?})"),
            Self::Revoke {
                secret,
                application,
            } => write!(f, ".revoke({secret:?}, {application:?})"),
            Self::Wait(time) => write!(f, ".wait(Duration::from_secs({}))", time.as_secs()),
        }
    }
}
