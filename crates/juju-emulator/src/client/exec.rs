//! `exec`

use std::io::{self, Write};
use std::time::Duration;

use anyhow::{Result, bail};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::agent::unit_agent::{self, Executed};
use crate::client::format::{Format, words};
use crate::client::session::{Session, UsageError};
use crate::controller::model::Model;
use crate::go::duration::duration;

/// Run a command in units, with the rights of a hook, or on machines.
#[derive(Debug, clap::Args)]
pub(crate) struct Exec {
    /// The units, such as `app/0` or `app/leader`; several with commas.
    #[arg(short, long, value_delimiter = ',')]
    unit: Vec<String>,
    /// All units of applications; several with commas.
    #[arg(short, long, value_delimiter = ',')]
    application: Vec<String>,
    /// Machines, by number, where the command has no hook's rights; several with commas.
    #[arg(long, value_delimiter = ',')]
    machine: Vec<u32>,
    /// How to print what they leave.
    #[arg(long, value_parser = words(Some("plain")), default_value = "plain")]
    format: Format,
    /// End the command where it takes longer, such as `30s`; else it may take as long as it takes.
    #[arg(long, value_parser = wait_time)]
    wait: Option<Duration>,
    /// The command; one argument is a line of bash, more are a program and its arguments.
    #[arg(required = true, trailing_var_arg = true)]
    command: Vec<String>,
}

enum Target {
    Unit(String),
    Machine(u32),
}

impl Exec {
    pub(crate) fn run(self, session: &Session, out: &mut impl Write) -> Result<()> {
        let store = session.store()?;
        session.settle(&store)?;
        let targets = self.targets(&*store.read()?)?;
        let commands = match self.command.as_slice() {
            [line] => line.clone(),
            words => quote(words),
        };
        let mut results = serde_json::Map::new();
        let mut failed = Vec::new();
        let mut timed_out = Vec::new();
        for target in &targets {
            let started = Timestamp::now();
            let run = || match target {
                Target::Unit(unit) => unit_agent::exec(&store, &session.interrupt, unit, &commands),
                Target::Machine(number) => {
                    unit_agent::exec_on_machine(&store, &session.interrupt, *number, &commands)
                }
            };
            let (kind, name) = match target {
                Target::Unit(unit) => ("unit", unit.clone()),
                Target::Machine(number) => ("machine", number.to_string()),
            };
            let Some(executed) = session.interrupt.within(self.wait, run)? else {
                timed_out.push(format!("{kind} {name}"));
                continue;
            };
            let id = store.update(|model| {
                model.last_task += 1;
                Ok(model.last_task)
            })?;
            if executed.exit_code != 0 {
                failed.push(format!(
                    " - id \"{id}\" with return code {}",
                    executed.exit_code
                ));
            }
            if self.format == Format::ForPeople && targets.len() == 1 {
                out.write_all(&executed.stdout)?;
                out.flush()?;
                io::stderr().write_all(&executed.stderr)?;
            }
            let mut task = task(id, started, &executed);
            task[kind] = name.clone().into();
            results.insert(name, task);
        }
        let results = Value::from(results);
        if self.format != Format::ForPeople || targets.len() > 1 {
            self.format.print(&results, out)?;
        }
        session.settle(&store)?;
        if !timed_out.is_empty() {
            bail!(
                "timed out waiting for results from: {}",
                timed_out.join(", ")
            );
        }
        if !failed.is_empty() {
            let plural = if failed.len() > 1 { "s" } else { "" };
            bail!(
                "the following task{plural} failed:\n{}\n\nuse 'juju show-task' to inspect the failure{plural}\n",
                failed.join("\n")
            );
        }
        Ok(())
    }

    fn targets(&self, model: &Model) -> Result<Vec<Target>> {
        let mut targets = Vec::new();
        for name in &self.unit {
            targets.push(Target::Unit(model.unit_name(name)?));
        }
        for name in &self.application {
            let units = model.application(name)?.units.keys().cloned();
            targets.extend(units.map(Target::Unit));
        }
        for number in &self.machine {
            if !model.machines.contains_key(number) {
                bail!("machine {number} not found");
            }
            targets.push(Target::Machine(*number));
        }
        if self.unit.is_empty() && self.application.is_empty() && self.machine.is_empty() {
            let message =
                "You must specify a target, either through --unit, --application or --machine";
            return Err(UsageError(message.to_owned()).into());
        }
        Ok(targets)
    }
}

fn wait_time(text: &str) -> Result<Duration, &'static str> {
    duration(text).ok_or("expected a time such as 30s or 1m30s")
}

fn task(id: u64, started: Timestamp, executed: &Executed) -> Value {
    let time = |time: Timestamp| time.strftime("%Y-%m-%d %H:%M:%S +0000 UTC").to_string();
    let mut results = json!({"return-code": executed.exit_code});
    for (name, output) in [("stdout", &executed.stdout), ("stderr", &executed.stderr)] {
        if !output.is_empty() {
            results[name] = String::from_utf8_lossy(output).into();
        }
    }
    json!({
        "id": id.to_string(),
        "results": results,
        "status": "completed",
        "timing": {
            "enqueued": time(started),
            "started": time(started),
            "completed": time(Timestamp::now()),
        },
    })
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
