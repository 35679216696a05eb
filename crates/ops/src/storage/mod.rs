//! Storage that the unit has.

pub(crate) mod id;
pub(crate) mod instance;
