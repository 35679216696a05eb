//! The ports of the unit in the course of one hook: what Juju holds, and what the charm wants by now.

use std::collections::BTreeMap;

use crate::error::{Error, Result};
use crate::hook_command::{HookCommand, HookCommandError, HookCommands, Problem};
use crate::ports::openness::{HookRange, Openness};
use crate::ports::port::{Endpoints, Port, PortError, join};
use crate::ports::port_range::PortRange;

/// The ports of the unit in the course of one hook.
///
/// Only the first opening of a range is sent at once, since only Juju knows whether a neighbour on the machine holds it.
/// All that follows cannot be refused, and is the difference that is left when the charm has returned.
#[derive(Debug, Default)]
pub(crate) struct HookPorts {
    pub(crate) ranges: BTreeMap<PortRange, HookRange>,
    /// What is wanted and cannot be opened before the next hook.
    pub(crate) later: Vec<Port>,
}

impl HookPorts {
    /// Asks Juju what is open: `opened-ports --endpoints`.
    pub(crate) fn read(hook_commands: &dyn HookCommands) -> Result<Self> {
        let command = HookCommand::new("opened-ports").arg("--endpoints");
        let texts: Vec<String> = command.read_json(hook_commands)?;
        let mut ports = Self::default();
        let mut not_understood = Vec::new();
        for text in texts {
            match Port::from_juju(&text) {
                Ok(port) => {
                    let told = Openness::CLOSED.with(&port.endpoints);
                    let (at_start, wanted) = (told.clone(), told.clone());
                    let range = HookRange {
                        at_start,
                        told,
                        wanted,
                    };
                    ports.ranges.insert(port.range, range);
                }
                // Juju may know more protocols some day, whose ranges are in nobody's way.
                Err(_) => not_understood.push(text),
            }
        }
        if !not_understood.is_empty() {
            let texts = not_understood.join(", ");
            tracing::warn!("opened ports that are not understood stay as they are: {texts}");
        }
        Ok(ports)
    }

    pub(crate) fn later(&self) -> &[Port] {
        &self.later
    }

    /// Opens a range that Juju does not hold yet; not wanted before the caller says so.
    pub(crate) fn open(&mut self, port: &Port, hook_commands: &dyn HookCommands) -> Result<()> {
        let command = command("open-port", port.range, &port.endpoints);
        let ran = command.run(hook_commands);
        ran.map_err(|error| conflict(port, error))?;
        let told = Openness::CLOSED.with(&port.endpoints);
        let range = HookRange {
            told,
            ..HookRange::default()
        };
        self.ranges.insert(port.range, range);
        Ok(())
    }

    /// Refuses what Juju would refuse, at once or when the hook has ended.
    pub(crate) fn check_overlap(&self, port: &Port) -> Result<()> {
        let overlaps = |held: &&PortRange| held.overlaps(port.range) && **held != port.range;
        let Some(held) = self.ranges.keys().find(overlaps) else {
            return Ok(());
        };
        let (port, held) = (port.clone(), held.for_endpoints(Endpoints::All));
        Err(PortError::Overlap { port, held }.into())
    }

    /// The commands that are left to send when the charm has done what it was to do.
    pub(crate) fn held(&self) -> Vec<HookCommand> {
        self.commands(|range| &range.wanted)
    }

    /// The commands that take back what has been sent at once.
    pub(crate) fn undo(&self) -> Vec<HookCommand> {
        self.commands(|range| &range.at_start)
    }

    fn commands(&self, wanted: impl Fn(&HookRange) -> &Openness) -> Vec<HookCommand> {
        let difference = |(range, held): (&PortRange, &HookRange)| {
            let (close, open) = held.told.difference(wanted(held));
            let close = close.map(|endpoints| command("close-port", *range, &endpoints));
            let open = open.map(|endpoints| command("open-port", *range, &endpoints));
            [close, open]
        };
        self.ranges.iter().flat_map(difference).flatten().collect()
    }
}

fn command(name: &'static str, range: PortRange, endpoints: &Endpoints) -> HookCommand {
    let command = HookCommand::new(name);
    let command = match endpoints {
        Endpoints::All => command,
        Endpoints::Named(names) => command.arg("--endpoints").arg(&join(names, ",")),
    };
    command.arg(&range.to_string())
}

/// Juju tells only in words that another unit of the machine is in the way:
/// `cannot open 80/tcp (unit "web/0"): port range conflicts with 80-90/tcp (unit "other/0")`.
fn conflict(port: &Port, error: HookCommandError) -> Error {
    if let Problem::Failed { stderr, .. } = &error.problem
        && let [_, ours, between, theirs, ..] = stderr.split('"').collect::<Vec<_>>()[..]
        && let Some((_, held)) = between.split_once("port range conflicts with ")
        && ours != theirs
    {
        return Error::PortConflict {
            port: port.clone(),
            held: held.trim_end_matches(" (unit ").to_owned(),
            unit: theirs.to_owned(),
        };
    }
    error.into()
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::ExitStatus;

    use super::*;

    #[test]
    fn only_the_range_of_another_unit_is_a_conflict() {
        let refused_by = |holder: &str| {
            let problem = Problem::Failed {
                status: ExitStatus::from_raw(1 << 8),
                stderr: format!(
                    "ERROR cannot open 80/tcp (unit \"web/0\"): port range conflicts with 80-90/tcp (unit \"{holder}\")"
                ),
            };
            let error = HookCommandError {
                command: "open-port".to_owned(),
                args: vec!["80/tcp".to_owned()],
                problem,
            };
            conflict(&"80/tcp".parse().unwrap(), error)
        };
        assert!(matches!(
            refused_by("other/0"),
            Error::PortConflict { port, held, unit }
                if port.to_string() == "80/tcp" && held == "80-90/tcp" && unit == "other/0"
        ));
        assert!(matches!(refused_by("web/0"), Error::HookCommand(_)));
    }
}
