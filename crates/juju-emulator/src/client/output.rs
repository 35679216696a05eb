//! `--output`, of the verbs that show something: where it goes.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write};
use std::path::{self, PathBuf};

use clap::{Arg, ArgMatches, Command, CommandFactory, value_parser};

use crate::go::error::os_error;

const OUTPUT: &str = "output";

/// The command line, on which each verb with `--format` has `--output` too, as in Juju.
pub(crate) fn with_output_flags<Cli: CommandFactory>() -> Command {
    let flag = Arg::new(OUTPUT)
        .short('o')
        .long(OUTPUT)
        .value_name("FILE")
        .value_parser(value_parser!(OsString))
        .help("The file to show it in; else the standard output");
    Cli::command().mut_subcommands(|verb| {
        let has_format = verb.get_arguments().any(|flag| flag.get_id() == "format");
        if has_format {
            verb.arg(flag.clone())
        } else {
            verb
        }
    })
}

/// Where a verb shows what it has to show: the standard output, or a file, which is written anew when there is something.
#[derive(Debug)]
pub(crate) enum Output {
    Stdout,
    NewFile(PathBuf),
    File(File),
}

impl Output {
    /// The one that a command line names.
    pub(crate) fn named_in(matches: &ArgMatches) -> Self {
        let verb = matches.subcommand().map(|(_, verb)| verb);
        let path = verb.and_then(|verb| verb.try_get_one::<OsString>(OUTPUT).ok().flatten());
        match path.filter(|path| !path.is_empty()) {
            Some(path) => Self::NewFile(path.into()),
            None => Self::Stdout,
        }
    }
}

impl Write for Output {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        if let Self::NewFile(path) = self {
            let path = path::absolute(path)?;
            let file = File::create(&path).map_err(|error| {
                let why = format!("open {}: {}", path.display(), os_error(&error));
                io::Error::new(error.kind(), why)
            })?;
            *self = Self::File(file);
        }
        match self {
            Self::File(file) => file.write(text),
            _ => io::stdout().write(text),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::File(file) => file.flush(),
            Self::NewFile(_) => Ok(()),
            Self::Stdout => io::stdout().flush(),
        }
    }
}
