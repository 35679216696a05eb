//! What a real juju has printed for the same command lines.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::verbs::{Juju, Ran};

/// A command line, and what it printed there.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Recorded {
    run: Vec<String>,
    #[serde(default)]
    exit: i32,
    #[serde(default)]
    stdout: String,
    #[serde(default)]
    stderr: String,
}

/// Before what is wrong with a setting 3.6 says where it was found, and 4.0.15 does not.
const SAID_BY_3_6: &str = "parsing settings for application: ";

/// The command lines that print something else here, and why.
const DIFFERENT: [(&str, &str); 9] = [
    (
        "status active",
        "3.6 looks for words of status, 4.0.15 does not.",
    ),
    ("show-unit nosuch/0", QUOTED_NAME),
    ("show-unit hello-server/9", QUOTED_NAME),
    ("show-application nosuch", QUOTED_NAME),
    ("config nosuch", QUOTED_NAME),
    (
        "config hello-server nosuch=1",
        "3.6 says no more than that the option is unknown.",
    ),
    (
        "config hello-server --reset nosuch",
        "3.6 refuses what the charm has no option for.",
    ),
    ("config hello-server --color", NO_COLOURS),
    ("config hello-server/0", "3.6 says which name is wrong."),
];

const NO_COLOURS: &str = "The emulator has no colours but those of status.";
const QUOTED_NAME: &str = "3.6 puts the name that it has not found in quotes.";

#[test]
fn the_emulator_prints_what_a_real_juju_has_printed() {
    let juju = with_the_charms_of_the_recording();
    let text = fs::read_to_string(cases().join("recorded.yaml")).unwrap();
    let recorded: Vec<Recorded> = serde_yaml::from_str(&text).unwrap();
    assert!(recorded.len() > 90);
    let mut wrong = Vec::new();
    let mut different = Vec::new();
    for recorded in recorded {
        let args: Vec<_> = recorded.run.iter().map(String::as_str).collect();
        let Ran {
            code,
            stdout,
            stderr,
        } = juju.run(&args);
        let line = args.join(" ");
        let stderr = stderr.replace(SAID_BY_3_6, "");
        let is_equal = code == Some(recorded.exit)
            && masked(&stdout) == recorded.stdout
            && stderr == recorded.stderr;
        if DIFFERENT.iter().any(|(known, _)| *known == line) {
            assert!(!is_equal, "{line}: is no longer different");
            different.push(line);
        } else if !is_equal {
            wrong.push(format!(
                "$ juju {line}\n--- recorded\nexit {}\n{}{}+++ here\nexit {code:?}\n{}{stderr}",
                recorded.exit,
                recorded.stdout,
                recorded.stderr,
                masked(&stdout)
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.concat());
    assert_eq!(different, DIFFERENT.map(|(line, _)| line));
}

fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/client")
}

fn with_the_charms_of_the_recording() -> Juju {
    let juju = Juju::new();
    juju.ok(&["add-model", "m1"]);
    for charm in ["hello-server", "probe"] {
        juju.ok(&["deploy", &cases().join(charm).display().to_string()]);
    }
    let status =
        "status-set --application blocked b; status-set active; application-version-set 'v 2'";
    juju.ok(&["exec", "--unit", "probe/0", "--", status]);
    juju
}

/// Without what differs from one moment, and from one machine, to the next.
fn masked(text: &str) -> String {
    let mut masked: Vec<char> = text.chars().collect();
    let like = |chars: &[char], pattern: &str| {
        chars.len() == pattern.len()
            && chars.iter().zip(pattern.chars()).all(|(c, p)| match p {
                '0' => c.is_ascii_digit(),
                'A' => c.is_ascii_alphabetic(),
                p => *c == p,
            })
    };
    for (pattern, mask) in [
        ("00:00:00", "00:00:00"),
        ("00 AAA 0000 00:00:00", "01 Jan 2000 00:00:00"),
    ] {
        for start in 0..masked.len() {
            let end = (start + pattern.len()).min(masked.len());
            if like(&masked[start..end], pattern) {
                masked.splice(start..end, mask.chars());
            }
        }
    }
    let mut text: String = masked.into_iter().collect();
    for (before, mask) in [
        ("arch=", "ARCH"),
        ("cores=", "CORES"),
        ("arch: ", "ARCH"),
        ("\"arch\":\"", "ARCH"),
    ] {
        let parts: Vec<_> = text.split(before).map(str::to_owned).collect();
        let rest = parts[1..].iter().map(|part| {
            let end = part
                .find(|c: char| !c.is_ascii_alphanumeric())
                .unwrap_or(part.len());
            format!("{before}{mask}{}", &part[end..])
        });
        text = parts[0].clone() + &rest.collect::<String>();
    }
    text
}
