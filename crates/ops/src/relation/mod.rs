//! Relations with other applications, and among the units of one.

pub(crate) mod data;
mod deserialize;
pub(crate) mod hook_relations;
pub(crate) mod id;
pub mod json;
pub(crate) mod leader;
#[expect(
    clippy::module_inception,
    reason = "a relation itself, among what belongs to it"
)]
pub(crate) mod relation;
