//! YAML as Juju prints it, in the very form of the Go library that Juju uses: yaml.v2.

mod ambiguous;
mod block_style;
mod sort;

pub(crate) use block_style::{document, document_in_order};
