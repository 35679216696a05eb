//! A model's log: one JSON record a line, only ever appended to.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::go::strconv::quote;

/// How important a log record is, in ascending order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum LogLevel {
    /// Written `UNSPECIFIED`; Juju accepts it as a level.
    Unspecified,
    /// Written `TRACE`.
    Trace,
    /// Written `DEBUG`.
    Debug,
    /// Written `INFO`, the level of `juju-log` when none is given.
    Info,
    /// Written `WARNING`.
    Warning,
    /// Written `ERROR`.
    Error,
    /// Written `CRITICAL`.
    Critical,
}

/// One line of `juju debug-log`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) time: Timestamp,
    /// `unit-app-0`.
    pub(crate) entity: String,
    pub(crate) level: LogLevel,
    /// The logger, `unit.app/0.juju-log`.
    pub(crate) module: String,
    pub(crate) message: String,
}

/// The log of one model.
#[derive(Clone, Debug)]
pub(crate) struct DebugLog {
    path: PathBuf,
}

impl DebugLog {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Appends one record, in one write.
    pub(crate) fn append(&self, record: &Record) -> Result<()> {
        let append = || {
            let mut options = File::options();
            let mut file = options
                .read(true)
                .append(true)
                .create(true)
                .open(&self.path)?;
            let mut line = serde_json::to_vec(record)?;
            line.push(b'\n');
            if is_torn(&file)? {
                line.insert(0, b'\n');
            }
            file.write_all(&line)
        };
        append().with_context(|| format!("cannot write to the log {}", self.path.display()))
    }

    /// All records; the part of one that a killed writer left is no record.
    pub(crate) fn records(&self) -> Result<Vec<Record>> {
        let text = match fs::read(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => {
                return Err(error)
                    .with_context(|| format!("cannot read the log {}", self.path.display()));
            }
        };
        Ok(text
            .split(|byte| *byte == b'\n')
            .filter_map(|line| serde_json::from_slice(line).ok())
            .collect())
    }
}

/// Whether the last line has no end, because its writer was killed.
fn is_torn(file: &File) -> io::Result<bool> {
    let Some(last) = file.metadata()?.len().checked_sub(1) else {
        return Ok(false);
    };
    let mut byte = [0];
    file.read_exact_at(&mut byte, last)?;
    Ok(byte != *b"\n")
}

/// Checks a `logging-config`, such as `<root>=INFO;unit=DEBUG`, or `DEBUG` for everything.
///
/// # Errors
///
/// Juju's text.
pub(crate) fn check_logging_config(text: &str) -> Result<(), String> {
    if text.trim().is_empty() || level_named(text.trim()).is_some() {
        return Ok(());
    }
    for entry in entries(text) {
        let (name, level) = entry
            .split_once('=')
            .ok_or_else(|| format!("config value expected '=', found {}", quote(entry)))?;
        if name.trim().is_empty() {
            return Err(format!(
                "config value {} has missing module name",
                quote(entry)
            ));
        }
        let level = level.trim();
        level_named(level).ok_or_else(|| format!("unknown severity level {}", quote(level)))?;
    }
    Ok(())
}

fn entries(logging_config: &str) -> impl Iterator<Item = &str> {
    let entries = logging_config.trim().split([';', ':']);
    entries.filter(|entry| !entry.is_empty())
}

