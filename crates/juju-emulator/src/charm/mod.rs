//! Charms: what they declare, their files, and how they get where they run.

pub mod action;
pub(crate) mod archive;
pub(crate) mod charm_error;
pub(crate) mod charm_yaml;
pub(crate) mod check;
pub mod config_option;
pub mod hook;
pub(crate) mod json_schema;
pub mod metadata;
pub(crate) mod name;
pub mod pack;
pub mod resource;
pub mod stage;
pub mod storage;
