//! The charm's log lines, on their way to `juju debug-log`.

use std::io::{self, Write};
use std::panic::{self, PanicHookInfo};
use std::sync::{Arc, Once};

use tracing::{Dispatch, Level, Metadata};
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::layer::SubscriberExt as _;

use crate::hook_command::{HookCommand, HookCommands};

/// The longest text that Linux passes as one argument: 128 KiB with the NUL that ends it.
const LONGEST_ARGUMENT: usize = 128 * 1024 - 1;

/// A subscriber that hands the lines at `levels` to Juju. Lines below cost nothing, each of the others one `juju-log`.
pub(crate) fn to_juju(hook_commands: Arc<dyn HookCommands>, levels: &Targets) -> Dispatch {
    let lines = fmt::layer()
        .without_time()
        .with_level(false)
        .with_target(false)
        .with_ansi(false)
        .with_writer(JujuLog(hook_commands))
        .with_filter(levels.clone());
    Dispatch::new(tracing_subscriber::registry().with(lines))
}

/// Sends panics where the log lines of the panicking thread go, and leaves those of other threads as they were.
pub(crate) fn catch_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let earlier = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if tracing::enabled!(Level::ERROR) {
                tracing::error!("{}", describe_panic(info));
            } else {
                earlier(info);
            }
        }));
    });
}

fn describe_panic(info: &PanicHookInfo<'_>) -> String {
    let message = info.payload_as_str().unwrap_or("no message");
    match info.location() {
        Some(location) => format!("panicked at {location}: {message}"),
        None => format!("panicked: {message}"),
    }
}

struct JujuLog(Arc<dyn HookCommands>);

impl<'a> MakeWriter<'a> for JujuLog {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line {
            hook_commands: &*self.0,
            level: "INFO",
        }
    }

    fn make_writer_for(&'a self, metadata: &Metadata<'_>) -> Line<'a> {
        Line {
            hook_commands: &*self.0,
            level: juju_level(*metadata.level()),
        }
    }
}

/// Takes the text of one event, which the `fmt` layer writes at once.
struct Line<'a> {
    hook_commands: &'a dyn HookCommands,
    level: &'static str,
}

impl Write for Line<'_> {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        for part in parts(String::from_utf8_lossy(text).trim_end()) {
            let command = HookCommand::new("juju-log")
                .arg("--log-level")
                .arg(self.level);
            if let Err(error) = command.arg("--").arg(part).run(self.hook_commands) {
                // Juju logs what a hook writes to its standard error, so the line is not lost.
                writeln!(io::stderr(), "{}: {part} ({})", self.level, error.problem)?;
            }
        }
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn juju_level(level: Level) -> &'static str {
    match level {
        Level::ERROR => "ERROR",
        Level::WARN => "WARNING",
        Level::INFO => "INFO",
        Level::DEBUG => "DEBUG",
        Level::TRACE => "TRACE",
    }
}

/// Cuts a text, between characters, into parts that each fit one argument.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let (part, after) = rest?.split_at(rest?.floor_char_boundary(LONGEST_ARGUMENT));
        rest = Some(after).filter(|after| !after.is_empty());
        Some(part)
    })
}

#[cfg(test)]
mod tests {
    use std::process::{ExitStatus, Output};
    use std::sync::Mutex;

    use super::*;
    use crate::{Charm, JujuContext, Result, Status, Unit};

    struct LogsAtEveryLevel;

    impl Charm for LogsAtEveryLevel {
        fn reconcile(&mut self, _unit: &Unit) -> Result<Status> {
            tracing::error!("charm");
            tracing::warn!("charm");
            tracing::info!("charm");
            tracing::debug!("charm");
            tracing::trace!("charm");
            Ok(Status::active())
        }
    }

    /// Keeps the commands that were run, and answers none.
    #[derive(Default)]
    struct Recorded(Mutex<Vec<String>>);

    impl HookCommands for Recorded {
        fn run(&self, command: &HookCommand) -> io::Result<Output> {
            let line = format!("{} {}", command.name(), command.args().join(" "));
            self.0.lock().unwrap().push(line);
            Ok(Output {
                status: ExitStatus::default(),
                stdout: Vec::new(),
                stderr: Vec::new(),
            })
        }
    }

    #[test]
    fn info_and_above_are_logged_unless_rust_log_says_otherwise() {
        let warning = "RUST_LOG=\"web=verbose\" is not what to log such as \"debug\" or \
                       \"info,hello_server=trace\"; info and above are logged";
        let (error, warn, info, debug) =
            ("ERROR charm", "WARNING charm", "INFO charm", "DEBUG charm");
        let malformed = format!("WARNING {warning}");
        let given_then = [
            (None, vec![error, warn, info]),
            (Some(""), vec![error, warn, info]),
            (Some("error"), vec![error]),
            (Some("info,ops::log=debug"), vec![error, warn, info, debug]),
            (Some("web=verbose"), vec![&malformed, error, warn, info]),
        ];
        for (levels, then) in given_then {
            // given
            let variables = [
                ("JUJU_DISPATCH_PATH", "hooks/start"),
                ("JUJU_UNIT_NAME", "web/0"),
                ("JUJU_CHARM_DIR", "/charm"),
                ("JUJU_MACHINE_ID", "0"),
                ("JUJU_MODEL_NAME", "staging"),
            ];
            let levels = levels.map(|levels| ("RUST_LOG", levels));
            let context = JujuContext::from_environment(variables.into_iter().chain(levels));
            let recorded = Arc::new(Recorded::default());
            // when
            crate::dispatch(
                &mut LogsAtEveryLevel,
                &context.unwrap(),
                Arc::clone(&recorded) as _,
            )
            .unwrap();
            // then
            let commands = recorded.0.lock().unwrap();
            let lines: Vec<String> = commands
                .iter()
                .filter_map(|command| command.strip_prefix("juju-log --log-level "))
                .map(|line| line.replacen(" -- ", " ", 1))
                .collect();
            assert_eq!(lines, then, "{levels:?}");
        }
    }

    #[test]
    fn a_short_text_is_one_part() {
        assert_eq!(parts("hello").collect::<Vec<_>>(), ["hello"]);
        assert_eq!(parts("").collect::<Vec<_>>(), [""]);
    }

    #[test]
    fn a_long_text_is_cut_between_characters_and_nothing_is_lost() {
        // given 300 kB in characters of three bytes, which no multiple of fits the limit
        let text = "€".repeat(100_000);
        // when
        let parts: Vec<&str> = parts(&text).collect();
        // then
        assert_eq!(parts.len(), 3);
        assert!(parts.iter().all(|part| part.len() <= LONGEST_ARGUMENT));
        assert_eq!(parts.concat(), text);
    }
}
