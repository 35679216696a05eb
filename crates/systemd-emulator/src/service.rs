//! Service units.

use std::{collections::BTreeMap, fs, io, path::PathBuf, time::Duration};

use nix::sys::signal::Signal;

use crate::{
    exec_start::{ExecStart, split_words},
    process::Kill,
    unit_file::{UnitFile, boolean},
    unit_name::UnitName,
};

/// The `[Service]` section of a unit.
#[derive(Debug)]
pub(crate) struct Service {
    /// The value of `Type=`: `simple`, `exec`, `notify` or `oneshot`.
    pub(crate) start_type: String,
    pub(crate) before_start: Vec<ExecStart>,
    pub(crate) start: Vec<ExecStart>,
    pub(crate) remain_after_exit: bool,
    pub(crate) environment: BTreeMap<String, String>,
    /// Files of more variables, each with whether it may be missing.
    environment_files: Vec<(PathBuf, bool)>,
    pub(crate) working_directory: PathBuf,
    pub(crate) kill: Kill,
}

impl Service {
    pub(crate) fn read(file: &UnitFile, name: &UnitName) -> Result<Self, String> {
        let last = |key| file.last("Service", key);
        let commands = |key| {
            file.all("Service", key)
                .into_iter()
                .map(|text| ExecStart::parse(name, text))
                .collect::<Result<Vec<_>, _>>()
        };
        let start = commands("ExecStart")?;
        let start_type = last("Type").unwrap_or(if start.is_empty() {
            "oneshot"
        } else {
            "simple"
        });
        if !["simple", "exec", "notify", "oneshot"].contains(&start_type) {
            return Err(format!(
                "Type={start_type} is not part of the emulated systemctl, which knows simple, exec, notify and oneshot"
            ));
        }
        if start.is_empty() || (start.len() > 1 && start_type != "oneshot") {
            return Err(format!(
                "expected one ExecStart=, or several with Type=oneshot, found {} with Type={start_type}",
                start.len()
            ));
        }
        if let Some(input) = last("StandardInput").filter(|input| *input != "null") {
            return Err(format!(
                "StandardInput={input} is not part of the emulated systemctl, only null"
            ));
        }

        let mut environment = BTreeMap::new();
        for text in file.all("Service", "Environment") {
            for word in split_words(text)? {
                let word = name.expand_specifiers(&word)?;
                let (key, value) = word.split_once('=').ok_or_else(|| {
                    format!("Environment=: expected NAME=value, found \"{word}\"")
                })?;
                environment.insert(key.to_owned(), value.to_owned());
            }
        }
        let mut environment_files = Vec::new();
        for text in file.all("Service", "EnvironmentFile") {
            let path = name.expand_specifiers(text)?;
            let required = path.strip_prefix('-').unwrap_or(&path);
            environment_files.push((
                absolute(required, "EnvironmentFile")?,
                required.len() < path.len(),
            ));
        }

        Ok(Self {
            start_type: start_type.to_owned(),
            before_start: commands("ExecStartPre")?,
            start,
            remain_after_exit: last("RemainAfterExit")
                .map(boolean)
                .transpose()?
                .unwrap_or(false),
            environment,
            environment_files,
            working_directory: absolute(
                &name.expand_specifiers(last("WorkingDirectory").unwrap_or("/"))?,
                "WorkingDirectory",
            )?,
            kill: Kill {
                signal: signal(last("KillSignal").unwrap_or("SIGTERM"))? as i32,
                timeout: time_span(
                    last("TimeoutStopSec")
                        .or(last("TimeoutSec"))
                        .unwrap_or("90"),
                )?,
                main_only: match last("KillMode") {
                    None | Some("control-group") => false,
                    Some("mixed") => true,
                    Some(mode) => {
                        return Err(format!(
                            "KillMode={mode} is not part of the emulated systemctl, which knows control-group and mixed"
                        ));
                    }
                },
            },
        })
    }

    /// Adds the variables of the `EnvironmentFile=`s, as they are now, to those of `Environment=`.
    pub(crate) fn environment(&self) -> Result<BTreeMap<String, String>, String> {
        let mut environment = self.environment.clone();
        for (path, may_be_missing) in &self.environment_files {
            match fs::read_to_string(path) {
                Ok(text) => environment.extend(environment_file(&text)),
                Err(error) if *may_be_missing && error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => {
                    return Err(format!(
                        "cannot read the environment file {}: {error}",
                        path.display()
                    ));
                }
            }
        }
        Ok(environment)
    }
}

fn absolute(path: &str, key: &str) -> Result<PathBuf, String> {
    if path.starts_with('/') {
        Ok(PathBuf::from(path))
    } else {
        Err(format!(
            "{key}=: expected an absolute path, found \"{path}\""
        ))
    }
}

fn signal(name: &str) -> Result<Signal, String> {
    let full_name = if name.starts_with("SIG") {
        name.to_owned()
    } else {
        format!("SIG{name}")
    };
    full_name
        .parse()
        .map_err(|_| format!("KillSignal=: expected a signal such as SIGTERM, found \"{name}\""))
}

/// Reads a time span such as `90`, `1min 30s` or `infinity`, which is nothing.
fn time_span(text: &str) -> Result<Option<Duration>, String> {
    let expected =
        || format!("expected a time such as 90, 500ms, \"1min 30s\" or infinity, found \"{text}\"");
    if text == "infinity" {
        return Ok(None);
    }
    let mut total = Duration::ZERO;
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (number, after) = rest.split_at(
            rest.find(|character: char| !character.is_ascii_digit())
                .unwrap_or(rest.len()),
        );
        let after = after.trim_start();
        let (unit, after) = after.split_at(
            after
                .find(|character: char| !character.is_ascii_alphabetic())
                .unwrap_or(after.len()),
        );
        let milliseconds = match unit {
            "ms" | "msec" => 1,
            "" | "s" | "sec" | "second" | "seconds" => 1000,
            "m" | "min" | "minute" | "minutes" => 60_000,
            "h" | "hr" | "hour" | "hours" => 3_600_000,
            _ => return Err(expected()),
        };
        let number: u32 = number.parse().map_err(|_| expected())?;
        total += Duration::from_millis(u64::from(number) * milliseconds);
        rest = after.trim_start();
    }
    Ok(Some(total).filter(|total| !total.is_zero()))
}

/// Reads the lines `NAME=value` of an environment file; a value may stand in quotes.
fn environment_file(text: &str) -> impl Iterator<Item = (String, String)> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.starts_with(['#', ';']))
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| {
            let value = value.trim();
            let quoted = ['"', '\'']
                .into_iter()
                .find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote));
            (name.trim().to_owned(), quoted.unwrap_or(value).to_owned())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_systemd_writes_them() {
        for (text, seconds) in [
            ("90", Some(90)),
            ("1min 30s", Some(90)),
            ("2 h", Some(7200)),
            ("3000ms", Some(3)),
            ("infinity", None),
            ("0", None),
        ] {
            assert_eq!(
                time_span(text).unwrap(),
                seconds.map(Duration::from_secs),
                "{text}"
            );
        }
    }

    #[test]
    fn an_environment_file_has_comments_and_quotes() {
        let read: Vec<_> =
            environment_file("# no\nA=1\n B = \"2 3\"\n;no\nC='x'\nnothing\n").collect();
        let expected = [("A", "1"), ("B", "2 3"), ("C", "x")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(read, expected);
    }
}