/// Whether a logger's record is kept, by a `logging-config` such as `<root>=INFO;unit=DEBUG`.
///
/// The entry with the longest name that the logger's name begins with decides; `<root>` is the shortest.
pub(crate) fn is_kept(logging_config: &str, module: &str, level: LogLevel) -> bool {
    if let Some(threshold) = level_named(logging_config.trim()) {
        return level >= threshold;
    }
    let within = |name: &str| {
        name == "<root>"
            || module
                .strip_prefix(name)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let threshold = entries(logging_config)
        .filter_map(|entry| entry.split_once('='))
        .map(|(name, level)| (name.trim(), level.trim()))
        .filter(|(name, _)| within(name))
        .max_by_key(|(name, _)| if *name == "<root>" { 0 } else { name.len() })
        .and_then(|(_, level)| level_named(level))
        .unwrap_or(LogLevel::Warning);
    level >= threshold
}

/// A level by its name in any case, `WARN` included.
pub(crate) fn level_named(name: &str) -> Option<LogLevel> {
    Some(match name.to_ascii_uppercase().as_str() {
        "UNSPECIFIED" => LogLevel::Unspecified,
        "TRACE" => LogLevel::Trace,
        "DEBUG" => LogLevel::Debug,
        "INFO" => LogLevel::Info,
        "WARN" | "WARNING" => LogLevel::Warning,
        "ERROR" => LogLevel::Error,
        "CRITICAL" => LogLevel::Critical,
        _ => return None,
    })
}

/// A level as `juju debug-log` prints it.
pub(crate) fn level_name(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Unspecified => "UNSPECIFIED",
        LogLevel::Trace => "TRACE",
        LogLevel::Debug => "DEBUG",
        LogLevel::Info => "INFO",
        LogLevel::Warning => "WARNING",
        LogLevel::Error => "ERROR",
        LogLevel::Critical => "CRITICAL",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(message: &str) -> Record {
        Record {
            time: Timestamp::UNIX_EPOCH,
            entity: "unit-app-0".to_owned(),
            level: LogLevel::Info,
            module: "unit.app/0.juju-log".to_owned(),
            message: message.to_owned(),
        }
    }

    #[test]
    fn a_torn_line_is_no_record_and_costs_no_other() {
        let home = tempfile::tempdir().unwrap();
        let log = DebugLog::new(home.path().join("debug.log"));
        log.append(&record("one\nof two lines")).unwrap();
        let mut file = File::options().append(true).open(&log.path).unwrap();
        file.write_all(b"{\"time\":\"1970-\xc3").unwrap();
        assert_eq!(log.records().unwrap(), [record("one\nof two lines")]);
        log.append(&record("next")).unwrap();
        assert_eq!(
            log.records().unwrap(),
            [record("one\nof two lines"), record("next")]
        );
    }

    #[test]
    fn the_longest_matching_name_decides_what_is_kept() {
        let config = "<root>=WARNING;unit=DEBUG;unit.app/1=ERROR";
        let given_then = [
            ("juju.worker", LogLevel::Info, false),
            ("juju.worker", LogLevel::Warning, true),
            ("unit.app/0.juju-log", LogLevel::Debug, true),
            ("unit.app/0.juju-log", LogLevel::Trace, false),
            ("unit.app/1.juju-log", LogLevel::Warning, false),
            ("units", LogLevel::Debug, false),
        ];
        for (module, level, kept) in given_then {
            assert_eq!(is_kept(config, module, level), kept, "{module} {level:?}");
        }
        assert!(is_kept("debug", "juju.worker", LogLevel::Debug));
        assert!(is_kept(
            "<root>=ERROR:juju=TRACE",
            "juju.worker",
            LogLevel::Debug
        ));
    }

    #[test]
    fn what_is_no_logging_config_is_refused_in_jujus_words() {
        for good in [
            "",
            "DEBUG",
            "<root>=INFO;unit=debug",
            "a.b = WARN ; c=CRITICAL:d=TRACE;",
        ] {
            assert_eq!(check_logging_config(good), Ok(()), "{good}");
        }
        for (bad, then) in [
            ("nonsense", r#"config value expected '=', found "nonsense""#),
            ("unit=DEBUG;x", r#"config value expected '=', found "x""#),
            ("=DEBUG", r#"config value "=DEBUG" has missing module name"#),
            ("unit=LOUD", r#"unknown severity level "LOUD""#),
            ("unit=", r#"unknown severity level """#),
        ] {
            assert_eq!(check_logging_config(bad), Err(then.to_owned()), "{bad}");
        }
    }
}
