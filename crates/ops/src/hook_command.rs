//! Hook commands: the programs on a hook's `PATH` through which a charm talks to Juju. Every process that this crate
//! starts is started here.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, Write as _};
use std::process::{Child, Command, ExitStatus, Output, Stdio};

use serde::de::{DeserializeOwned, Error as _};
use zeroize::Zeroizing;

use crate::secret::content::SecretContent;
use crate::secret::private_file::PrivateFile;

/// One hook command as a charm asks for it, such as `open-port 8000/tcp`.
///
/// `Debug` tells how long the standard input is and not what is in it, since that may be secret.
#[derive(Clone, PartialEq, Eq)]
pub struct HookCommand {
    name: &'static str,
    args: Vec<String>,
    stdin: Option<Vec<u8>>,
    output_is_private: bool,
    /// What it reads from a file that only the charm's user can read.
    content: Option<SecretContent>,
}

impl HookCommand {
    /// The command `name`, such as `open-port`, without arguments.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            args: Vec::new(),
            stdin: None,
            output_is_private: false,
            content: None,
        }
    }

    /// The same with one more argument, such as `8000/tcp`.
    #[must_use]
    pub fn arg(mut self, arg: &str) -> Self {
        // A NUL ends an argument, and a process with one inside cannot be started.
        self.args.push(arg.replace('\0', "\u{fffd}"));
        self
    }

    /// The same with this as its standard input, as for `relation-set --file -`.
    #[must_use]
    pub fn with_stdin(mut self, stdin: impl Into<Vec<u8>>) -> Self {
        self.stdin = Some(stdin.into());
        self
    }

    /// The same, where what it prints may be secret: no error shows it.
    pub(crate) fn with_private_output(mut self) -> Self {
        self.output_is_private = true;
        self
    }

    /// The same with `--file` and a file with this content, which is there while it runs.
    pub(crate) fn with_content(mut self, content: &SecretContent) -> Self {
        self.content = Some(content.clone());
        self
    }

    /// Its name, such as `open-port`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Its arguments, such as `["8000/tcp"]`.
    #[must_use]
    pub fn args(&self) -> &[String] {
        &self.args
    }

    /// What it reads from its standard input; none when it has none to read.
    #[must_use]
    pub fn stdin(&self) -> Option<&[u8]> {
        self.stdin.as_deref()
    }

    /// Runs it and returns its standard output; anything but exit code 0 is an error.
    pub(crate) fn run(
        &self,
        hook_commands: &dyn HookCommands,
    ) -> Result<Vec<u8>, HookCommandError> {
        if let Some(content) = &self.content {
            let unable = |error: io::Error| {
                let text = format!("the file with the secret cannot be made: {error}");
                self.failed(Problem::NotStarted(io::Error::other(text)))
            };
            let file = PrivateFile::new(content).map_err(unable)?;
            let mut command = Self::new(self.name);
            command.args.clone_from(&self.args);
            let command = command.arg("--file").arg(file.path());
            return command.run(hook_commands);
        }
        self.ended(hook_commands.run(self))
    }

    /// What it printed; anything but exit code 0 is an error.
    fn ended(&self, output: io::Result<Output>) -> Result<Vec<u8>, HookCommandError> {
        let problem = match output {
            Ok(output) if output.status.success() => return Ok(output.stdout),
            Ok(output) => Problem::Failed {
                status: output.status,
                stderr: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            },
            Err(error) => Problem::NotStarted(error),
        };
        Err(self.failed(problem))
    }

    /// Runs it with `--format=json` and reads what it printed.
    pub(crate) fn read_json<T: DeserializeOwned>(
        self,
        hook_commands: &dyn HookCommands,
    ) -> Result<T, HookCommandError> {
        let command = self.arg("--format=json");
        let stdout = command.run(hook_commands)?;
        command.read_output(stdout)
    }

    /// Runs commands that only read with `--format=json`, and reads what each printed, in their order.
    pub(crate) fn read_all_json<T: DeserializeOwned>(
        commands: impl IntoIterator<Item = Self>,
        hook_commands: &dyn HookCommands,
    ) -> Result<Vec<T>, HookCommandError> {
        let commands = commands.into_iter().map(|it| it.arg("--format=json"));
        let commands: Vec<Self> = commands.collect();
        let outputs = hook_commands.run_all(&commands);
        let commands = commands.iter().zip(outputs);
        commands
            .map(|(command, output)| command.read_output(command.ended(output)?))
            .collect()
    }

    fn read_output<T: DeserializeOwned>(&self, stdout: Vec<u8>) -> Result<T, HookCommandError> {
        let stdout = Zeroizing::new(stdout);
        serde_json::from_slice(&stdout).map_err(|error| {
            if self.output_is_private {
                let place = format!("line {}, column {}", error.line(), error.column());
                return self.failed(Problem::BadOutput {
                    stdout: "(not shown)".to_owned(),
                    error: serde_json::Error::custom(place),
                });
            }
            self.failed(Problem::BadOutput {
                stdout: String::from_utf8_lossy(&stdout[..stdout.len().min(200)]).into_owned(),
                error,
            })
        })
    }

    /// The error for output that is JSON, but not what it should be.
    pub(crate) fn misread(&self, error: serde_json::Error) -> HookCommandError {
        let stdout = String::new();
        self.failed(Problem::BadOutput { stdout, error })
    }

    fn failed(&self, problem: Problem) -> HookCommandError {
        HookCommandError {
            command: self.name.to_owned(),
            args: self.args.clone(),
            problem,
        }
    }
}

