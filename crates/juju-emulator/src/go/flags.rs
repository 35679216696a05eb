//! The grammar of flags in Juju's commands: GNU style, flags and arguments in any order.

use std::collections::BTreeMap;
use std::slice;

use crate::go::strconv::{parse_bool, quote};

/// A flag that a command has.
#[derive(Debug)]
pub(crate) struct Flag {
    /// Every spelling without dashes, the shortest first: `["o", "output"]`.
    pub(crate) names: &'static [&'static str],
    pub(crate) value: FlagValue,
    /// What `--help` says about it.
    pub(crate) purpose: &'static str,
}

/// What a flag takes.
#[derive(Debug)]
pub(crate) enum FlagValue {
    /// Nothing, or `=true` and `=false`.
    Bool,
    /// Any text; holds the default.
    Text(&'static str),
    /// One of the words; the first is the default.
    OneOf(&'static [&'static str]),
}

/// A command line, read.
#[derive(Debug, Default)]
pub(crate) struct CommandLine {
    given: BTreeMap<&'static str, Given>,
    /// What is not a flag.
    pub(crate) arguments: Vec<String>,
}

/// A flag that is given.
#[derive(Debug)]
struct Given {
    value: String,
    /// By which of its names: `-r`, `--relation`.
    spelling: String,
}

/// Why a command line ends here.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// `--help` or `-h` was given.
    Help,
    /// Something is wrong; holds Juju's text.
    Invalid(String),
}

impl CommandLine {
    /// Whether the switch is given, by the first of its names.
    pub(crate) fn is_set(&self, name: &str) -> bool {
        self.value(name) == Some("true")
    }

    /// The value given to the flag, by the first of its names.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.given.get(name).map(|given| given.value.as_str())
    }

    /// Juju's refusal of a value that was given to the flag, under the name that it was given by.
    pub(crate) fn invalid(&self, name: &str, why: &str) -> String {
        let given = self.given.get(name);
        let (value, spelling) = given.map_or(("", name), |it| (&*it.value, &*it.spelling));
        format!(
            "invalid value {} for option {spelling}: {why}",
            quote(value)
        )
    }
}

/// Reads a command line: `--name value`, `--name=value`, `-n value`, `-nvalue`, `-ab`; `--` ends the flags.
pub(crate) fn parse(flags: &'static [Flag], args: &[String]) -> Result<CommandLine, Stop> {
    let mut line = CommandLine::default();
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        if arg == "--" {
            line.arguments.extend(rest.cloned());
            break;
        } else if let Some(long) = arg.strip_prefix("--") {
            let (name, value) = long
                .split_once('=')
                .map_or((long, None), |(name, value)| (name, Some(value)));
            if name.is_empty() {
                return Err(Stop::Invalid(format!(
                    "empty option in argument {}",
                    quote(arg)
                )));
            }
            let flag = find(flags, name)?;
            line.set(flag, name, value, &mut rest)?;
        } else if arg.starts_with('-') && arg != "-" {
            line.parse_letters(flags, &arg[1..], &mut rest)?;
        } else {
            line.arguments.push(arg.clone());
        }
    }
    Ok(line)
}

impl CommandLine {
    /// Reads what follows a single dash: letters of switches, then at most one flag that takes the rest as its value.
    fn parse_letters(
        &mut self,
        flags: &'static [Flag],
        letters: &str,
        rest: &mut slice::Iter<'_, String>,
    ) -> Result<(), Stop> {
        let mut letters = letters.chars();
        while let Some(letter) = letters.next() {
            let name = letter.to_string();
            let flag = find(flags, &name)?;
            let attached = letters.as_str();
            let is_switch = matches!(flag.value, FlagValue::Bool) && !attached.starts_with('=');
            if !is_switch && !attached.is_empty() {
                return self.set(flag, &name, Some(attached), rest);
            }
            self.set(flag, &name, None, rest)?;
            if rest.as_slice().is_empty() {
                // Juju overlooks the letters after a switch at the end of the command line.
                break;
            }
        }
        Ok(())
    }

    fn set(
        &mut self,
        flag: &'static Flag,
        name: &str,
        attached: Option<&str>,
        rest: &mut slice::Iter<'_, String>,
    ) -> Result<(), Stop> {
        let given = match (attached, &flag.value) {
            (Some(value), _) => value,
            (None, FlagValue::Bool) => "true",
            (None, _) => rest.next().ok_or_else(|| {
                Stop::Invalid(format!("option needs an argument: {}", with_dashes(name)))
            })?,
        };
        let value = match flag.value {
            FlagValue::Bool => parse_bool(given).map(|value| value.to_string()),
            FlagValue::OneOf(words) if !words.contains(&given) => {
                Err(format!("unknown format {}", quote(given)))
            }
            FlagValue::OneOf(_) | FlagValue::Text(_) => Ok(given.to_owned()),
        }
        .map_err(|why| {
            Stop::Invalid(format!(
                "invalid value {} for option {}: {why}",
                quote(given),
                with_dashes(name)
            ))
        })?;
        let spelling = with_dashes(name);
        self.given.insert(flag.names[0], Given { value, spelling });
        Ok(())
    }
}

fn find(flags: &'static [Flag], name: &str) -> Result<&'static Flag, Stop> {
    flags
        .iter()
        .find(|flag| flag.names.contains(&name))
        .ok_or_else(|| {
            if matches!(name, "help" | "h") {
                Stop::Help
            } else {
                Stop::Invalid(format!(
                    "option provided but not defined: {}",
                    with_dashes(name)
                ))
            }
        })
}

fn with_dashes(name: &str) -> String {
    if name.len() > 1 {
        format!("--{name}")
    } else {
        format!("-{name}")
    }
}

/// The part of `--help` that lists the flags.
pub(crate) fn help(flags: &'static [Flag]) -> String {
    flags.iter().map(Flag::help).collect()
}

impl Flag {
    fn help(&self) -> String {
        let names: Vec<String> = self.names.iter().map(|name| with_dashes(name)).collect();
        let default = match self.value {
            FlagValue::Bool => " (= false)".to_owned(),
            FlagValue::OneOf(words) => format!(" (= {})", words[0]),
            FlagValue::Text(default) => format!("(= {})", quote(default)),
        };
        format!("{} {default}\n    {}\n", names.join(", "), self.purpose)
    }
}
