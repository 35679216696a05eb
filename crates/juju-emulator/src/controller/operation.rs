//! Operations: what operators run in units, actions and commands, and what became of it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What `juju run` or `juju exec` has started, with a task for each unit or machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Operation {
    /// Such as `action "backup"`.
    pub(crate) summary: String,
    pub(crate) enqueued: Timestamp,
    /// Why some tasks, or all, could not be scheduled.
    pub(crate) fail: Option<String>,
    pub(crate) tasks: BTreeMap<u64, Task>,
}

/// One run of an action in a unit, or of a command in a unit or on a machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Task {
    pub(crate) receiver: Receiver,
    /// The action's name, or [`JUJU_EXEC`].
    pub(crate) action: String,
    /// The parameters as the operator has given them.
    pub(crate) params: Map<String, Value>,
    pub(crate) status: TaskStatus,
    /// Why it failed; else empty.
    pub(crate) message: String,
    /// What `action-log` was given, and when.
    pub(crate) log: Vec<(Timestamp, String)>,
    pub(crate) results: Map<String, Value>,
    pub(crate) enqueued: Timestamp,
    pub(crate) started: Option<Timestamp>,
    pub(crate) completed: Option<Timestamp>,
}

/// The name that Juju gives to what `juju exec` runs.
pub(crate) const JUJU_EXEC: &str = "juju-exec";

/// Where a task runs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Receiver {
    Unit(String),
    Machine(u32),
}

/// How far a task has come; an operation has the first of its tasks' in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum TaskStatus {
    /// It could not be run at all, as with parameters that do not fit.
    Error,
    Running,
    Pending,
    Failed,
    Cancelled,
    Completed,
}

impl TaskStatus {
    pub(crate) fn is_unfinished(self) -> bool {
        [Self::Pending, Self::Running].contains(&self)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Running => "running",
            Self::Pending => "pending",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Completed => "completed",
        }
    }
}

impl Receiver {
    /// `unit`, or `machine`.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Unit(_) => "unit",
            Self::Machine(_) => "machine",
        }
    }

    /// The unit's name, or the machine's number.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Unit(name) => name.clone(),
            Self::Machine(number) => number.to_string(),
        }
    }
}

impl Operation {
    pub(crate) fn status(&self) -> TaskStatus {
        let of_tasks = self.tasks.values().map(|task| task.status).min();
        of_tasks
            .filter(|_| self.fail.is_none())
            .unwrap_or(TaskStatus::Error)
    }

    /// When the first of its tasks has started.
    pub(crate) fn started(&self) -> Option<Timestamp> {
        self.tasks.values().filter_map(|task| task.started).min()
    }

    /// When the last of its tasks has ended, if all have.
    pub(crate) fn completed(&self) -> Option<Timestamp> {
        let ends: Option<Vec<_>> = self.tasks.values().map(|task| task.completed).collect();
        ends?.into_iter().max()
    }
}

impl Task {
    pub(crate) fn new(
        receiver: Receiver,
        action: &str,
        params: Map<String, Value>,
        now: Timestamp,
    ) -> Self {
        Self {
            receiver,
            action: action.to_owned(),
            params,
            status: TaskStatus::Pending,
            message: String::new(),
            log: Vec::new(),
            results: Map::new(),
            enqueued: now,
            started: None,
            completed: None,
        }
    }

    pub(crate) fn start(&mut self, now: Timestamp) {
        self.status = TaskStatus::Running;
        self.started = Some(now);
    }

    /// Notes how it has ended; without a message, that it has done what it was to do.
    pub(crate) fn end(&mut self, message: Option<String>, results: Map<String, Value>) {
        self.status = match message {
            None => TaskStatus::Completed,
            Some(_) => TaskStatus::Failed,
        };
        self.message = message.unwrap_or_default();
        self.results = results;
        self.completed = Some(Timestamp::now());
    }
}
