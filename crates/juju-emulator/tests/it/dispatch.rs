//! One hook in a real process, against an agent that the test plays.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use juju_emulator::charm::hook::Hook;
use juju_emulator::hook::dispatch::{
    Agent, Call, Dispatch, DispatchError, Ended, Identity, Reply, Stream,
};
use juju_emulator::link_commands;

/// Answers every call with `reply` and remembers what it saw.
struct Recorder<'a> {
    reply: Reply,
    calls: Vec<String>,
    lines: Vec<(Stream, String)>,
    interrupt: &'a AtomicBool,
}

impl Agent for Recorder<'_> {
    fn answer(&mut self, call: &Call) -> Reply {
        self.calls
            .push(format!("{} {}", call.command, call.args.join(" ")));
        if call.args == ["interrupt"] {
            self.interrupt.store(true, Ordering::SeqCst);
        }
        if self.reply == Reply::needs_stdin() && call.stdin.is_some() {
            let stdout = call.stdin.clone().unwrap_or_default();
            return answer(&stdout);
        }
        self.reply.clone()
    }

    fn output(&mut self, stream: Stream, line: &[u8]) {
        self.lines
            .push((stream, String::from_utf8_lossy(line).into_owned()));
    }
}

fn answer(stdout: &[u8]) -> Reply {
    Reply::Answer {
        exit_code: 0,
        stdout: stdout.to_vec(),
        stderr: Vec::new(),
    }
}

/// What one run left.
struct Then {
    ended: Result<Ended, DispatchError>,
    calls: Vec<String>,
    stdout: String,
    stderr: Vec<String>,
}

/// Runs a charm whose `dispatch` is this shell script, in a fresh directory.
fn run(script: &str, hook: &Hook, reply: Reply) -> Then {
    let home = tempfile::tempdir().unwrap();
    let charm_dir = home.path().join("charm");
    fs::create_dir(&charm_dir).unwrap();
    fs::write(charm_dir.join("metadata.yaml"), "name: app").unwrap();
    if !script.is_empty() {
        let dispatch = charm_dir.join("dispatch");
        fs::write(&dispatch, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&dispatch, fs::Permissions::from_mode(0o755)).unwrap();
    }
    run_in(home.path(), "echo by-exec; exit 4", hook, reply)
}

fn run_in(home: &Path, commands: &str, hook: &Hook, reply: Reply) -> Then {
    let commands_dir = home.join("commands");
    link_commands(
        &commands_dir,
        Path::new(env!("CARGO_BIN_EXE_juju-emulator")),
        ["status-set", "juju-log"],
    )
    .unwrap();
    let identity = Identity {
        unit: "app/0".to_owned(),
        model_name: "demo".to_owned(),
        model_uuid: "0f3a".to_owned(),
        machine: "0".to_owned(),
        principal: String::new(),
        availability_zone: "az1".to_owned(),
        juju_version: "3.6.9".to_owned(),
    };
    let interrupt = AtomicBool::new(false);
    let mut agent = Recorder {
        reply,
        calls: Vec::new(),
        lines: Vec::new(),
        interrupt: &interrupt,
    };
    let ended = Dispatch {
        identity: &identity,
        hook,
        commands,
        charm_dir: &home.join("charm"),
        commands_dir: &commands_dir,
        socket_dir: &home.join("run"),
        path: "/usr/bin:/bin".into(),
        variables: BTreeMap::from([("EXTRA".to_owned(), "more".into())]),
        interrupt: &interrupt,
    }
    .run(&mut agent);
    let of = |stream| {
        agent
            .lines
            .iter()
            .filter(move |(of, _)| *of == stream)
            .map(|(_, line)| line.clone())
    };
    assert_eq!(
        fs::read_dir(home.join("run")).map_or(0, Iterator::count),
        0,
        "the socket is gone with the hook"
    );
    Then {
        ended,
        stdout: of(Stream::Stdout).collect(),
        stderr: of(Stream::Stderr).collect(),
        calls: agent.calls,
    }
}

#[test]
fn a_hook_has_exactly_the_environment_of_the_contract() {
    let then = run("env; pwd >&2", &Hook::unit("config-changed"), answer(b""));
    assert_eq!(then.ended.unwrap(), Ended::Exited(0));
    let mut names: Vec<_> = then
        .stdout
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, _)| name)
        // The shell's own.
        .filter(|name| !["PWD", "SHLVL", "_", "OLDPWD"].contains(name))
        .collect();
    names.sort_unstable();
    assert_eq!(
        names.join(" "),
        "APT_LISTCHANGES_FRONTEND CHARM_DIR CLOUD_API_VERSION DEBIAN_FRONTEND EXTRA \
         JUJU_AGENT_SOCKET_ADDRESS JUJU_AGENT_SOCKET_NETWORK JUJU_API_ADDRESSES \
         JUJU_AVAILABILITY_ZONE JUJU_CHARM_DIR JUJU_CHARM_FTP_PROXY JUJU_CHARM_HTTPS_PROXY \
         JUJU_CHARM_HTTP_PROXY JUJU_CHARM_NO_PROXY JUJU_CONTEXT_ID JUJU_DISPATCH_PATH \
         JUJU_HOOK_NAME JUJU_MACHINE_ID JUJU_MODEL_NAME JUJU_MODEL_UUID JUJU_PRINCIPAL_UNIT \
         JUJU_SLA JUJU_UNIT_NAME JUJU_VERSION LANG PATH TERM"
    );
    let no_proxy = "\nJUJU_CHARM_NO_PROXY=127.0.0.1,localhost,::1\n";
    assert!(then.stdout.contains(no_proxy), "{}", then.stdout);
    assert!(then.stderr[0].ends_with("/charm\n"), "{:?}", then.stderr);
}

