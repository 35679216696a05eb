//! `run`

use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, bail};
use serde_json::{Map, Value};

use crate::agent::view::charm_of_unit;
use crate::client::command_line::duration_flag;
use crate::client::format::{Format, words};
use crate::client::run_arguments::{Request, request};
use crate::client::session::{Session, UsageError};
use crate::client::task_log::following;
use crate::client::tasks::{check_background, failed_tasks, print_plain, say_scheduled, shown};
use crate::controller::operation::{Operation, Receiver, Task};
use crate::controller::store::Store;
use crate::go::strconv::quote;

/// Run an action in units of one application.
#[derive(Debug, clap::Args)]
pub(crate) struct Run {
    /// The units, such as `app/0` or `app/leader`, the action's name, and its parameters as `key=value`.
    #[arg(value_name = "UNIT... ACTION [KEY=VALUE]...")]
    arguments: Vec<String>,
    /// A YAML file with parameters, `-` for the standard input.
    #[arg(long)]
    params: Option<PathBuf>,
    /// Take each value as a text, which else is read as YAML.
    #[arg(long)]
    string_args: bool,
    /// Only say how to learn what becomes of it.
    #[arg(long)]
    background: bool,
    /// End the action where it takes longer, such as `30s`; else it may take as long as it takes.
    #[arg(long, value_parser = duration_flag)]
    wait: Option<Duration>,
    /// How to print what it leaves.
    #[arg(long, value_parser = words(Some("plain")), default_value = "plain")]
    format: Format,
    /// Show times in UTC, as the emulator always does.
    #[arg(long)]
    utc: bool,
}

impl Run {
    pub(crate) fn run(self, session: &Session, out: &mut impl Write) -> Result<()> {
        check_background(self.background, self.wait)?;
        let request = request(&self.arguments).map_err(UsageError)?;
        let params = request.params(self.params.as_deref(), self.string_args)?;
        let store = session.store()?;
        session.settle(&store)?;
        check_declared(&store, &request)?;
        let summary = format!("action {}", quote(request.action));
        let number = store.update(|model| {
            let receivers: Vec<_> = request
                .units
                .iter()
                .map(|unit| match model.unit_name(unit) {
                    Ok(unit) => Ok(Receiver::Unit(unit)),
                    Err(error) => Err(error.to_string()),
                })
                .collect();
            Ok(model.enqueue(summary, request.action, &params, &receivers))
        })?;
        let operation = store.read()?.operations[&number].clone();
        if self.background && !operation.tasks.is_empty() {
            say_scheduled(number, &operation, out)?;
        } else {
            say_running(number, &operation)?;
        }
        if operation.tasks.is_empty() {
            return Ok(());
        }
        let settle = || {
            session
                .interrupt
                .within(self.wait, || session.settle(&store))
        };
        if self.background {
            return settle().map(drop);
        }
        let mut tasks = operation.tasks.keys();
        let settled = match (tasks.next(), tasks.next()) {
            (Some(task), None) => following(session, *task, settle)?,
            _ => settle()?,
        };
        let operation = store.read()?.operations[&number].clone();
        if settled.is_some() {
            self.print(&operation, out)?;
        }
        outcome(&operation, settled.is_some())
    }

    fn print(&self, operation: &Operation, out: &mut impl Write) -> Result<()> {
        if self.format == Format::ForPeople {
            let tasks: Vec<_> = operation.tasks.iter().map(|(id, it)| (*id, it)).collect();
            return print_plain(&tasks, out);
        }
        let tasks = operation.tasks.iter();
        let tasks = tasks.map(|(id, task)| (task.receiver.name(), shown(*id, task)));
        self.format
            .print_sorted(tasks.collect::<Map<_, _>>().into(), out)
    }
}

/// Refuses an action that a unit's charm does not have.
fn check_declared(store: &Store, request: &Request<'_>) -> Result<()> {
    let model = store.read()?;
    for name in &request.units {
        let Ok(unit) = model.unit_name(name) else {
            continue;
        };
        if charm_of_unit(store, &model, &unit)?
            .action(request.action)
            .is_none()
        {
            let (action, unit) = (quote(request.action), quote(&unit));
            bail!("action {action} not defined for unit {unit}. (not found)");
        }
    }
    Ok(())
}

fn say_running(number: u64, operation: &Operation) -> Result<()> {
    let mut err = io::stderr();
    let tasks = &operation.tasks;
    if !tasks.is_empty() {
        let count = tasks.len();
        let plural = if count > 1 { "s" } else { "" };
        writeln!(err, "Running operation {number} with {count} task{plural}")?;
    }
    for (id, task) in tasks {
        let tag = task.receiver.name().replace('/', "-");
        writeln!(err, "  - task {id} on unit-{tag}")?;
    }
    writeln!(err)?;
    match &operation.fail {
        Some(why) if tasks.is_empty() => {
            writeln!(
                err,
                "Operation {number} failed to schedule any tasks:\n{why}"
            )?;
        }
        Some(why) => writeln!(err, "Some actions could not be scheduled:\n{why}\n\n")?,
        None => {}
    }
    for id in tasks.keys() {
        writeln!(err, "Waiting for task {id}...")?;
    }
    Ok(())
}

/// What the verb as a whole has come to.
fn outcome(operation: &Operation, settled: bool) -> Result<()> {
    let tasks = operation.tasks.iter();
    let late = |task: &Task| task.completed.is_none() || !settled;
    let late: Vec<_> = operation
        .tasks
        .values()
        .filter(|task| late(task))
        .map(|task| format!("unit {}", task.receiver.name()))
        .collect();
    if !late.is_empty() {
        bail!("timed out waiting for results from: {}", late.join(", "));
    }
    let code = |task: &Task| task.results.get("return-code").and_then(Value::as_i64);
    let failed = tasks.filter_map(|(id, task)| Some((*id, code(task).filter(|code| *code > 0)?)));
    failed_tasks(&failed.collect::<Vec<_>>())
}
