//! `debug-log`

use std::io::Write;

use anyhow::{Result, bail};

use crate::client::session::Session;
use crate::controller::debug_log::LogLevel;
use crate::controller::debug_log::{Record, level_name, level_named};

/// Print what units have logged; the last 10 lines unless told otherwise.
#[derive(Debug, clap::Args)]
pub(crate) struct DebugLog {
    /// All lines.
    #[arg(long)]
    replay: bool,
    /// The last N lines; 0 are all.
    #[arg(long)]
    limit: Option<usize>,
    /// The last N lines.
    #[arg(short = 'n', long, default_value_t = 10)]
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
    #[command(flatten)]
    accepted: Accepted,
}

/// Flags that change nothing here.
#[derive(Debug, clap::Args)]
struct Accepted {
    /// Accepted: times are always UTC.
    #[arg(long)]
    utc: bool,
    /// Accepted: the emulator never follows the log.
    #[arg(long)]
    no_tail: bool,
}

impl DebugLog {
    pub(crate) fn run(self, session: &Session, out: &mut impl Write) -> Result<()> {
        let level = match self.level.as_deref().map(|name| (name, level_named(name))) {
            Some((name, None)) => bail!(
                "level value \"{name}\" is not one of \"TRACE\", \"DEBUG\", \"INFO\", \"WARNING\", \"ERROR\""
            ),
            Some((_, Some(level))) => level,
            None => LogLevel::Unspecified,
        };
        let store = session.store()?;
        session.settle_idle_machines(&store)?;
        let named =
            |names: &[String], record: &Record| names.iter().any(|name| is_of(record, name));
        let records: Vec<_> = store
            .log()
            .records()?
            .into_iter()
            .filter(|record| record.level >= level)
            .filter(|record| self.include.is_empty() || named(&self.include, record))
            .filter(|record| !named(&self.exclude, record))
            .collect();
        let wanted = match (self.limit, self.replay) {
            (Some(0), _) | (None, true) => records.len(),
            (Some(limit), _) => limit,
            (None, false) => self.lines,
        };
        for record in &records[records.len().saturating_sub(wanted)..] {
            self.print(record, out)?;
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

/// Whether a record is of a unit, by name or as `unit-app-0`, or of a unit of an application.
fn is_of(record: &Record, name: &str) -> bool {
    let entity = &record.entity;
    let unit = format!("unit-{}", name.replace('/', "-"));
    let application = entity.rsplit_once('-').map(|(application, _)| application);
    entity == name || *entity == unit || application == Some(&unit)
}
