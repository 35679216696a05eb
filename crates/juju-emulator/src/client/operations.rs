//! `operations` and `show-operation`

use std::io::{self, Write};

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::charm::name::{is_machine, is_name, is_unit};
use crate::client::format::{Format, empty_beside_an_error, words};
use crate::client::session::{Session, UsageError};
use crate::client::table::{layout, row};
use crate::client::tasks::{Wait, log, number, timing};
use crate::controller::model::{Model, application_of};
use crate::controller::operation::{Operation, Receiver, Task};
use crate::go::strconv::quote;

/// The words of `--status`.
const STATUSES: [&str; 8] = [
    "pending",
    "running",
    "completed",
    "failed",
    "cancelled",
    "aborting",
    "aborted",
    "error",
];

/// How many operations are listed unless another limit is given.
const MOST: usize = 50;

/// List what was run in units by `run` and `exec`.
#[derive(Debug, clap::Args)]
pub(crate) struct Operations {
    /// Only what ran in units of these applications; several with commas.
    #[arg(long, alias = "applications", value_delimiter = ',')]
    apps: Vec<String>,
    /// Only what ran in these units; several with commas.
    #[arg(long, value_delimiter = ',')]
    units: Vec<String>,
    /// Only what ran on these machines; several with commas.
    #[arg(long, value_delimiter = ',')]
    machines: Vec<String>,
    /// Only these actions; several with commas.
    #[arg(long, value_delimiter = ',')]
    actions: Vec<String>,
    /// Only what has come this far, such as `completed`; several with commas.
    #[arg(long, value_delimiter = ',')]
    status: Vec<String>,
    /// At most so many; 50 unless given.
    #[arg(long, value_parser = count, default_value = "0", hide_default_value = true)]
    limit: usize,
    /// Only those after so many.
    #[arg(long, value_parser = count, default_value = "0", hide_default_value = true)]
    offset: usize,
    /// How to print them.
    #[arg(long, value_parser = words(Some("plain")), default_value = "plain")]
    format: Format,
    /// Show times in UTC, as the emulator always does.
    #[arg(long)]
    utc: bool,
}

/// A count as Go reads a flag's.
fn count(text: &str) -> Result<usize, String> {
    let invalid = |_| format!("strconv.ParseUint: parsing {}: invalid syntax", quote(text));
    text.parse().map_err(invalid)
}

impl Operations {
    pub(crate) fn run(self, session: &Session, out: &mut impl Write) -> Result<()> {
        self.check()?;
        let store = session.store()?;
        session.settle_idle_machines(&store)?;
        let model = store.read()?;
        let operations = model.operations.iter();
        let operations: Vec<_> = operations.filter(|(_, it)| self.lists(it)).collect();
        let (all, limit) = (
            operations.len(),
            if self.limit == 0 { MOST } else { self.limit },
        );
        let operations: Vec<_> = operations
            .into_iter()
            .skip(self.offset)
            .take(limit)
            .collect();
        if operations.is_empty() {
            writeln!(io::stderr(), "no matching operations")?;
            return Ok(());
        }
        if self.format == Format::ForPeople {
            self.say_which(operations.len(), all, limit, out)?;
            let head = ["ID", "Status", "Started", "Finished", "Task IDs", "Summary"];
            let rows = operations.into_iter().map(|(id, it)| line(*id, it));
            let rows: Vec<_> = [row(head)].into_iter().chain(rows).collect();
            write!(out, "{}", layout(&rows, &[0]))?;
            return Ok(());
        }
        let operations = operations.into_iter();
        let operations: Map<_, _> = operations
            .map(|(id, operation)| (id.to_string(), info(operation)))
            .collect();
        self.format.print(&operations, out)
    }

    /// Says which of the operations are shown, and how to see those that follow, as Juju does on the last page too.
    fn say_which(
        &self,
        shown: usize,
        all: usize,
        limit: usize,
        out: &mut impl Write,
    ) -> Result<()> {
        let (first, last) = (self.offset + 1, self.offset + shown);
        if shown < all {
            writeln!(out, "Displaying operation results {first} to {last}.")?;
            writeln!(
                out,
                "Run the command again with --offset={} --limit={limit} to see the next batch.\n",
                self.offset + limit
            )?;
        }
        Ok(())
    }

