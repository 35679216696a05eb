//! The files of a charm as they are written: `charmcraft.yaml` or `metadata.yaml`, and `config.yaml`.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::charm::charm_error::CharmError;
use crate::charm::resource::ResourceDeclaration;
use crate::charm::storage::DeclaredStorage;
use crate::go::yaml;

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Metadata {
    #[serde(default)]
    pub(crate) name: String,
    pub(crate) subordinate: Option<bool>,
    pub(crate) provides: Option<BTreeMap<String, DeclaredEndpoint>>,
    pub(crate) requires: Option<BTreeMap<String, DeclaredEndpoint>>,
    pub(crate) peers: Option<BTreeMap<String, DeclaredEndpoint>>,
    pub(crate) storage: Option<BTreeMap<String, DeclaredStorage>>,
    pub(crate) resources: Option<BTreeMap<String, Option<ResourceDeclaration>>>,
    pub(crate) containers: Option<BTreeMap<String, Value>>,
    pub(crate) assumes: Option<Value>,
    pub(crate) extra_bindings: Option<BTreeMap<String, Value>>,
    pub(crate) config: Option<Config>,
    pub(crate) actions: Option<BTreeMap<String, Value>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Config {
    pub(crate) options: Option<BTreeMap<String, OptionForm>>,
}

/// One config option.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct OptionForm {
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    pub(crate) default: Option<Value>,
    pub(crate) description: Option<String>,
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

/// Reads a YAML file; `None` when there is no such file.
pub(crate) fn read_yaml<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, CharmError> {
    match fs::read_to_string(path) {
        Ok(text) => yaml::read(&text)
            .map(Some)
            .map_err(|source| CharmError::Yaml {
                path: path.to_owned(),
                source,
            }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(CharmError::Read {
            path: path.to_owned(),
            source,
        }),
    }
}
