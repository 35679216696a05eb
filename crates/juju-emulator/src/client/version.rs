//! `version`

use std::env::consts::ARCH;
use std::io::Write;

use anyhow::Result;
use serde_json::json;

use crate::client::format::{Format, words};
use crate::controller::model::JUJU_VERSION;

/// Print the version of Juju that is stood in for.
#[derive(Debug, clap::Args)]
pub(crate) struct Version {
    /// Print more than the version.
    #[arg(long)]
    all: bool,
    /// How to print it.
    #[arg(long, value_parser = words(Some("smart")), default_value = "smart")]
    format: Format,
}

impl Version {
    pub(crate) fn run(self, out: &mut impl Write) -> Result<()> {
        let version = format!("{JUJU_VERSION}-genericlinux-{}", architecture());
        let value = if self.all {
            json!({"version": version, "git-commit": "", "git-tree-state": "", "compiler": "juju-emulator"})
        } else {
            json!(version)
        };
        match self.format {
            Format::ForPeople if !self.all => Ok(writeln!(out, "{version}")?),
            format => format.print(&value, out),
        }
    }
}

/// This machine's architecture, as Juju calls it: `amd64`.
pub(crate) fn architecture() -> &'static str {
    match ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}
