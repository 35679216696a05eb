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
    pub(crate) provides: Option<BTreeMap<String, InterfaceOf>>,
    pub(crate) requires: Option<BTreeMap<String, InterfaceOf>>,
    pub(crate) peers: Option<BTreeMap<String, InterfaceOf>>,
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
pub(crate) struct InterfaceOf {
    pub(crate) interface: String,
}

/// Juju takes `db: mysql` for `db: {interface: mysql}`.
#[derive(Deserialize)]
#[serde(untagged)]
enum InterfaceForm {
    Short(String),
    Long { interface: String },
}

impl From<InterfaceForm> for InterfaceOf {
    fn from(form: InterfaceForm) -> Self {
        let (InterfaceForm::Short(interface) | InterfaceForm::Long { interface }) = form;
        Self { interface }
    }
}
