//! What whole dispatches are measured with, whatever the charm.

pub(crate) mod build;
pub(crate) mod dispatch;
pub(crate) mod measurement;
pub(crate) mod median;
pub(crate) mod python;
