//! What Go's libraries print and take, byte for byte.

pub(crate) mod duration;
pub(crate) mod flags;
pub(crate) mod keyvalues;
pub(crate) mod strconv;
pub(crate) mod uuid;
pub(crate) mod yaml;
