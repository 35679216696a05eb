//! A model in memory, for tests of charms that a model is made of.

pub(crate) mod model;
pub(crate) mod operator;
pub(crate) mod state;
