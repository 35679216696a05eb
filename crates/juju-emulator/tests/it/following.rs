//! What goes on until it is interrupted: `debug-log --tail` and `status --watch`. And which part of the log is shown.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Stdio};

use crate::verbs::Juju;

/// A verb that runs on, and is killed when nobody needs it any more.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(juju: &Juju, args: &[&str]) -> (Running, BufReader<ChildStdout>) {
    let mut child = juju.command(args).stdout(Stdio::piped()).spawn().unwrap();
    let stdout = BufReader::new(child.stdout.take().unwrap());
    (Running(child), stdout)
}

#[test]
fn the_log_is_followed_when_asked_for() {
    let juju = Juju::deployed();
    let args = ["debug-log", "--tail", "-n", "1", "--include", "tiny"];
    let (_running, mut stdout) = start(&juju, &args);
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    assert!(line.contains(" ran \"start\" hook "), "{line}");
    juju.ok(&["exec", "--machine", "0", "--", "true"]);
    juju.ok(&["config", "tiny", "port=81"]);
    line.clear();
    stdout.read_line(&mut line).unwrap();
    assert!(line.contains(" ran \"config-changed\" hook "), "{line}");
}

#[test]
fn the_status_is_shown_again_and_again() {
    let juju = Juju::deployed();
    let (running, mut stdout) = start(&juju, &["status", "--watch", "10ms", "tiny/0"]);
    let mut screen = Vec::new();
    let mut next = |shown: &str| loop {
        screen.clear();
        stdout.read_until(0x1b, &mut screen).unwrap();
        let text = String::from_utf8(screen.clone()).unwrap();
        if text.contains(shown) {
            return text;
        }
    };
    let first = next("  8000/tcp  port 8000\n");
    assert!(first.starts_with("cModel  "), "{first}");
    juju.ok(&["config", "tiny", "port=81"]);
    next("  81/tcp  port 81\n");
    drop(running);
    stdout.read_to_end(&mut Vec::new()).unwrap();
}

#[test]
fn a_limit_is_of_the_last_lines_or_with_replay_of_the_first() {
    let juju = Juju::deployed();
    juju.ok(&["add-unit", "tiny"]);
    let all = juju.ok(&["debug-log", "--replay"]);
    let all: Vec<_> = all.lines().collect();
    let lines = |args: &[&str]| juju.ok(&[&["debug-log"], args].concat());
    let last = all.len() - 2;
    assert_eq!(lines(&["--limit", "2"]), all[last..].join("\n") + "\n");
    assert_eq!(
        lines(&["-n", "2", "--no-tail"]),
        all[last..].join("\n") + "\n"
    );
    assert_eq!(
        lines(&["--limit=2", "--replay"]),
        all[..2].join("\n") + "\n"
    );
    assert_eq!(
        lines(&["--limit=999", "--replay"]).lines().count(),
        all.len()
    );
    assert_eq!(lines(&["--limit=0"]).lines().count(), all.len());
    assert_eq!(lines(&["--limit=2", "--tail"]).lines().count(), 2);
    let of_1 = all
        .iter()
        .filter(|line| line.starts_with("unit-tiny-1:"))
        .count();
    for name in ["tiny/1", "unit-tiny-1", "*-1"] {
        assert_eq!(
            lines(&["--replay", "-i", name]).lines().count(),
            of_1,
            "{name}"
        );
        let rest = lines(&["--replay", "-x", name]).lines().count();
        assert_eq!(rest, all.len() - of_1, "{name}");
    }
}
