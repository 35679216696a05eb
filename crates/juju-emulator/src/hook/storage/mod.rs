//! Storage, as a hook sees it.
pub(crate) mod commands;
pub(crate) mod view;
