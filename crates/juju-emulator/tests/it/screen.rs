//! What somebody at a terminal sees: colours, tables that fit, and what is going on.

use std::fs::File;
use std::io::Read;
use std::process::{Child, Stdio};

use nix::pty::{Winsize, openpty};

use crate::verbs::Juju;

/// A verb whose output, and what it says meanwhile, go to a terminal.
struct OnTerminal {
    child: Child,
    screen: File,
}

impl OnTerminal {
    fn start(juju: &Juju, args: &[&str], variables: &[(&str, &str)]) -> Self {
        let size = Winsize {
            ws_row: 24,
            ws_col: 80,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        let terminal = openpty(Some(&size), None).unwrap();
        let mut command = juju.command(args);
        command
            .env_remove("NO_COLOR")
            .env("TERM", "xterm")
            .envs(variables.iter().copied())
            .stderr(Stdio::from(terminal.slave.try_clone().unwrap()))
            .stdout(Stdio::from(terminal.slave));
        Self {
            child: command.spawn().unwrap(),
            screen: File::from(terminal.master),
        }
    }

    /// What is shown until a text is, or until the verb has ended.
    fn shows(&mut self, until: &str) -> String {
        let mut shown = Vec::new();
        let mut byte = [0];
        // At the end of the last process that has it open, reading a terminal fails.
        while self.screen.read(&mut byte).is_ok_and(|count| count > 0) {
            shown.push(byte[0]);
            if shown.ends_with(until.as_bytes()) {
                break;
            }
        }
        String::from_utf8(shown).unwrap().replace("\r\n", "\n")
    }
}

impl Drop for OnTerminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Shows no end.
const NEVER: &str = "\0";

fn shown(juju: &Juju, args: &[&str], variables: &[(&str, &str)]) -> String {
    OnTerminal::start(juju, args, variables).shows(NEVER)
}

#[test]
fn a_terminal_has_colours_unless_they_are_not_wanted() {
    // given
    let juju = Juju::deployed();
    let green = "tiny/0*  \x1b[32mactive    \x1b[0m\x1b[32midle   \x1b[0m0  ";
    for (args, variables, is_colored) in [
        (&["status"][..], &[][..], true),
        (&["status", "--no-color"], &[], false),
        (&["status"], &[("NO_COLOR", "")], false),
        (&["status"], &[("TERM", "dumb")], false),
        (&["status", "--color"], &[("NO_COLOR", "1")], true),
    ] {
        // when
        let shown = shown(&juju, args, variables);
        // then
        assert!(shown.contains("8000/tcp") || is_colored, "{shown}");
        assert_eq!(shown.contains(green), is_colored, "{args:?}: {shown}");
        assert_eq!(shown.contains('\x1b'), is_colored, "{args:?}: {shown}");
    }
    juju.refused(
        &["status", "--color", "--no-color"],
        2,
        "cannot mix --no-color and --color",
    );
}

#[test]
fn a_status_that_is_watched_fits_the_terminal() {
    // given
    let juju = Juju::deployed();
    let message = "a message that is much too long for the table, and goes on and on and on";
    let set = format!("status-set blocked '{message}'");
    juju.ok(&["exec", "--unit", "tiny/0", "--", &set]);
    // when
    let args = ["status", "--no-color", "--watch", "10ms"];
    let mut watched = OnTerminal::start(&juju, &args, &[]);
    watched.shows("\x1bc");
    let screen = watched.shows("\x1bc");
    // then
    let lines = screen.lines().map(|line| line.trim_end_matches("\x1bc"));
    for line in lines {
        assert!(line.chars().count() <= 80, "{line:?}");
    }
    let unit = "tiny/0*  blocked   idle   0        127.0.0.1       8000/tcp  \n";
    assert!(screen.contains(&format!("{unit}  {message}\n")), "{screen}");
    // As wide as it is where it need not fit.
    assert!(
        juju.ok(&["status"])
            .contains(&format!("8000/tcp  {message}\n"))
    );
}

#[test]
fn what_goes_on_is_shown_at_a_terminal_alone() {
    // given
    let juju = Juju::new();
    // when
    let shown = shown(&juju, &["deploy", &juju.charm(), "-n", "2"], &[]);
    // then
    assert!(
        shown.contains("\ntiny/0: install (2 units to settle)\n"),
        "{shown}"
    );
    assert!(shown.contains("\ntiny/1: start\n"), "{shown}");
    let piped = juju.run(&["add-unit", "tiny"]);
    assert_eq!((piped.code, &*piped.stderr), (Some(0), ""));
}
