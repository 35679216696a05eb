//! The status of a unit, as `juju status` shows it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::hook_command::HookCommand;
use crate::unit::Unit;

/// What `juju status` says of a unit, for example `blocked` with `server-port: 22 is reserved for SSH`.
///
/// `error` and `unknown` are Juju's own to set, so they cannot be made here. Hook command: `status-set`.
///
/// ```
/// use ops::Status;
///
/// assert_eq!(Status::active().to_string(), "active");
/// assert_eq!(Status::waiting("for the database").to_string(), "waiting: for the database");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[must_use]
pub struct Status {
    #[serde(rename = "status")]
    severity: Severity,
    #[serde(default)]
    message: String,
}

/// From good to bad, which is the order in which Python's ops collects statuses too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum Severity {
    Active,
    Waiting,
    Maintenance,
    Blocked,
}

impl Status {
    /// The unit does what it was deployed for.
    pub fn active() -> Self {
        Self::new(Severity::Active, "")
    }

    /// The unit cannot go on until something else has happened, such as `for the database`; no person need act.
    pub fn waiting(message: impl Into<String>) -> Self {
        Self::new(Severity::Waiting, message)
    }

    /// The unit is at work and not ready, such as `installing packages`.
    pub fn maintenance(message: impl Into<String>) -> Self {
        Self::new(Severity::Maintenance, message)
    }

    /// The operator must act; the message says what to do, such as `server-port: 22 is reserved for SSH; choose
    /// another port`.
    pub fn blocked(message: impl Into<String>) -> Self {
        Self::new(Severity::Blocked, message)
    }

    /// The same status with another message: `Status::active().with_message("serving 3 sites")`.
    pub fn with_message(self, message: impl Into<String>) -> Self {
        Self::new(self.severity, message)
    }

    /// The worst of several: blocked before maintenance before waiting before active, and the first among equals.
    /// Of none it is none: that nothing has been looked at does not make a unit active.
    ///
    /// ```
    /// use ops::Status;
    ///
    /// let worst = Status::worst([Status::active(), Status::blocked("no disk"), Status::blocked("no licence")]);
    /// assert_eq!(worst, Some(Status::blocked("no disk")));
    /// assert_eq!(Status::worst([]), None);
    /// ```
    #[must_use]
    pub fn worst(statuses: impl IntoIterator<Item = Self>) -> Option<Self> {
        statuses.into_iter().reduce(|worst, next| {
            if next.severity > worst.severity {
                next
            } else {
                worst
            }
        })
    }

    /// The status, if it is one that a charm can set.
    pub(crate) fn named(name: &str, message: &str) -> Option<Self> {
        let severities = [
            Severity::Active,
            Severity::Waiting,
            Severity::Maintenance,
            Severity::Blocked,
        ];
        let mut statuses = severities
            .map(|severity| Self::new(severity, message))
            .into_iter();
        statuses.find(|status| status.name() == name)
    }

    /// The command that shows it of the unit.
    pub(crate) fn of_unit(&self) -> HookCommand {
        self.set_by(HookCommand::new("status-set"))
    }

    /// The command that shows it of the application.
    pub(crate) fn of_application(&self) -> HookCommand {
        self.set_by(HookCommand::new("status-set").arg("--application"))
    }

    fn set_by(&self, command: HookCommand) -> HookCommand {
        let command = command.arg(self.name());
        match self.message() {
            "" => command,
            message => command.arg("--").arg(message),
        }
    }

    pub(crate) fn or_if_active(self, other: Self) -> Self {
        match self.severity {
            Severity::Active => other,
            _ => self,
        }
    }

    /// Juju's name of the status, such as `blocked`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self.severity {
            Severity::Active => "active",
            Severity::Waiting => "waiting",
            Severity::Maintenance => "maintenance",
            Severity::Blocked => "blocked",
        }
    }

    /// The text beside the name; often empty for active.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    fn new(severity: Severity, message: impl Into<String>) -> Self {
        Self {
            severity,
            message: message.into(),
        }
    }
}

impl Unit {
    /// The status that the unit had when the hook first asked: `status-get`. None before the charm has set one.
    ///
    /// # Errors
    /// Only those of any hook command.
    pub fn status(&self) -> Result<Option<Status>> {
        #[derive(Deserialize)]
        struct Answer {
            status: String,
            #[serde(default)]
            message: String,
        }
        let command = HookCommand::new("status-get").arg("--include-data");
        let answer: Answer = command.read_json(self.hook_commands())?;
        Ok(Status::named(&answer.status, &answer.message))
    }
}

impl fmt::Display for Status {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())?;
        if !self.message.is_empty() {
            write!(formatter, ": {}", self.message)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worst_orders_as_collect_status_does() {
        let (active, waiting) = (Status::active(), Status::waiting("w"));
        let (maintenance, blocked) = (Status::maintenance("m"), Status::blocked("b"));

        for (statuses, worst) in [
            (vec![active.clone()], Some(active.clone())),
            (vec![active, waiting.clone()], Some(waiting.clone())),
            (
                vec![maintenance.clone(), waiting],
                Some(maintenance.clone()),
            ),
            (vec![maintenance, blocked.clone()], Some(blocked)),
            (vec![], None),
        ] {
            assert_eq!(Status::worst(statuses), worst);
        }
    }

    #[test]
    fn worst_keeps_the_first_among_equals() {
        let worst = Status::worst([Status::blocked("first"), Status::blocked("second")]);
        assert_eq!(worst, Some(Status::blocked("first")));
    }
}
