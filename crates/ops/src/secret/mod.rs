//! Secrets: content that only those may read to whom it is granted.

pub(crate) mod content;
pub(crate) mod hook_secrets;
pub(crate) mod id;
pub(crate) mod options;
pub(crate) mod private_file;
#[expect(clippy::module_inception, reason = "it has the type of this name")]
pub(crate) mod secret;
