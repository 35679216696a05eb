//! What a hook asks Juju for: all of it once the charm has returned `Ok`, and nothing on an error.

use std::io;

use ops::{Action, ActionResults, Charm, Error, Port, Result, Status, Unit};

use crate::answering;

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

/// Dispatches the hook, with port 8000 open, and returns whether it ended well and the commands that changed something.
fn dispatch(path: &str, then: fn() -> Result<Status>) -> (bool, Vec<String>) {
    let answers = [
        ("opened-ports", r#"["8000/tcp (*)"]"#),
        ("action-get", r#"{"port":80}"#),
    ];
    let (ended, mut commands) = answering::dispatch(&mut Moving(then), path, answers);
    commands.retain(|line| !line.starts_with("juju-log "));
    (ended.is_ok(), commands)
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