    /// Refuses what cannot be asked for, in Juju's words.
    fn check(&self) -> Result<(), UsageError> {
        let applications = self.apps.iter().filter(|name| !is_name(name));
        let units = self.units.iter().filter(|name| !is_unit(name));
        let machines = self.machines.iter().filter(|number| !is_machine(number));
        let statuses = self
            .status
            .iter()
            .filter(|word| !STATUSES.contains(&word.as_str()));
        let wrong = applications
            .map(|name| format!("invalid application name {}", quote(name)))
            .chain(units.map(|name| format!("invalid unit name {}", quote(name))))
            .chain(machines.map(|number| format!("invalid machine id {}", quote(number))))
            .chain(statuses.map(|word| {
                let known = STATUSES.join(" ");
                format!(
                    "{} is not a valid task status, want one of [{known}]",
                    quote(word)
                )
            }));
        match wrong.collect::<Vec<_>>().as_slice() {
            [] => Ok(()),
            wrong => Err(UsageError(wrong.join("\n"))),
        }
    }

    fn lists(&self, operation: &Operation) -> bool {
        let status = operation.status().name();
        let everywhere = self.apps.is_empty() && self.units.is_empty() && self.machines.is_empty();
        let everything = everywhere && self.actions.is_empty();
        let is_there = |receiver: &Receiver| match receiver {
            Receiver::Unit(unit) => {
                let application = application_of(unit);
                self.units.contains(unit) || self.apps.iter().any(|name| name == application)
            }
            Receiver::Machine(machine) => self.machines.contains(&machine.to_string()),
        };
        let matches = |task: &Task| {
            (everywhere || is_there(&task.receiver))
                && (self.actions.is_empty() || self.actions.contains(&task.action))
        };
        (self.status.is_empty() || self.status.iter().any(|word| word == status))
            && (everything || operation.tasks.values().any(matches))
    }
}

fn line(id: u64, operation: &Operation) -> Vec<String> {
    let time = |time: Option<Timestamp>| {
        let time = time.map(|time| time.strftime("%Y-%m-%dT%H:%M:%S").to_string());
        time.unwrap_or_default()
    };
    let ids = operation.tasks.keys().take(5).map(u64::to_string);
    let more = if operation.tasks.len() > 5 { "..." } else { "" };
    vec![
        id.to_string(),
        operation.status().name().to_owned(),
        time(operation.started()),
        time(operation.completed()),
        ids.collect::<Vec<_>>().join(",") + more,
        operation.summary.clone(),
    ]
}

/// Show what became of an operation.
#[derive(Debug, clap::Args)]
pub(crate) struct ShowOperation {
    /// Its number.
    #[arg(required = true)]
    id: String,
    /// How to show it.
    #[arg(long, value_parser = words(None), default_value = "yaml")]
    format: Format,
    #[command(flatten)]
    wait: Wait,
    /// Show times in UTC, as the emulator always does.
    #[arg(long)]
    utc: bool,
}

impl ShowOperation {
    pub(crate) fn run(self, session: &Session, out: &mut impl Write) -> Result<()> {
        let number = number("operation", &self.id)?;
        self.wait.check()?;
        let store = session.store()?;
        let status = |model: &Model| Some(model.operations.get(&number)?.status());
        self.wait.run(session, &store, status)?;
        let model = store.read()?;
        empty_beside_an_error(out, |out| {
            let operation = model
                .operations
                .get(&number)
                .with_context(|| format!("operation {} not found", quote(&self.id)))?;
            self.format.print(&info(operation), out)
        })
    }
}

/// An operation with all that there is to say.
fn info(operation: &Operation) -> Value {
    let mut info = json!({
        "summary": operation.summary,
        "status": operation.status().name(),
    });
    if let Some(fail) = &operation.fail {
        info["fail"] = fail.clone().into();
    }
    if let Some(task) = operation.tasks.values().next() {
        let mut params = Value::from(task.params.clone());
        params.sort_all_objects();
        info["action"] = json!({"name": task.action, "parameters": params});
    }
    info["timing"] = timing(
        operation.enqueued,
        operation.started(),
        operation.completed(),
    );
    let tasks = operation.tasks.iter();
    let tasks: Map<_, _> = tasks
        .map(|(id, task)| (id.to_string(), task_info(task)))
        .collect();
    if !tasks.is_empty() {
        info["tasks"] = tasks.into();
    }
    info
}

fn task_info(task: &Task) -> Value {
    let mut info = json!({
        "host": task.receiver.name(),
        "status": task.status.name(),
        "timing": timing(task.enqueued, task.started, task.completed),
    });
    if !task.log.is_empty() {
        info["log"] = log(task).into();
    }
    if !task.message.is_empty() {
        info["message"] = task.message.clone().into();
    }
    if !task.results.is_empty() {
        let mut results = Value::from(task.results.clone());
        results.sort_all_objects();
        info["results"] = results;
    }
    info
}
