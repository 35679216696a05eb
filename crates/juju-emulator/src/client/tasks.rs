//! Tasks as they are shown, `show-task` and `cancel-task`.

use std::io::{self, Write};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::client::command_line::duration_flag;
use crate::client::format::{Format, words};
use crate::client::session::{Session, UsageError};
use crate::client::task_log::following;
use crate::controller::model::Model;
use crate::controller::operation::{Operation, Task, TaskStatus};
use crate::controller::store::Store;
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
    #[command(flatten)]
    wait: Wait,
    /// Show times in UTC, as the emulator always does.
    #[arg(long)]
    utc: bool,
}

/// How long a verb waits for what it shows.
#[derive(Debug, clap::Args)]
pub(crate) struct Wait {
    /// Wait until it has ended, at most so long, such as `30s`.
    #[arg(long, value_parser = duration_flag)]
    wait: Option<Duration>,
    /// Wait until it has ended.
    #[arg(long)]
    watch: bool,
}

impl Wait {
    /// Refuses flags that do not go together.
    pub(crate) fn check(&self) -> Result<(), UsageError> {
        if self.watch && self.wait.is_some() {
            let message = "specify either --watch or --wait but not both";
            return Err(UsageError(message.to_owned()));
        }
        Ok(())
    }

    fn is_wanted(&self) -> bool {
        self.watch || self.wait.is_some()
    }

    /// Lets what is due run, and waits for other processes that do it, until something waits or runs no longer.
    pub(crate) fn run(
        &self,
        session: &Session,
        store: &Store,
        status: impl Fn(&Model) -> Option<TaskStatus>,
    ) -> Result<()> {
        let limit = self.wait.filter(|limit| !limit.is_zero());
        let started = Instant::now();
        loop {
            session.settle_idle_machines(store)?;
            let status = status(&*store.read()?);
            if !self.is_wanted() || !status.is_some_and(TaskStatus::is_unfinished) {
                return Ok(());
            }
            if limit.is_some_and(|limit| started.elapsed() >= limit) {
                bail!("timeout reached");
            }
            thread::sleep(Duration::from_millis(50));
        }
    }
}

impl ShowTask {
    pub(crate) fn run(self, session: &Session, out: &mut impl Write) -> Result<()> {
        let id = number("task", &self.id)?;
        self.wait.check()?;
        let store = session.store()?;
        let status = |model: &Model| model.task(id).map(|task| task.status);
        let wait = || self.wait.run(session, &store, status);
        let is_unfinished = status(&*store.read()?).is_some_and(TaskStatus::is_unfinished);
        if self.wait.is_wanted() && is_unfinished {
            following(session, id, wait)?;
        } else {
            wait()?;
        }
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

/// Says how to learn what becomes of an operation that nobody waits for.
pub(crate) fn say_scheduled(
    number: u64,
    operation: &Operation,
    out: &mut impl Write,
) -> Result<()> {
    let mut err = io::stderr();
    let tasks = &operation.tasks;
    let ids: Vec<_> = tasks.keys().map(u64::to_string).collect();
    let (what, id) = match ids.as_slice() {
        [id] => (format!("task {id}"), id.as_str()),
        ids => (format!("{} tasks", ids.len()), "<id>"),
    };
    writeln!(err, "Scheduled operation {number} with {what}")?;
    if ids.len() > 1 {
        let all = tasks.iter().map(|(id, task)| {
            let id = json!({"id": id.to_string()});
            (task.receiver.name(), id)
        });
        Format::Yaml.print_sorted(all.collect::<Map<_, _>>().into(), out)?;
        out.flush()?;
    }
    writeln!(
        err,
        "Check operation status with 'juju show-operation {number}'\nCheck task status with 'juju show-task {id}'"
    )?;
    Ok(())
}

/// Says which tasks have ended with something other than 0, if any has.
pub(crate) fn failed_tasks(failed: &[(u64, i64)]) -> Result<()> {
    if failed.is_empty() {
        return Ok(());
    }
    let plural = if failed.len() > 1 { "s" } else { "" };
    let failed = failed
        .iter()
        .map(|(id, code)| format!(" - id \"{id}\" with return code {code}"));
    bail!(
        "the following task{plural} failed:\n{}\n\nuse 'juju show-task' to inspect the failure{plural}\n",
        failed.collect::<Vec<_>>().join("\n")
    )
}

/// Refuses to wait for what is not waited for.
pub(crate) fn check_background(background: bool, wait: Option<Duration>) -> Result<(), UsageError> {
    if background && wait.is_some_and(|wait| !wait.is_zero()) {
        let message = "cannot specify both --wait and --background";
        return Err(UsageError(message.to_owned()));
    }
    Ok(())
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
