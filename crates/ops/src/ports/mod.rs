//! Opened ports: what they are, what Juju holds of them in the course of a hook, and how a charm changes them.

pub(crate) mod coverage;
pub(crate) mod hook_ports;
pub(crate) mod opened_ports;
pub(crate) mod openness;
pub(crate) mod port;
pub(crate) mod port_range;
