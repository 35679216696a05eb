//! The emulated machine: its address, and what is on its `PATH`.

pub(crate) mod address;
pub(crate) mod path;
