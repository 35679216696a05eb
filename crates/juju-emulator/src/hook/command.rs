//! What a hook command is, and one call of it.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::fcntl::OFlag;
use serde_json::Value;

use crate::go::flags::{self, CommandLine, Flag};
use crate::go::strconv::{quote, quote_list};
use crate::hook::context::{Answer, HookContext};
use crate::hook::output;

/// When what a hook command asks for takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TakesEffect {
    /// Never: it reads.
    Never,
    /// At once, whatever becomes of the hook.
    AtOnce,
    /// When the hook has ended well.
    AtTheEnd,
}

/// A hook command: how it is called, what `--help` says, and what it does.
#[derive(Debug)]
pub(crate) struct HookCommand {
    pub(crate) name: &'static str,
    /// Its arguments as `--help` shows them; may be empty.
    pub(crate) arguments: &'static str,
    pub(crate) purpose: &'static str,
    pub(crate) flags: &'static [Flag],
    pub(crate) takes_effect: TakesEffect,
    pub(crate) run: fn(&mut Call<'_>) -> Result<(), Failure>,
}

impl HookCommand {
    /// What `--help` prints.
    pub(crate) fn help(&self) -> String {
        let mut usage = vec!["Usage:", self.name];
        let mut options = String::new();
        if !self.flags.is_empty() {
            usage.push("[options]");
            options = format!("\nOptions:\n{}", flags::help(self.flags));
        }
        if !self.arguments.is_empty() {
            usage.push(self.arguments);
        }
        format!(
            "{}\n\nSummary:\n{}\n{options}",
            usage.join(" "),
            self.purpose
        )
    }
}

/// One call of a hook command: its command line, the hook it belongs to, and the answer in the making.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) name: &'static str,
    pub(crate) line: CommandLine,
    pub(crate) dir: &'a Path,
    /// What the caller has on its standard input, if it has sent it.
    pub(crate) stdin: Option<&'a [u8]>,
    pub(crate) hook: &'a mut HookContext,
    pub(crate) answer: &'a mut Answer,
}

/// Why a hook command fails; holds the text after `ERROR`.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line is wrong: exit code 2.
    Usage(String),
    /// Juju refuses: exit code 1.
    Refused(String),
    /// It needs its standard input: no answer yet.
    NeedsStdin,
}

impl Call<'_> {
    /// The arguments, which must not be more than `N`; the missing ones are `None`.
    pub(crate) fn at_most<const N: usize>(&self) -> Result<[Option<&str>; N], Failure> {
        let arguments = &self.line.arguments;
        if arguments.len() > N {
            return Err(Failure::Usage(format!(
                "unrecognized args: {}",
                quote_list(&arguments[N..])
            )));
        }
        Ok(std::array::from_fn(|i| {
            arguments.get(i).map(String::as_str)
        }))
    }

    /// Prints a value as `--format` and `--output` say.
    pub(crate) fn print(&mut self, value: &Value) -> Result<(), Failure> {
        self.print_formatted(output::format(value, self.line.value("format")))
    }

    /// Prints what is a struct in Juju, with its fields in their order.
    pub(crate) fn print_struct(&mut self, value: &Value) -> Result<(), Failure> {
        self.print_struct_with_times(value, &[])
    }

    /// The same for one with fields that are times.
    pub(crate) fn print_struct_with_times(
        &mut self,
        value: &Value,
        times: &'static [&'static str],
    ) -> Result<(), Failure> {
        let format = self.line.value("format");
        self.print_formatted(output::format_struct(value, format, times))
    }

    fn print_formatted(&mut self, text: String) -> Result<(), Failure> {
        match self.line.value("o").filter(|path| !path.is_empty()) {
            None => self.answer.stdout.extend(text.into_bytes()),
            Some(path) => {
                let path = self.dir.join(path);
                // A pipe that nobody reads is refused, not waited for.
                File::options()
                    .write(true)
                    .create(true)
                    .truncate(true)
                    .custom_flags(OFlag::O_NONBLOCK.bits())
                    .open(&path)
                    .and_then(|mut file| file.write_all(text.as_bytes()))
                    .map_err(|error| Failure::Refused(open_failed(&path, &error)))?;
            }
        }
        Ok(())
    }

    /// What is in a file that the caller names, `-` for its standard input.
    pub(crate) fn file(&self, name: &str) -> Result<Vec<u8>, Failure> {
        if name == "-" {
            return self.stdin.map(<[u8]>::to_vec).ok_or(Failure::NeedsStdin);
        }
        let path = self.dir.join(name);
        fs::read(&path).map_err(|error| Failure::Refused(open_failed(&path, &error)))
    }

    /// Notes on stderr, without a newline as Juju does, that this command has no use for `--format`.
    pub(crate) fn note_deprecated_format(&mut self) {
        if self
            .line
            .value("format")
            .is_some_and(|format| !format.is_empty())
        {
            let note = format!("--format flag deprecated for command {}", quote(self.name));
            self.answer.stderr.extend(note.into_bytes());
        }
    }
}

/// The error as Go writes it: `open /no/such/file: no such file or directory`.
fn open_failed(path: &Path, error: &std::io::Error) -> String {
    let text = error.to_string();
    let text = text
        .split(" (os error")
        .next()
        .unwrap_or_default()
        .to_lowercase();
    format!("open {}: {text}", path.display())
}
