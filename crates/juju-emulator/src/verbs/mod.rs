//! juju's verbs, one file for each or for those that belong together.

pub(crate) mod bootstrap;
pub(crate) mod config;
pub(crate) mod debug_log;
pub(crate) mod deploy;
pub(crate) mod exec;
pub(crate) mod expose;
mod full_status;
pub(crate) mod model_config;
pub(crate) mod models;
pub(crate) mod refresh;
pub(crate) mod resolved;
pub(crate) mod show;
pub(crate) mod status;
mod table;
pub(crate) mod units;
pub(crate) mod version;
