//! Ports in a hook.

pub(crate) mod commands;
