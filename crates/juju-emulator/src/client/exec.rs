//! `exec`

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::agent::exec::{exec, exec_on_machine};
use crate::agent::executed::{Executed, NOT_COMMITTED, text};
use crate::client::command_line::duration_flag;
use crate::client::exec_targets::ExecTargets;
use crate::client::format::{Format, words};
use crate::client::session::Session;
use crate::client::tasks::{check_background, failed_tasks, say_scheduled, shown};
use crate::controller::operation::{JUJU_EXEC, Receiver, Task};
use crate::controller::store::Store;
use crate::go::strconv::quote as go_quote;

/// Run a command in units, with the rights of a hook, or on machines.
#[derive(Debug, clap::Args)]
pub(crate) struct Exec {
    #[command(flatten)]
    targets: ExecTargets,
    /// How to print what they leave.
    #[arg(long, value_parser = words(Some("plain")), default_value = "plain")]
    format: Format,
    /// Only say how to learn what becomes of it.
    #[arg(long)]
    background: bool,
    /// Show times in UTC, as the emulator always does.
    #[arg(long)]
    utc: bool,
    /// End the command where it takes longer, such as `30s`; else it may take as long as it takes.
    #[arg(long, value_parser = duration_flag)]
    wait: Option<Duration>,
    /// The command, after `--` if it has flags of its own; one argument is a line of bash, more are a program and its arguments.
    #[arg(required = true)]
    command: Vec<String>,
}

/// What the targets have left.
#[derive(Default)]
struct Results {
    executed: BTreeMap<String, Executed>,
    tasks: Map<String, Value>,
    failed: Vec<(u64, i64)>,
    timed_out: Vec<String>,
}

impl Exec {
    pub(crate) fn run(self, session: &Session, out: &mut impl Write) -> Result<()> {
        check_background(self.background, self.wait)?;
        self.targets.check()?;
        let store = session.store()?;
        session.settle(&store)?;
        let (targets, missing) = self.targets.find(&*store.read()?)?;
        let receivers: Vec<_> = targets.iter().cloned().map(Ok).collect();
        let command = self.line();
        let summary = format!("exec {}", go_quote(&command));
        let params = [("command".to_owned(), command.into())].into_iter();
        let params = params.collect();
        let operation = store.update(|model| {
            let number = model.enqueue(summary, JUJU_EXEC, &params, &receivers);
            if let Some(operation) = model.operations.get_mut(&number) {
                operation.fail = (!missing.is_empty()).then(|| missing.join("\n"));
            }
            Ok(number)
        })?;
        let missing = missing.join("\n");
        if targets.is_empty() {
            writeln!(
                io::stderr(),
                "Operation {operation} failed to schedule any tasks:\n{missing}"
            )?;
            return Ok(());
        }
        if !missing.is_empty() {
            writeln!(
                io::stderr(),
                "Some actions could not be scheduled:\n{missing}\n\n"
            )?;
        }
        if self.background {
            let scheduled = store.read()?.operations[&operation].clone();
            say_scheduled(operation, &scheduled, out)?;
        }
        let mut results = Results::default();
        for (target, id) in targets.iter().zip(operation + 1..) {
            self.run_on(session, &store, target, id, &mut results)?;
        }
        if self.background {
            return session.settle(&store);
        }
        self.print(&results, out)?;
        session.settle(&store)?;
        results.outcome()
    }

    /// The line of bash that runs.
    fn line(&self) -> String {
        match self.command.as_slice() {
            [line] => line.clone(),
            words => quote(words),
        }
    }

    fn run_on(
        &self,
        session: &Session,
        store: &Store,
        target: &Receiver,
        id: u64,
        results: &mut Results,
    ) -> Result<()> {
        let commands = self.line();
        update_task(store, id, |task| task.start(Timestamp::now()))?;
        let run = || match target {
            Receiver::Unit(unit) => exec(store, &session.interrupt, unit, id, &commands),
            Receiver::Machine(number) => {
                exec_on_machine(store, &session.interrupt, *number, &commands)
            }
        };
        let ended = session.interrupt.within(self.wait, run);
        let (kind, name) = (target.kind(), target.name());
        let Ok(Some(executed)) = ended else {
            let why = match &ended {
                Err(error) => error.to_string(),
                Ok(_) => "timed out".to_owned(),
            };
            update_task(store, id, |task| task.end(Some(why), Map::new()))?;
            ended?;
            results.timed_out.push(format!("{kind} {name}"));
            return Ok(());
        };
        if executed.exit_code != 0 {
            results.failed.push((id, executed.exit_code.into()));
        }
        let message = (!executed.committed).then(|| NOT_COMMITTED.to_owned());
        let mut of_task = Map::new();
        executed.add_to(&mut of_task);
        update_task(store, id, |task| task.end(message, of_task))?;
        let model = store.read()?;
        let task = model.task(id).context("the task is gone")?;
        results.tasks.insert(name.clone(), shown(id, task));
        results.executed.insert(name, executed);
        Ok(())
    }

    fn print(&self, results: &Results, out: &mut impl Write) -> Result<()> {
        if self.format != Format::ForPeople {
            return self.format.print_sorted(results.tasks.clone().into(), out);
        }
        let outputs = results.executed.iter().map(|(name, executed)| {
            let streams = [&executed.stdout, &executed.stderr].map(|stream| lines(stream));
            (name, streams.concat())
        });
        let mut outputs: Vec<_> = outputs.collect();
        outputs.sort_by_key(|(name, _)| in_order(name));
        let is_one = outputs
            .iter()
            .filter(|(_, output)| !output.is_empty())
            .count()
            <= 1;
        for (name, output) in outputs {
            if is_one {
                write!(out, "{output}")?;
            } else {
                writeln!(out, "{name}:\n{output}")?;
            }
        }
        Ok(())
    }
}

impl Results {
    /// What the verb as a whole has come to.
    fn outcome(&self) -> Result<()> {
        if !self.timed_out.is_empty() {
            bail!(
                "timed out waiting for results from: {}",
                self.timed_out.join(", ")
            );
        }
        failed_tasks(&self.failed)
    }
}

fn update_task(store: &Store, id: u64, change: impl FnOnce(&mut Task)) -> Result<()> {
    store.update(|model| {
        change(model.task_mut(id).context("the task is gone")?);
        Ok(())
    })
}

/// What sorts the names of units and machines by their numbers: `app/9` before `app/10`.
fn in_order(name: &str) -> (&str, u64) {
    let (application, number) = name.split_once('/').unwrap_or(("", name));
    (application, number.parse().unwrap_or_default())
}

/// What was printed, as text of whole lines; in base64 where it is no text.
fn lines(output: &[u8]) -> String {
    let (mut text, _) = text(output);
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

/// Joins a program and its arguments to a line of bash, as juju does: what holds blanks, quotes, dollars or backslashes is quoted.
fn quote(words: &[String]) -> String {
    let special = |c: char| c.is_whitespace() || "\"$\\".contains(c);
    let quoted = |word: &String| {
        if !word.is_empty() && !word.contains(special) {
            return word.clone();
        }
        let escaped = word.chars().flat_map(|c| {
            let escape = "\"$\\".contains(c).then_some('\\');
            escape.into_iter().chain([c])
        });
        format!("\"{}\"", escaped.collect::<String>())
    };
    words.iter().map(quoted).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_words_in_bash() {
        let words = ["status-set", "active", "a $b \"c\" \\", ""].map(str::to_owned);
        assert_eq!(quote(&words), r#"status-set active "a \$b \"c\" \\" """#);
    }
}