#[test]
fn hook_commands_reach_the_agent_and_print_its_answer() {
    let then = run(
        "status-set active -- 'all good'; echo $?",
        &Hook::unit("start"),
        Reply::Answer {
            exit_code: 1,
            stdout: b"out\n".to_vec(),
            stderr: b"ERROR no\n".to_vec(),
        },
    );
    assert_eq!(then.calls, ["status-set active -- all good"]);
    assert_eq!(then.stdout, "out\n1\n");
    assert_eq!(then.stderr, ["ERROR no\n"]);
}

#[test]
fn stdin_is_sent_only_when_the_agent_asks() {
    let then = run(
        "printf 'a\\377b' | status-set -",
        &Hook::unit("start"),
        Reply::needs_stdin(),
    );
    assert_eq!(then.calls, ["status-set -", "status-set -"]);
    assert_eq!(then.stdout, "a\u{fffd}b");
}

#[test]
fn a_command_of_another_context_is_refused() {
    let then = run(
        "JUJU_CONTEXT_ID=app/0-install-1 status-set active; env -u JUJU_CONTEXT_ID status-set active",
        &Hook::unit("start"),
        answer(b""),
    );
    assert_eq!(
        then.stderr,
        [
            "ERROR bad request: wrong context ID; got \"app/0-install-1\"\n",
            "ERROR JUJU_CONTEXT_ID not set\n"
        ]
    );
    assert_eq!(then.ended.unwrap(), Ended::Exited(1));
    assert!(then.calls.is_empty());
}

#[test]
fn the_ways_a_hook_ends() {
    let start = Hook::unit("start");
    let given_then = [
        ("exit 7", &start, Ended::Exited(7)),
        ("kill -KILL $$", &start, Ended::Killed(9)),
        ("", &start, Ended::Missing),
        ("exit 7", &Hook::JujuExec { id: 1 }, Ended::Exited(4)),
    ];
    for (script, hook, ended) in given_then {
        let then = run(script, hook, answer(b""));
        assert_eq!(then.ended.unwrap(), ended, "{script}");
    }
}

#[test]
fn a_caller_can_kill_a_command_or_the_hook() {
    let script = "status-set active; echo $?; status-set active; echo $?";
    let then = run(script, &Hook::unit("start"), Reply::KillCommand);
    assert_eq!(then.stdout, "137\n137\n");
    let then = run(script, &Hook::unit("start"), Reply::KillHook);
    assert_eq!(then.ended.unwrap(), Ended::Killed(9));
    assert_eq!(then.calls.len(), 1);
}

#[test]
fn an_interrupted_hook_is_terminated_and_can_change_nothing_more() {
    let then = run(
        "trap 'status-set blocked; exit 0' TERM; status-set interrupt; while :; do :; done",
        &Hook::unit("start"),
        answer(b""),
    );
    assert_eq!(then.ended.unwrap(), Ended::Interrupted);
    assert_eq!(then.calls, ["status-set interrupt"]);
}

#[test]
fn a_background_child_does_not_hold_up_the_hook() {
    let start = Instant::now();
    let then = run("sleep 3 & echo done", &Hook::unit("start"), answer(b""));
    assert_eq!(then.ended.unwrap(), Ended::Exited(0));
    assert!(start.elapsed() < Duration::from_secs(2));
    assert_eq!(then.stdout, "done\n");
}

#[test]
fn long_lines_come_in_pieces() {
    let then = run(
        "printf '%5000s\\n' x >&2",
        &Hook::unit("start"),
        answer(b""),
    );
    let lengths: Vec<_> = then.stderr.iter().map(String::len).collect();
    assert_eq!(lengths, [4096, 905]);
}

#[test]
fn a_dispatch_that_cannot_be_started_is_an_error_and_says_why() {
    let home = tempfile::tempdir().unwrap();
    let charm_dir = home.path().join("charm");
    fs::create_dir(&charm_dir).unwrap();
    let then = run_in(home.path(), "", &Hook::unit("start"), answer(b""));
    let error = then.ended.unwrap_err().to_string();
    assert!(error.starts_with("charm missing from disk"), "{error}");
    fs::write(charm_dir.join("metadata.yaml"), "name: app").unwrap();
    fs::write(charm_dir.join("dispatch"), "#!/bin/sh\n").unwrap();
    let then = run_in(home.path(), "", &Hook::unit("start"), answer(b""));
    let error = then.ended.unwrap_err().to_string();
    assert!(error.contains("not executable"), "{error}");
}

#[test]
fn a_socket_directory_that_is_too_deep_is_an_error_and_says_so() {
    let home = tempfile::tempdir().unwrap();
    let deep = home.path().join("d".repeat(100));
    fs::create_dir_all(deep.join("charm")).unwrap();
    fs::write(deep.join("charm/metadata.yaml"), "name: app").unwrap();
    let then = run_in(&deep, "", &Hook::JujuExec { id: 1 }, answer(b""));
    let error = then.ended.unwrap_err().to_string();
    assert!(error.contains("shorter path"), "{error}");
}
