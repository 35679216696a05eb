//! What Go's libraries print and take, byte for byte.

pub(crate) mod base64;
pub(crate) mod duration;
pub(crate) mod error;
pub(crate) mod flags;
pub(crate) mod humanize;
pub(crate) mod json;
pub(crate) mod keyvalues;
pub(crate) mod strconv;
pub(crate) mod uuid;
pub(crate) mod yaml;
