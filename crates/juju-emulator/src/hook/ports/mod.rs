//! Ports in a hook.

pub(crate) mod commands;
pub(crate) mod conflicts;
