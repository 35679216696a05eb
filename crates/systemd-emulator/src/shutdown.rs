//! The commands `reboot` and `shutdown`.

use std::{
    env, fs,
    io::{self, Write},
    process::ExitCode,
};

use anyhow::Context;

use crate::machine::Machine;

/// What a hook asked of its machine with `reboot`, `shutdown` or `systemctl poweroff`.
///
/// It happens when the hook has ended: until then the wish is the word `reboot` or `poweroff` in the file
/// `<machine>/shutdown-requested`, which the agent takes away with [`Machine::take_shutdown_request`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Shutdown {
    /// Stop everything, start what is enabled, dispatch `start`.
    Reboot,
    /// Stop everything, and that is the end of it.
    PowerOff,
}

const FILE: &str = "shutdown-requested";

impl Machine {
    /// Leaves the wish for the agent.
    ///
    /// # Errors
    /// When the machine's directory cannot be written.
    pub fn request_shutdown(&self, shutdown: Shutdown) -> anyhow::Result<()> {
        let path = self.directory.join(FILE);
        let word = match shutdown {
            Shutdown::Reboot => "reboot\n",
            Shutdown::PowerOff => "poweroff\n",
        };
        fs::write(&path, word).with_context(|| format!("cannot write {}", path.display()))
    }

    /// Takes the wish away, if there is one.
    ///
    /// # Errors
    /// When the file cannot be read or removed, or says something else.
    pub fn take_shutdown_request(&self) -> anyhow::Result<Option<Shutdown>> {
        let path = self.directory.join(FILE);
        let word = match fs::read_to_string(&path) {
            Ok(word) => word,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read {}", path.display()));
            }
        };
        fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        match word.trim() {
            "reboot" => Ok(Some(Shutdown::Reboot)),
            "poweroff" => Ok(Some(Shutdown::PowerOff)),
            word => anyhow::bail!(
                "{}: expected reboot or poweroff, found \"{word}\"",
                path.display()
            ),
        }
    }
}

/// The command `reboot`, given what follows its name.
#[must_use]
pub(crate) fn reboot(arguments: impl IntoIterator<Item = String>) -> ExitCode {
    let refused = arguments.into_iter().find(|argument| {
        !["-f", "--force", "--reboot", "--no-wall", "-d", "--no-wtmp"].contains(&argument.as_str())
    });
    answer(match refused {
        Some(argument) => Err(format!("{argument} is not part of the emulated reboot")),
        None => Ok(Some(Shutdown::Reboot)),
    })
}

/// The command `shutdown`, given what follows its name.
#[must_use]
pub(crate) fn shutdown(arguments: impl IntoIterator<Item = String>) -> ExitCode {
    answer(parse_shutdown(arguments))
}

/// What is wished for, or nothing after `-c`, which takes a wish back.
fn parse_shutdown(arguments: impl IntoIterator<Item = String>) -> Result<Option<Shutdown>, String> {
    let mut wish = Some(Shutdown::PowerOff);
    let mut time = None;
    for argument in arguments {
        match argument.as_str() {
            "-r" | "--reboot" => wish = Some(Shutdown::Reboot),
            "-h" | "-P" | "-H" | "--poweroff" | "--halt" => wish = Some(Shutdown::PowerOff),
            "-c" => wish = None,
            "--no-wall" => {}
            flag if flag.starts_with('-') => {
                return Err(format!("{flag} is not part of the emulated shutdown"));
            }
            // The first is the time, what follows is the message to users, of whom there are none.
            _ if time.is_some() => {}
            _ => time = Some(argument),
        }
    }
    match time.as_deref() {
        // Without a time it would be in a minute, which no hook can tell from when it has ended.
        None | Some("now" | "+0" | "+1") => Ok(wish),
        Some(_) if wish.is_none() => Ok(wish),
        Some(time) => Err(format!(
            "the time {time} is not part of the emulated shutdown, which knows now, +0 and +1, all at the end of the hook"
        )),
    }
}

fn answer(wish: Result<Option<Shutdown>, String>) -> ExitCode {
    let done = wish.map_err(|refusal| (2, refusal)).and_then(|wish| {
        let machine = Machine::from_environment(|name| env::var_os(name))
            .map_err(|error| (1, error.to_string()))?;
        let result = match wish {
            Some(shutdown) => machine.request_shutdown(shutdown),
            None => machine.take_shutdown_request().map(|_| ()),
        };
        result.map_err(|error| (1, format!("{error:#}")))
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err((code, message)) => {
            // With stderr gone there is nobody left to tell.
            let _ = writeln!(io::stderr(), "{message}");
            ExitCode::from(code)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &str) -> Result<Option<Shutdown>, String> {
        parse_shutdown(arguments.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn shutdown_reads_its_arguments() {
        assert_eq!(parse("-r now"), Ok(Some(Shutdown::Reboot)));
        assert_eq!(parse("-r +1 new kernel"), Ok(Some(Shutdown::Reboot)));
        assert_eq!(parse("-h now"), Ok(Some(Shutdown::PowerOff)));
        assert_eq!(parse(""), Ok(Some(Shutdown::PowerOff)));
        assert_eq!(parse("-c"), Ok(None));
        assert!(parse("-r 23:15").unwrap_err().contains("23:15"));
        assert!(parse("--show now").unwrap_err().contains("--show"));
    }
}
