//! What is wrong with a command line, in Juju's words: clap reads it, and has its own.

use std::ffi::OsString;
use std::num::ParseIntError;
use std::time::Duration;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, Command};

use crate::go::duration::duration;
use crate::go::strconv::{parse_bool, quote, quote_list};

/// What Juju says when a verb is not told what to work on.
const MISSING: [(&str, &str); 22] = [
    ("actions", "no application name specified"),
    ("add-model", "model name is required"),
    ("add-unit", "no application specified"),
    ("attach-resource", "missing application name"),
    ("cancel-task", "no task IDs specified"),
    ("config", "no application name specified"),
    ("deploy", "no charm or bundle specified"),
    ("destroy-model", "no model specified"),
    ("exec", "no commands specified"),
    ("expose", "no application name specified"),
    ("refresh", "no application specified"),
    ("remove-application", "no application specified"),
    ("remove-machine", "no machines specified"),
    ("remove-unit", "no units specified"),
    ("resources", "missing application or unit name"),
    ("show-application", "an application name must be supplied"),
    ("show-operation", "no operation ID specified"),
    ("show-task", "no task ID specified"),
    ("show-unit", "an unit name must be supplied"),
    ("ssh", "no target name specified"),
    ("trust", "no application name specified"),
    ("unexpose", "no application name specified"),
];

/// The flags that Juju 3.6 has and the emulator lacks. Those of no verb are of all.
const LACKING: [(&str, &[&str]); 15] = [
    ("add-model", &["credential", "owner", "target-controller"]),
    ("config", &["color"]),
    (
        "debug-log",
        &[
            "color",
            "exclude-label",
            "exclude-labels",
            "exclude-module",
            "firehose",
            "include-label",
            "include-labels",
            "include-module",
            "location",
            "retry",
            "retry-delay",
        ],
    ),
    (
        "deploy",
        &[
            "device",
            "dry-run",
            "force",
            "map-machines",
            "overlay",
            "revision",
            "series",
        ],
    ),
    (
        "exec",
        &[
            "color",
            "execution-group",
            "no-color",
            "operator",
            "parallel",
        ],
    ),
    ("expose", &["endpoints", "to-cidrs", "to-spaces"]),
    (
        "model-config",
        &["color", "file", "ignore-read-only-fields", "no-color"],
    ),
    ("models", &["all", "exact-time", "user", "uuid"]),
    (
        "refresh",
        &[
            "base", "bind", "channel", "config", "revision", "storage", "switch", "trust",
        ],
    ),
    ("remove-application", &["dry-run"]),
    ("remove-unit", &["dry-run", "num-units"]),
    ("run", &["color", "no-color"]),
    ("status", &["retry-count", "retry-delay"]),
    ("unexpose", &["endpoints"]),
    (
        "",
        &[
            "debug",
            "logging-config",
            "no-browser-login",
            "quiet",
            "show-log",
            "verbose",
        ],
    ),
];

const LACKING_IF_JUJU_HAS_IT: &str = "If juju has it, the emulator lacks it: `juju help` lists its verbs, `juju help VERB` a verb's flags.";

