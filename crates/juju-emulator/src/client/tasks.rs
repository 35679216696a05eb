//! Tasks as they are shown, `show-task` and `cancel-task`.

use std::io::{self, Write};

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::client::format::{Format, words};
use crate::client::session::{Session, UsageError};
use crate::controller::operation::{Task, TaskStatus};
use crate::go::strconv::quote;
use crate::go::yaml;

/// Show what became of a task.
#[derive(Debug, clap::Args)]
pub(crate) struct ShowTask {
    /// Its number.
    #[arg(required = true)]
    id: String,
    /// How to show it.
    #[arg(long, value_parser = words(Some("plain")), default_value = "plain")]
    format: Format,
    /// Show times in UTC, as the emulator always does.
    #[arg(long)]
    utc: bool,
}

impl ShowTask {
    pub(crate) fn run(self, session: &Session, out: &mut impl Write) -> Result<()> {
        let id = number("task", &self.id)?;
        let store = session.store()?;
        session.settle_idle_machines(&store)?;
        let model = store.read()?;
        let task = model.task(id).context("id not found")?;
        if self.format == Format::ForPeople {
            return print_plain(&[(id, task)], out);
        }
        self.format.print_sorted(shown(id, task), out)
    }
}

/// Cancel tasks that have not begun.
#[derive(Debug, clap::Args)]
pub(crate) struct CancelTask {
    /// Their numbers.
    #[arg(required = true)]
    ids: Vec<String>,
}

impl CancelTask {
    pub(crate) fn run(self, session: &Session) -> Result<()> {
        let numbers = self.ids.iter().map(|id| number("task", id));
        let numbers = numbers.collect::<Result<Vec<_>, _>>()?;
        let store = session.store()?;
        let left = store.update(|model| {
            let mut left = Vec::new();
            for id in numbers {
                match model.task_mut(id) {
                    Some(task) if task.status == TaskStatus::Pending => {
                        task.end(None, Map::new());
                        task.status = TaskStatus::Cancelled;
                    }
                    _ => left.push(format!("task: {id}, error: ")),
                }
            }
            Ok(left)
        })?;
        if !left.is_empty() {
            let left = left.join("\n");
            writeln!(
                io::stderr(),
                "WARNING The following tasks could not be canceled:\n{left}"
            )?;
        }
        Ok(())
    }
}

/// The number of a task, or of an operation.
pub(crate) fn number(of: &str, id: &str) -> Result<u64, UsageError> {
    let refused = |_| UsageError(format!("{of} ID {} not valid", quote(id)));
    id.parse().map_err(refused)
}

/// A time as Go prints it.
pub(crate) fn time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S%.f +0000 UTC").to_string()
}

/// When something was enqueued, started and completed.
pub(crate) fn timing(
    enqueued: Timestamp,
    started: Option<Timestamp>,
    completed: Option<Timestamp>,
) -> Value {
    let times = [
        ("enqueued", Some(enqueued)),
        ("started", started),
        ("completed", completed),
    ];
    let times = times
        .into_iter()
        .filter_map(|(name, at)| Some((name.to_owned(), Value::from(time(at?)))));
    times.collect::<Map<_, _>>().into()
}

/// What `action-log` was given, with the times.
pub(crate) fn log(task: &Task) -> Vec<String> {
    let lines = task.log.iter();
    lines
        .map(|(at, message)| format!("{} {message}", time(*at)))
        .collect()
}

/// A task with all that there is to say.
pub(crate) fn shown(id: u64, task: &Task) -> Value {
    let mut shown = json!({
        "id": id.to_string(),
        "status": task.status.name(),
        "timing": timing(task.enqueued, task.started, task.completed),
    });
    shown[task.receiver.kind()] = task.receiver.name().into();
    if !task.message.is_empty() {
        shown["message"] = task.message.clone().into();
    }
    if !task.results.is_empty() {
        shown["results"] = task.results.clone().into();
    }
    if !task.log.is_empty() {
        shown["log"] = log(task).into();
    }
    shown
}

/// Prints the results of a task, and then what it has printed; of several tasks the results alone, by unit.
pub(crate) fn print_plain(tasks: &[(u64, &Task)], out: &mut impl Write) -> Result<()> {
    let [(id, task)] = tasks else {
        let all = tasks.iter().map(|(id, task)| {
            let mut shown = json!({
                "id": id.to_string(),
                "output": results(*id, task),
                "status": task.status.name(),
            });
            if !task.message.is_empty() {
                shown["message"] = task.message.clone().into();
            }
            (task.receiver.name(), shown)
        });
        let all = all.collect::<Map<_, _>>().into();
        return Format::Yaml.print_sorted(all, out);
    };
    if [TaskStatus::Failed, TaskStatus::Error].contains(&task.status) {
        writeln!(out, "Action id {id} failed: {}", task.message)?;
    }
    if task.status != TaskStatus::Error {
        writeln!(out, "{}", results(*id, task))?;
    }
    for stream in ["stdout", "stderr"] {
        if let Some(text) = task.results.get(stream).and_then(Value::as_str) {
            writeln!(out, "{}", text.trim_matches('\n'))?;
        }
    }
    Ok(())
}

/// The results that the charm has set, in YAML.
fn results(id: u64, task: &Task) -> String {
    if task.results.is_empty() {
        return format!("Task {id} {}\n", task.status.name());
    }
    let of_juju = [
        "return-code",
        "stdout",
        "stderr",
        "stdout-encoding",
        "stderr-encoding",
    ];
    let mut of_charm = task.results.clone();
    of_charm.retain(|key, _| !of_juju.contains(&key.as_str()));
    if of_charm.is_empty() {
        return String::new();
    }
    yaml::document(&of_charm.into())
}
