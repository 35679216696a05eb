//! A whole model in one test: applications of several charms, whose hooks run in any order that Juju allows.

pub(crate) mod application;
pub(crate) mod laws;
pub(crate) mod model_state;
pub(crate) mod moves;
pub(crate) mod operation;
pub(crate) mod run;
pub(crate) mod scenario;
pub(crate) mod schedule;
pub(crate) mod shrink;
pub(crate) mod standard;
pub(crate) mod trial;
pub(crate) mod violation;
pub(crate) mod watch;