/// What Juju says about a wrong command line; `None` where only clap has something to say.
pub(crate) fn in_jujus_words(
    error: &clap::Error,
    command: &Command,
    args: &[OsString],
) -> Option<String> {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.as_str(),
        _ => "",
    };
    if error.kind() == ErrorKind::InvalidSubcommand {
        let verb = quote(context(ContextKind::InvalidSubcommand));
        return Some(format!(
            "juju: {verb} is not a juju command. See \"juju --help\".\n{LACKING_IF_JUJU_HAS_IT}"
        ));
    }
    let args: Vec<_> = args
        .iter()
        .map(|arg| arg.to_string_lossy().into_owned())
        .collect();
    let subcommand = args.iter().find_map(|arg| command.find_subcommand(arg))?;
    let verb = subcommand.get_name();
    // Such as `--format <FORMAT>`.
    let argument = context(ContextKind::InvalidArg);
    let name = argument.split_whitespace().next().unwrap_or_default();
    let name = &as_given(name, subcommand, &args);
    match error.kind() {
        ErrorKind::MissingRequiredArgument => {
            let missing = MISSING.iter().find(|(of, _)| *of == verb);
            missing.map(|(_, text)| (*text).to_owned())
        }
        ErrorKind::UnknownArgument if name.starts_with('-') => Some(unknown_flag(verb, name)),
        ErrorKind::UnknownArgument => {
            let at = args.iter().position(|arg| arg == argument)?;
            let surplus = args[at..].iter().take_while(|arg| !arg.starts_with('-'));
            let surplus: Vec<_> = surplus.cloned().collect();
            Some(format!("unrecognized args: {}", quote_list(&surplus)))
        }
        ErrorKind::InvalidValue if context(ContextKind::InvalidValue).is_empty() => {
            Some(format!("option needs an argument: {name}"))
        }
        ErrorKind::InvalidValue => {
            let value = quote(context(ContextKind::InvalidValue));
            Some(format!(
                "invalid value {value} for option {name}: unknown format {value}"
            ))
        }
        ErrorKind::ValueValidation => {
            let value = quote(context(ContextKind::InvalidValue));
            if !name.starts_with('-') {
                // Only the numbers of machines are read here; other arguments are checked by their verbs.
                return Some(format!("invalid machine id {value}"));
            }
            let why = std::error::Error::source(error)?;
            let why = if why.is::<ParseIntError>() {
                format!("strconv.ParseInt: parsing {value}: invalid syntax")
            } else {
                why.to_string()
            };
            Some(format!("invalid value {value} for option {name}: {why}"))
        }
        _ => None,
    }
}

/// A flag, `--num-units`, as the user has spelled it: `-n`.
fn as_given(name: &str, verb: &Command, args: &[String]) -> String {
    let is_long = |arg: &String| arg.split('=').next() == Some(name);
    let mut flags = verb.get_arguments();
    let flag = flags.find(|flag| flag.get_long() == name.strip_prefix("--"));
    match flag.and_then(Arg::get_short) {
        Some(short) if !args.iter().any(is_long) => format!("-{short}"),
        _ => name.to_owned(),
    }
}

fn unknown_flag(verb: &str, flag: &str) -> String {
    let name = match flag {
        "-B" => "no-browser-login",
        "-v" => "verbose",
        "-q" => "quiet",
        flag => flag.trim_start_matches('-'),
    };
    let mut lacking = LACKING
        .iter()
        .filter(|(of, _)| [verb, ""].contains(of))
        .flat_map(|(_, flags)| *flags);
    let text = format!("option provided but not defined: {flag}");
    if !lacking.any(|lacking| *lacking == name) {
        return text;
    }
    format!("{text}\n{LACKING_IF_JUJU_HAS_IT}")
}

/// Reads a time that a flag is given: `30s`.
pub(crate) fn duration_flag(text: &str) -> Result<Duration, String> {
    let wrong = if text.parse::<f64>().is_ok() {
        "missing unit in"
    } else {
        "invalid"
    };
    duration(text).ok_or_else(|| format!("time: {wrong} duration {}", quote(text)))
}

/// Reads `--flag=true` and `--flag=false`, which Juju takes and clap does not: with the flag, and without it.
pub(crate) fn plain_switches(
    command: &Command,
    args: Vec<OsString>,
) -> Result<Vec<OsString>, String> {
    let verb = args.iter().find_map(|arg| command.find_subcommand(arg));
    let is_switch = |name: &str| {
        let mut flags = verb.into_iter().flat_map(Command::get_arguments);
        flags.any(|flag| {
            flag.get_long() == Some(name) && matches!(flag.get_action(), ArgAction::SetTrue)
        })
    };
    let mut plain = Vec::new();
    let mut args = args.into_iter();
    while let Some(arg) = args.next() {
        let text = arg.to_string_lossy().into_owned();
        let flag = text
            .strip_prefix("--")
            .and_then(|flag| flag.split_once('='));
        match flag {
            _ if text == "--" => {
                plain.push(arg);
                plain.extend(args);
                break;
            }
            Some((name, value)) if is_switch(name) => {
                let set = parse_bool(value).map_err(|why| {
                    format!("invalid value {} for option --{name}: {why}", quote(value))
                })?;
                let switch = OsString::from(format!("--{name}"));
                if set {
                    plain.push(switch);
                } else {
                    plain.retain(|earlier| *earlier != switch);
                }
            }
            _ => plain.push(arg),
        }
    }
    Ok(plain)
}
