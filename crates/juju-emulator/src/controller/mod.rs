//! What the controller keeps: the model, its config and its log.

pub(crate) mod application_storage;
pub(crate) mod attachments;
pub(crate) mod data_directory;
pub(crate) mod debug_log;
pub(crate) mod integrate;
pub(crate) mod life;
pub(crate) mod model;
pub(crate) mod model_config;
pub(crate) mod operation;
pub(crate) mod operations;
pub(crate) mod ports;
pub(crate) mod provision;
pub(crate) mod relation;
pub(crate) mod removal;
pub(crate) mod resource;
pub(crate) mod resource_files;
pub(crate) mod scope;
pub(crate) mod secret;
pub(crate) mod secret_changes;
pub(crate) mod secret_content;
pub(crate) mod secret_id;
pub(crate) mod status;
pub(crate) mod storage;
pub(crate) mod storage_directive;
pub(crate) mod storage_directory;
pub(crate) mod store;
