//! What a hook asks Juju for: all of it once the charm has returned `Ok`, and nothing on an error.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{ExitStatus, Output};
use std::sync::{Arc, Mutex};

use ops::{
    Action, ActionResults, Charm, Error, HookCommand, HookCommands, JujuContext, Port, Result,
    Status, Unit,
};

/// Answers hook commands with what the test says, and keeps them.
#[derive(Default)]
struct Juju {
    answers: BTreeMap<&'static str, &'static str>,
    commands: Mutex<Vec<String>>,
}

impl HookCommands for Juju {
    fn run(&self, command: &HookCommand) -> io::Result<Output> {
        let line = [&[command.name().to_owned()], command.args()].concat();
        self.commands.lock().unwrap().push(line.join(" "));
        let stdout = self
            .answers
            .get(command.name())
            .copied()
            .unwrap_or_default();
        Ok(Output {
            status: ExitStatus::from_raw(0),
            stdout: stdout.into(),
            stderr: Vec::new(),
        })
    }
}

/// Moves its port from 8000 to 80, and returns what the test wants.
struct Moving(fn() -> Result<Status>);

impl Charm for Moving {
    fn reconcile(&mut self, unit: &Unit) -> Result<Status> {
        unit.set_ports([Port::tcp(80)?])?;
        (self.0)()
    }

    fn action(&mut self, action: &Action<'_>, unit: &Unit) -> Result<ActionResults> {
        #[derive(serde::Deserialize)]
        struct Params {
            port: Port,
        }
        match action.name() {
            "move" => {
                let params: Params = action.params()?;
                unit.set_ports([params.port])?;
                action.log("-moved-")?;
                let _active = (self.0)()?;
                Ok(ActionResults::from([("to", "80/tcp")]))
            }
            _ => Err(action.unknown()),
        }
    }
}

/// Dispatches the hook, with port 8000 open, and returns whether it ended well and the commands that were run after
/// the first.
fn dispatch(path: &str, then: fn() -> Result<Status>) -> (bool, Vec<String>) {
    let variables = [
        ("JUJU_DISPATCH_PATH", path),
        ("JUJU_UNIT_NAME", "web/0"),
        ("JUJU_CHARM_DIR", "/charm"),
        ("JUJU_MACHINE_ID", "0"),
        ("JUJU_ACTION_UUID", "9"),
        ("RUST_LOG", "off"),
    ];
    let context = JujuContext::from_environment(variables).unwrap();
    let juju = Arc::new(Juju {
        answers: BTreeMap::from([
            ("opened-ports", r#"["8000/tcp (*)"]"#),
            ("action-get", r#"{"port":80}"#),
        ]),
        commands: Mutex::default(),
    });
    let ended = ops::dispatch(&mut Moving(then), &context, Arc::clone(&juju) as _);
    let commands = juju.commands.lock().unwrap();
    let changes = commands
        .iter()
        .filter(|line| !line.contains("--format=json"));
    (ended.is_ok(), changes.cloned().collect())
}

#[test]
fn what_is_held_is_sent_when_the_charm_has_returned_ok() {
    let (well, commands) = dispatch("hooks/start", || Ok(Status::active()));
    assert!(well);
    assert_eq!(
        commands,
        [
            "open-port 80/tcp",
            "close-port 8000/tcp",
            "status-set active"
        ]
    );
}

#[test]
fn what_is_held_is_dropped_when_somebody_else_must_act() {
    for (then, status) in [
        (
            (|| Err(Error::blocked("no disk"))) as fn() -> Result<Status>,
            "status-set blocked -- no disk",
        ),
        (
            || Err(Error::waiting("for the database")),
            "status-set waiting -- for the database",
        ),
    ] {
        let (well, commands) = dispatch("hooks/start", then);
        assert!(well);
        assert_eq!(
            commands,
            ["open-port 80/tcp", "close-port 80/tcp", status],
            "the new port is taken back, and the old one stays"
        );
    }
}

#[test]
fn what_is_held_is_dropped_when_the_hook_fails_and_juju_drops_the_rest() {
    let (well, commands) = dispatch("hooks/start", || Err(io::Error::other("no disk").into()));
    assert!(!well);
    assert_eq!(commands, ["open-port 80/tcp"]);
}

#[test]
fn an_action_sends_what_it_holds_and_shows_its_results() {
    let (well, commands) = dispatch("actions/move", || Ok(Status::active()));
    assert!(well);
    assert_eq!(
        commands,
        [
            "open-port 80/tcp",
            "action-log -- -moved-",
            "close-port 8000/tcp",
            "action-set -- to=80/tcp"
        ]
    );
}

#[test]
fn an_action_that_fails_for_the_operator_drops_what_it_holds_and_says_why() {
    let (well, commands) = dispatch("actions/move", || Err(Error::blocked("-not today")));
    assert!(well, "exit code 1 would replace the message");
    assert_eq!(
        commands,
        [
            "open-port 80/tcp",
            "action-log -- -moved-",
            "close-port 80/tcp",
            "action-fail -- -not today"
        ]
    );
}

#[test]
fn an_action_that_the_charm_does_not_have_fails() {
    let (well, commands) = dispatch("actions/nosuch", || Ok(Status::active()));
    assert!(well);
    assert_eq!(
        commands,
        ["action-fail -- the charm does not carry out the action nosuch"]
    );
}
