//! YAML as Juju prints and reads it, in the very form of the Go library that Juju uses: yaml.v2.

mod block_style;
mod deserialize;
mod node;
mod resolve;
mod sort;

pub(crate) use block_style::{document, document_in_order, document_with_times};
pub use deserialize::YamlError;
pub(crate) use deserialize::read;
