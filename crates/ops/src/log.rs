//! The charm's log lines, on their way to `juju debug-log`.

use std::io::{self, Write};
use std::panic::{self, PanicHookInfo};
use std::sync::{Arc, Once};

use tracing::{Dispatch, Level, Metadata};
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::layer::SubscriberExt as _;

use crate::hook_command::{self, HookCommands};

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
            let args = ["--log-level", self.level, "--", part];
            if let Err(error) = hook_command::run(self.hook_commands, "juju-log", &args) {
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
    use super::*;

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
