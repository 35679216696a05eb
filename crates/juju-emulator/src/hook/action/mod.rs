//! Actions, as their hook commands see and answer them.

pub(crate) mod commands;
pub(crate) mod view;
