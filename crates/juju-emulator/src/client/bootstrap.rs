//! `bootstrap`

use std::io::{self, Write};

use anyhow::Result;

use crate::controller::data_directory::CONTROLLER;

/// Say that no controller is needed.
#[derive(Debug, clap::Args)]
pub(crate) struct Bootstrap {
    /// Cloud, controller and flags as juju takes them.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    ignored: Vec<String>,
}

impl Bootstrap {
    pub(crate) fn run(self) -> Result<()> {
        let ignored = self.ignored.join(" ");
        let ignored = if ignored.is_empty() {
            String::new()
        } else {
            format!("; not used: {ignored}")
        };
        writeln!(
            io::stderr(),
            "There is nothing to bootstrap: \"{CONTROLLER}\" is the controller and the cloud, and always there{ignored}"
        )?;
        Ok(())
    }
}