impl fmt::Debug for HookCommand {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}`", Line(self.name, &self.args))?;
        match &self.stdin {
            Some(stdin) => write!(formatter, " < {} bytes", stdin.len()),
            None => Ok(()),
        }
    }
}

/// Runs hook commands such as `config-get --format=json`.
///
/// A charm in a hook runs them as processes. A test hands in its own, to answer from a state that it made up.
pub trait HookCommands: Send + Sync {
    /// Runs a command, and returns what it printed and how it ended.
    ///
    /// # Errors
    /// When the command could not be started.
    fn run(&self, command: &HookCommand) -> io::Result<Output>;

    /// Runs commands of which none reads its standard input or changes what another prints, and returns what became of each, in
    /// their order. As processes they overlap, which a test need not do.
    fn run_all(&self, commands: &[HookCommand]) -> Vec<io::Result<Output>> {
        commands.iter().map(|command| self.run(command)).collect()
    }
}

/// How many hook commands run at a time. Juju answers one after the other, but it takes them longer to start and to end. Each
/// takes memory on a machine that may have little.
const AT_A_TIME: usize = 4;

/// The hook commands that Juju's agent put on `PATH`.
pub(crate) struct Processes;

impl HookCommands for Processes {
    fn run(&self, command: &HookCommand) -> io::Result<Output> {
        match &command.stdin {
            None => start(command, Stdio::null())?.wait_with_output(),
            Some(stdin) => output_given(start(command, Stdio::piped())?, stdin),
        }
    }

    fn run_all(&self, commands: &[HookCommand]) -> Vec<io::Result<Output>> {
        let mut to_start = commands.iter();
        let mut running = VecDeque::new();
        let mut outputs = Vec::new();
        loop {
            let free = AT_A_TIME - running.len();
            let started = to_start.by_ref().take(free);
            running.extend(started.map(|command| start(command, Stdio::null())));
            let Some(child) = running.pop_front() else {
                return outputs;
            };
            outputs.push(child.and_then(Child::wait_with_output));
        }
    }
}

fn start(command: &HookCommand, stdin: Stdio) -> io::Result<Child> {
    // The one place that starts a process, see clippy.toml.
    #[expect(
        clippy::disallowed_methods,
        reason = "hook commands are started here and nowhere else"
    )]
    let mut process = Command::new(command.name);
    process
        .args(&command.args)
        .stdin(stdin)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
}

/// Juju's hook commands read all of their standard input before they print anything.
fn output_given(mut child: Child, stdin: &[u8]) -> io::Result<Output> {
    let written = child.stdin.take().map(|mut pipe| pipe.write_all(stdin));
    let output = child.wait_with_output()?;
    match written {
        // A command that refuses its arguments does not read; its exit code says so.
        Some(Err(error)) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
        _ => Ok(output),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_reads_its_standard_input() {
        let command = HookCommand::new("cat").with_stdin("port: 80\n");
        assert_eq!(command.run(&Processes).unwrap(), b"port: 80\n");
    }

    #[test]
    fn commands_run_at_the_same_time_and_are_told_in_their_order() {
        // Each waits for the other.
        let directory = tempfile::tempdir().unwrap();
        let pipe = directory.path().join("pipe").display().to_string();
        let made = HookCommand::new("mkfifo").arg(&pipe).run(&Processes);
        made.unwrap();
        let commands = [
            r#"read line <"$0"; printf '"%s"' first"#,
            r#"echo >"$0"; printf '"%s"' second"#,
        ];
        let commands = commands.map(|script| {
            let command = HookCommand::new("timeout").arg("60").arg("sh");
            command.arg("-c").arg(script).arg(&pipe)
        });
        let told: Vec<String> = HookCommand::read_all_json(commands, &Processes).unwrap();
        assert_eq!(told, ["first", "second"]);

        let many = (0..20).map(|number| HookCommand::new("echo").arg(&number.to_string()));
        let many: Vec<HookCommand> = many.collect();
        let outputs = Processes.run_all(&many);
        let texts = outputs.into_iter().map(|output| output.unwrap().stdout);
        let texts: Vec<_> = texts.map(|text| String::from_utf8(text).unwrap()).collect();
        let then: Vec<_> = (0..20).map(|number| format!("{number}\n")).collect();
        assert_eq!(texts, then);
    }

    #[test]
    fn of_many_commands_the_first_that_fails_is_told() {
        let commands = [("printf", "1"), ("false", ""), ("ls", "/missing")];
        let commands = commands.map(|(name, arg)| HookCommand::new(name).arg(arg));
        let error = HookCommand::read_all_json::<u8>(commands, &Processes).unwrap_err();
        assert_eq!(error.command, "false");
    }

    #[test]
    fn a_command_that_does_not_read_says_itself_why() {
        let command = HookCommand::new("false").with_stdin(vec![b'x'; 1 << 20]);
        let error = command.run(&Processes).unwrap_err().to_string();
        assert_eq!(error, "hook command `false` failed (exit status: 1)");
    }

    #[test]
    fn what_a_command_reads_is_not_shown() {
        let command = HookCommand::new("secret-add")
            .arg("--label")
            .with_stdin("hunter2");
        assert_eq!(format!("{command:?}"), "`secret-add --label` < 7 bytes");
    }
}
