//! `debug-log`

use std::io::Write;
use std::thread;
use std::time::Duration;

use anyhow::Result;
use glob::Pattern;

use crate::client::session::{Session, UsageError};
use crate::controller::debug_log::LogLevel;
use crate::controller::debug_log::{Record, level_name, level_named};
use crate::go::strconv::quote;

/// Print what units have logged; the last 10 lines unless told otherwise.
#[derive(Debug, clap::Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "flags of a command line, one by one"
)]
pub(crate) struct DebugLog {
    /// All lines.
    #[arg(long)]
    replay: bool,
    /// The last N lines, or with --replay the first, and then no more; 0 are all.
    #[arg(long, value_parser = number)]
    limit: Option<usize>,
    /// The last N lines.
    #[arg(short = 'n', long, default_value = "10", value_parser = number)]
    lines: usize,
    /// Only of this level and above: TRACE, DEBUG, INFO, WARNING, ERROR.
    #[arg(short, long)]
    level: Option<String>,
    /// Only of these units or applications: `unit-app-0`, `app/0` or `app`.
    #[arg(short, long)]
    include: Vec<String>,
    /// Not of these units or applications.
    #[arg(short = 'x', long)]
    exclude: Vec<String>,
    /// With the day.
    #[arg(long)]
    date: bool,
    /// With milliseconds.
    #[arg(long)]
    ms: bool,
    /// Go on with what comes, and let time pass: what becomes due is done.
    #[arg(long)]
    tail: bool,
    #[command(flatten)]
    accepted: Accepted,
}

/// Flags that change nothing here.
#[derive(Debug, clap::Args)]
struct Accepted {
    /// Accepted: times are always UTC.
    #[arg(long)]
    utc: bool,
    /// Accepted: the emulator only follows the log when it is told to.
    #[arg(long)]
    no_tail: bool,
}

fn number(text: &str) -> Result<usize, String> {
    let invalid = || format!("strconv.ParseUint: parsing {}: invalid syntax", quote(text));
    text.parse().map_err(|_| invalid())
}

impl DebugLog {
    pub(crate) fn run(self, session: &Session, out: &mut impl Write) -> Result<()> {
        let refuse = |message: String| Err(UsageError(message).into());
        let level = match self.level.as_deref() {
            None => LogLevel::Unspecified,
            Some(name) => match level_named(name) {
                Some(level) if (LogLevel::Trace..=LogLevel::Error).contains(&level) => level,
                _ => {
                    return refuse(format!(
                        "level value {} is not one of \"TRACE\", \"DEBUG\", \"INFO\", \"WARNING\", \"ERROR\"",
                        quote(name)
                    ));
                }
            },
        };
        if self.tail && self.accepted.no_tail {
            return refuse("setting --tail and --no-tail not valid".to_owned());
        }
        let store = session.store()?;
        session.settle_idle_machines(&store)?;
        let named =
            |names: &[String], record: &Record| names.iter().any(|name| is_of(record, name));
        let is_wanted = |record: &&Record| {
            record.level >= level
                && (self.include.is_empty() || named(&self.include, record))
                && !named(&self.exclude, record)
        };
        let all = store.log().records()?;
        let records: Vec<_> = all.iter().filter(is_wanted).collect();
        let limit = self.limit.filter(|limit| *limit > 0);
        let shown = match (limit, self.replay) {
            (Some(limit), true) => &records[..limit.min(records.len())],
            (Some(limit), false) => &records[records.len().saturating_sub(limit)..],
            (None, _) if self.replay || self.limit == Some(0) => &records,
            (None, _) => &records[records.len().saturating_sub(self.lines)..],
        };
        for record in shown {
            self.print(record, out)?;
        }
        let mut seen = all.len();
        while self.tail && limit.is_none() {
            out.flush()?;
            thread::sleep(Duration::from_millis(250));
            session.settle_idle_machines(&store)?;
            let all = store.log().records()?;
            for record in all.iter().skip(seen).filter(is_wanted) {
                self.print(record, out)?;
            }
            seen = all.len();
        }
        Ok(())
    }

    fn print(&self, record: &Record, out: &mut impl Write) -> Result<()> {
        let date = if self.date { "%Y-%m-%d " } else { "" };
        let milliseconds = if self.ms { ".%3f" } else { "" };
        let time = record
            .time
            .strftime(&format!("{date}%H:%M:%S{milliseconds}"))
            .to_string();
        let Record {
            entity,
            level,
            module,
            message,
            ..
        } = record;
        writeln!(
            out,
            "{entity}: {time} {} {module} {message}",
            level_name(*level)
        )?;
        Ok(())
    }
}

/// Whether a record is of a unit or machine, by name or as `unit-app-0`, `machine-0` or `unit-app-*`, or of a unit of an application.
fn is_of(record: &Record, name: &str) -> bool {
    let entity = &record.entity;
    if name.contains('*') {
        return Pattern::new(name).is_ok_and(|pattern| pattern.matches(entity));
    }
    let unit = format!("unit-{}", name.replace('/', "-"));
    let application = entity.rsplit_once('-').map(|(application, _)| application);
    entity == name
        || *entity == unit
        || *entity == format!("machine-{name}")
        || application == Some(&unit)
}
