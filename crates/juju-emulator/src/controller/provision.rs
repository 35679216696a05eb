//! What an application's units are given beside config.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::controller::application_storage::ApplicationStorage;
use crate::controller::resource::Resource;

/// What an application's units are given beside config.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Provision {
    /// By the name that the charm gives it.
    pub(crate) storage: BTreeMap<String, ApplicationStorage>,
    /// By the name that the charm gives it, what has been supplied.
    pub(crate) resources: BTreeMap<String, Resource>,
    /// What `--constraints` has asked for.
    pub(crate) constraints: Map<String, Value>,
}
