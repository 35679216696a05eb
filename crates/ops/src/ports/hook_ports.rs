//! The ports of the unit in the course of one hook: what Juju holds, and what the charm wants by now.
//!
//! Three of Juju's rules decide how to get from one to the other:
//!
//! - A range is closed as a whole or not at all.
//! - Until the hook has ended, a new range may not overlap one that was open when the hook began, or has been opened in
//!   it, even if it has been closed since. It may only equal it. What has to be cut differently is closed in this hook
//!   and opened in the next.
//! - The endpoints of a range that is open for all cannot be taken away one by one, as nobody tells the charm which
//!   there are. Such a range, too, is closed in this hook and opened in the next.

use std::collections::BTreeMap;

use crate::error::Error;
use crate::hook_command::{HookCommand, HookCommandError, HookCommands, Problem};
use crate::ports::coverage;
use crate::ports::openness::{HookRange, Openness};
use crate::ports::port::{Endpoints, Port, PortError, join};
use crate::ports::port_range::PortRange;

/// What [`Unit::set_ports`](crate::Unit::set_ports) changes, once the hook has ended well.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PortChanges {
    /// What is opened, such as `6789/tcp`, sorted.
    pub opened: Vec<Port>,
    /// What is closed, such as `8000/tcp`, sorted.
    pub closed: Vec<Port>,
    /// What Juju does not open before the next hook: parts of a range that has to be closed in this one. The unit is
    /// then shown as waiting rather than active, without a word from the charm.
    pub later: Vec<Port>,
}

/// The ports of the unit in the course of one hook.
///
/// Only the first opening of a range is sent at once, since only Juju knows whether a neighbour on the machine holds it.
/// All that follows cannot be refused, and is the difference that is left when the charm has returned.
#[derive(Debug, Default)]
pub(crate) struct HookPorts {
    pub(crate) ranges: BTreeMap<PortRange, HookRange>,
    /// What is wanted and cannot be opened before the next hook.
    later: Vec<Port>,
}

impl HookPorts {
    /// Asks Juju what is open: `opened-ports --endpoints`.
    pub(crate) fn read(hook_commands: &dyn HookCommands) -> Result<Self, Error> {
        let command = HookCommand::new("opened-ports").arg("--endpoints");
        let texts: Vec<String> = command.read_json(hook_commands)?;
        let mut ports = Self::default();
        let mut not_understood = Vec::new();
        for text in texts {
            match Port::from_juju(&text) {
                Ok(port) => ports.hold(&port, false),
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

    fn hold(&mut self, port: &Port, is_new: bool) {
        let wanted = Openness::CLOSED.with(&port.endpoints);
        let told = wanted.clone();
        let range = HookRange {
            told,
            is_new,
            wanted,
        };
        self.ranges.insert(port.range, range);
    }

    pub(crate) fn later(&self) -> &[Port] {
        &self.later
    }

    pub(crate) fn opened(&self) -> Vec<Port> {
        let open = self.ranges.iter().filter_map(|(range, hook_range)| {
            let endpoints = hook_range.wanted.endpoints()?;
            Some(range.for_endpoints(endpoints))
        });
        open.collect()
    }

    /// Wants these ports and no others; when Juju refuses one of them, all is wanted as before.
    pub(crate) fn set(
        &mut self,
        wanted: &[Port],
        kubernetes: bool,
        hook_commands: &dyn HookCommands,
    ) -> Result<PortChanges, Error> {
        let mut parts = coverage::by_holder(wanted, &self.ranges);
        let mut new = parts.remove(&None).unwrap_or_default();
        if kubernetes {
            new = new.iter().flat_map(Port::one_by_one).collect();
        }
        let mut changes = PortChanges {
            opened: new.clone(),
            ..PortChanges::default()
        };
        let mut settled = Vec::new();
        for (range, held) in &self.ranges {
            let parts = parts.remove(&Some(*range)).unwrap_or_default();
            let whole = parts.iter().find(|part| part.range == *range);
            let wanted = whole
                .map(|part| Openness::CLOSED.with(&part.endpoints))
                .filter(|wanted| held.told.reaches(wanted))
                .unwrap_or_else(|| {
                    changes.later.extend(parts);
                    Openness::CLOSED
                });
            let (close, open) = held.wanted.difference(&wanted);
            let port = |endpoints| range.for_endpoints(endpoints);
            changes.closed.extend(close.map(port));
            changes.opened.extend(open.map(port));
            settled.push((*range, wanted));
        }
        changes.opened.sort();

        for port in &new {
            if let Err(error) = self.open(port, hook_commands) {
                self.want(new.iter().map(|port| (port.range, Openness::CLOSED)));
                return Err(error);
            }
        }
        self.want(settled);
        self.later.clone_from(&changes.later);
        Ok(changes)
    }

    fn want(&mut self, wanted: impl IntoIterator<Item = (PortRange, Openness)>) {
        for (range, wanted) in wanted {
            if let Some(held) = self.ranges.get_mut(&range) {
                held.wanted = wanted;
            }
        }
    }

    /// Opens a range that Juju does not hold yet.
    pub(crate) fn open(
        &mut self,
        port: &Port,
        hook_commands: &dyn HookCommands,
    ) -> Result<(), Error> {
        let command = command("open-port", port.range, &port.endpoints);
        let ran = command.run(hook_commands);
        ran.map_err(|error| conflict(port, error))?;
        self.hold(port, true);
        Ok(())
    }

    /// Refuses what Juju would refuse, at once or when the hook has ended.
    pub(crate) fn check_overlap(&self, port: &Port) -> Result<(), PortError> {
        let overlaps = |held: &&PortRange| held.overlaps(port.range) && **held != port.range;
        match self.ranges.keys().find(overlaps) {
            Some(held) => Err(PortError::overlap(port, *held)),
            None => Ok(()),
        }
    }

    /// The commands that are left to send when the charm has done what it was to do.
    pub(crate) fn held(&self) -> Vec<HookCommand> {
        let difference = |(range, held): (&PortRange, &HookRange)| {
            let (close, open) = held.told.difference(&held.wanted);
            let close = close.map(|endpoints| command("close-port", *range, &endpoints));
            let open = open.map(|endpoints| command("open-port", *range, &endpoints));
            [close, open]
        };
        self.ranges.iter().flat_map(difference).flatten().collect()
    }

    /// The commands that take back what has been sent at once.
    pub(crate) fn undo(&self) -> Vec<HookCommand> {
        let new = self.ranges.iter().filter(|(_, held)| held.is_new);
        let told = new.filter_map(|(range, held)| Some((range, held.told.endpoints()?)));
        told.map(|(range, endpoints)| command("close-port", *range, &endpoints))
            .collect()
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
