//! The resources that a charm declares.

use serde::Deserialize;

/// One entry of a charm's `resources:` section: a file that the operator supplies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ResourceDeclaration {
    /// `file` or `oci-image`; empty is `file`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What the file is called where the charm finds it, such as `blob.txt`.
    pub filename: String,
    /// What it is for.
    pub description: String,
}

impl ResourceDeclaration {
    /// What the file of a resource is called: as declared, else like the resource.
    #[must_use]
    pub fn file_name<'a>(&'a self, name: &'a str) -> &'a str {
        let base = self.filename.rsplit('/').next().unwrap_or_default();
        if ["", ".", ".."].contains(&base) {
            name
        } else {
            base
        }
    }
}
