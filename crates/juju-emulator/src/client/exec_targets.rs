//! Where `exec` runs a command.

use anyhow::Result;

use crate::charm::name::{is_machine, is_name, is_unit_or_leader};
use crate::client::session::UsageError;
use crate::controller::model::Model;
use crate::controller::operation::Receiver;
use crate::go::strconv::quote;

/// Where `exec` runs a command.
#[derive(Debug, clap::Args)]
pub(crate) struct ExecTargets {
    /// The units, such as `app/0` or `app/leader`; several with commas.
    #[arg(short, long, value_delimiter = ',')]
    unit: Vec<String>,
    /// All units of applications; several with commas.
    #[arg(short, long, alias = "app", value_delimiter = ',')]
    application: Vec<String>,
    /// Machines, by number, where the command has no hook's rights; several with commas.
    #[arg(long, value_delimiter = ',')]
    machine: Vec<String>,
    /// All machines.
    #[arg(long)]
    all: bool,
}

impl ExecTargets {
    /// Refuses what cannot be a target.
    pub(crate) fn check(&self) -> Result<(), UsageError> {
        let given = [
            ("machines", !self.machine.is_empty()),
            ("applications", !self.application.is_empty()),
            ("units", !self.unit.is_empty()),
        ];
        let mut given = given.into_iter().filter(|(_, given)| *given);
        match (self.all, given.next()) {
            (true, Some((what, _))) => {
                let message = format!("You cannot specify --all and individual {what}");
                return Err(UsageError(message));
            }
            (false, None) => {
                let message = "You must specify a target, either through --all, --machine, --application or --unit";
                return Err(UsageError(message.to_owned()));
            }
            _ => {}
        }
        let machines = self.machine.iter().filter(|number| !is_machine(number));
        let applications = self.application.iter().filter(|name| !is_name(name));
        let units = self.unit.iter().filter(|name| !is_unit_or_leader(name));
        let wrong = machines
            .map(|number| format!("  {} is not a valid machine id", quote(number)))
            .chain(
                applications
                    .map(|name| format!("  {} is not a valid application name", quote(name))),
            )
            .chain(units.map(|name| format!("  {} is not a valid unit name", quote(name))));
        match wrong.collect::<Vec<_>>().as_slice() {
            [] => Ok(()),
            wrong => Err(UsageError(format!(
                "The following exec targets are not valid:\n{}",
                wrong.join("\n")
            ))),
        }
    }

    /// Where to run the command, and what is said of those that are not there.
    pub(crate) fn find(&self, model: &Model) -> Result<(Vec<Receiver>, Vec<String>)> {
        let mut targets = Vec::new();
        let mut missing = Vec::new();
        for name in &self.unit {
            match model.unit_name(name) {
                Ok(name) => targets.push(Receiver::Unit(name)),
                Err(error) => missing.push(error.to_string()),
            }
        }
        for name in &self.application {
            let units = model.application(name)?.units.keys().cloned();
            targets.extend(units.map(Receiver::Unit));
        }
        for number in &self.machine {
            match number.parse() {
                Ok(number) if model.machines.contains_key(&number) => {
                    targets.push(Receiver::Machine(number));
                }
                _ => missing.push(format!("machine {number} not found")),
            }
        }
        if self.all {
            targets.extend(model.machines.keys().copied().map(Receiver::Machine));
        }
        Ok((targets, missing))
    }
}
