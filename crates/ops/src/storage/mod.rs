//! Storage that the unit has.

pub(crate) mod added;
pub(crate) mod id;
pub(crate) mod instance;
