//! Hook commands: the programs on a hook's `PATH` through which a charm talks to Juju. Every process that this crate
//! starts is started here.

use std::fmt;
use std::io;
use std::process::{Command, ExitStatus, Output};

use serde::de::DeserializeOwned;

/// Runs hook commands such as `config-get --format=json`.
///
/// A charm in a hook runs them as processes. A test hands in its own, to answer from a state that it made up.
pub trait HookCommands: Send + Sync {
    /// Runs `command`, a name such as `open-port`, with `args`, and returns what it printed and how it ended.
    ///
    /// # Errors
    /// When the command could not be started.
    fn run(&self, command: &str, args: &[String]) -> io::Result<Output>;
}

/// The hook commands that Juju's agent put on `PATH`.
pub(crate) struct Processes;

impl HookCommands for Processes {
    fn run(&self, command: &str, args: &[String]) -> io::Result<Output> {
        // The one place that starts a process, see clippy.toml.
        #[expect(
            clippy::disallowed_methods,
            reason = "hook commands are started here and nowhere else"
        )]
        Command::new(command).args(args).output()
    }
}

/// A hook command that Juju did not carry out, with all that is known of it.
///
/// ```text
/// hook command `open-port 80/tcp` failed (exit status: 1): ERROR cannot open 80/tcp (unit "web/0"): port range conflicts with 80-90/tcp (unit "web/0")
/// ```
#[derive(Debug, thiserror::Error)]
#[error("hook command `{}` {problem}", Line(command, args))]
pub struct HookCommandError {
    /// The command, such as `open-port`.
    pub command: String,
    /// Its arguments, such as `80/tcp`.
    pub args: Vec<String>,
    /// What went wrong with it.
    pub problem: Problem,
}

/// What went wrong with a hook command.
#[derive(Debug)]
#[non_exhaustive]
pub enum Problem {
    /// It could not be started: outside a hook there are none on `PATH`.
    NotStarted(io::Error),
    /// It ran and ended with something other than 0.
    Failed {
        /// Its exit code, or the signal that killed it.
        status: ExitStatus,
        /// What it wrote to its standard error, as Juju's `ERROR cannot open 80/tcp …`.
        stderr: String,
    },
    /// It printed something other than the JSON that it was asked for.
    BadOutput {
        /// What it printed, cut after 200 bytes.
        stdout: String,
        /// Why that is not what was expected.
        error: serde_json::Error,
    },
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotStarted(error) if error.kind() == io::ErrorKind::NotFound => formatter.write_str(
                "was not found on PATH; Juju puts the hook commands there for the time of a hook",
            ),
            Self::NotStarted(error) => write!(formatter, "could not be started: {error}"),
            Self::Failed { status, stderr } if stderr.is_empty() => {
                write!(formatter, "failed ({status})")
            }
            Self::Failed { status, stderr } => write!(formatter, "failed ({status}): {stderr}"),
            Self::BadOutput { stdout, error } => {
                write!(formatter, "printed {stdout:?}, which is not the JSON expected: {error}")
            }
        }
    }
}

/// Runs one hook command and returns its standard output; anything but exit code 0 is an error.
pub(crate) fn run(
    hook_commands: &dyn HookCommands,
    command: &str,
    args: &[&str],
) -> Result<Vec<u8>, HookCommandError> {
    // A NUL ends an argument, and a process with one inside cannot be started.
    let args: Vec<String> = args
        .iter()
        .map(|arg| arg.replace('\0', "\u{fffd}"))
        .collect();
    let problem = match hook_commands.run(command, &args) {
        Ok(output) if output.status.success() => return Ok(output.stdout),
        Ok(output) => Problem::Failed {
            status: output.status,
            stderr: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        },
        Err(error) => Problem::NotStarted(error),
    };
    Err(HookCommandError {
        command: command.to_owned(),
        args,
        problem,
    })
}

/// Runs one hook command with `--format=json` and reads what it printed.
pub(crate) fn read_json<T: DeserializeOwned>(
    hook_commands: &dyn HookCommands,
    command: &str,
    args: &[&str],
) -> Result<T, HookCommandError> {
    let args: Vec<&str> = args.iter().copied().chain(["--format=json"]).collect();
    let stdout = run(hook_commands, command, &args)?;
    serde_json::from_slice(&stdout).map_err(|error| HookCommandError {
        command: command.to_owned(),
        args: args.into_iter().map(str::to_owned).collect(),
        problem: Problem::BadOutput {
            stdout: String::from_utf8_lossy(&stdout[..stdout.len().min(200)]).into_owned(),
            error,
        },
    })
}

/// A command and its arguments as one line of text.
struct Line<'a>(&'a str, &'a [String]);

impl fmt::Display for Line<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)?;
        self.1
            .iter()
            .try_for_each(|arg| write!(formatter, " {arg}"))
    }
}
