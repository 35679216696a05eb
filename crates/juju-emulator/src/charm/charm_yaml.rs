//! The files of a charm as they are written: `charmcraft.yaml` or `metadata.yaml`, and `config.yaml`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::charm::config_option::ConfigOption;

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Metadata {
    #[serde(default)]
    pub(crate) name: String,
    pub(crate) subordinate: Option<bool>,
    pub(crate) provides: Option<BTreeMap<String, DeclaredEndpoint>>,
    pub(crate) requires: Option<BTreeMap<String, DeclaredEndpoint>>,
    pub(crate) peers: Option<BTreeMap<String, DeclaredEndpoint>>,
    pub(crate) storage: Option<BTreeMap<String, Value>>,
    pub(crate) resources: Option<BTreeMap<String, Value>>,
    pub(crate) containers: Option<BTreeMap<String, Value>>,
    pub(crate) assumes: Option<Value>,
    pub(crate) extra_bindings: Option<BTreeMap<String, Value>>,
    pub(crate) config: Option<Config>,
    pub(crate) actions: Option<BTreeMap<String, Value>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Config {
    pub(crate) options: Option<BTreeMap<String, ConfigOption>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(from = "InterfaceForm")]
pub(crate) struct DeclaredEndpoint {
    pub(crate) interface: String,
    pub(crate) scope: Option<String>,
    pub(crate) limit: Option<u32>,
}

/// Juju takes `db: mysql` for `db: {interface: mysql}`.
#[derive(Deserialize)]
#[serde(untagged)]
enum InterfaceForm {
    Short(String),
    Long {
        interface: String,
        scope: Option<String>,
        limit: Option<u32>,
    },
}

impl From<InterfaceForm> for DeclaredEndpoint {
    fn from(form: InterfaceForm) -> Self {
        match form {
            InterfaceForm::Short(interface) => Self {
                interface,
                scope: None,
                limit: None,
            },
            InterfaceForm::Long {
                interface,
                scope,
                limit,
            } => Self {
                interface,
                scope,
                limit,
            },
        }
    }
}
