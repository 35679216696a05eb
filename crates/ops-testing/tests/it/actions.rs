//! Actions in the test's own process: what they leave, what is impossible, and whether they break a law.

use std::fs;

use ops::{Action, ActionResults, Charm, Error, Port, Result, Status, Unit};
use ops_testing::{Context, Law, Laws, State};
use serde_json::json;
use tempfile::TempDir;

const METADATA: &str = "
name: website
actions:
  open:
    params: {port: {type: integer, default: 8080, minimum: 1}, then: {type: string, default: ends}}
    additionalProperties: false
  close: {params: {port: {type: integer}}, required: [port]}
";

/// Opens its port, and by an action another one.
#[derive(Clone, Copy)]
struct Website {
    /// Whether it closes ports that an action has left open.
    closes: bool,
}

#[derive(serde::Deserialize)]
struct Open {
    port: Port,
    then: String,
}

impl Charm for Website {
    fn reconcile(&mut self, unit: &Unit) -> Result<Status> {
        let port = Port::tcp(80)?;
        if self.closes {
            unit.set_ports([port])?;
        } else {
            unit.open_port(port)?;
        }
        Ok(Status::active())
    }

    fn action(&mut self, action: &Action<'_>, unit: &Unit) -> Result<ActionResults> {
        match action.name() {
            "open" => {
                let Open { port, then } = action.params()?;
                action.log("opening")?;
                unit.open_port(port.clone())?;
                match then.as_str() {
                    "blocks" => Err(Error::blocked("not today")),
                    "fails" => Err(std::io::Error::other("no disk").into()),
                    _ => Ok(ActionResults::from([("opened.port", port.to_string())])),
                }
            }
            _ => Err(action.unknown()),
        }
    }

    fn stop(&mut self, unit: &Unit) -> Result<()> {
        unit.set_ports::<Port>([])?;
        Ok(())
    }
}

fn context(closes: bool) -> (TempDir, Context) {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("charmcraft.yaml"), METADATA).unwrap();
    let context = Context::of_charm(directory.path(), move || Website { closes });
    (directory, context)
}

#[test]
fn what_an_action_asked_for_is_there_when_it_has_ended_well_and_only_then() {
    let (_directory, context) = context(true);
    let run = |then: &str| context.run_action("open", json!({"then": then}), &State::default());

    let ends = run("ends");
    assert!(ends.succeeded());
    assert_eq!(ends.state.opened_ports, ["8080/tcp"]);
    assert_eq!(ends.action.results, json!({"opened": {"port": "8080/tcp"}}));
    assert_eq!(ends.action.log, ["opening"]);

    let blocks = run("blocks");
    assert!(!blocks.succeeded());
    assert_eq!(blocks.action.failure.as_deref(), Some("not today"));
    assert!(blocks.state.opened_ports.is_empty());
    assert_eq!(blocks.state.unit_status, None);

    let fails = run("fails");
    assert!(!fails.succeeded());
    assert_eq!(fails.action.failure.as_deref(), Some("exit status 1"));
    assert_eq!(fails.rolled_back, ["open-port 8080/tcp"]);
    assert_eq!(fails.errors(), ["open failed: no disk"]);
    assert!(fails.state.opened_ports.is_empty());
}

#[test]
fn an_action_that_juju_would_refuse_is_impossible() {
    let (_directory, context) = context(true);
    let refusal = |name: &str, params| {
        let run = || context.run_action(name, params, &State::default());
        let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).unwrap_err();
        panic.downcast_ref::<String>().unwrap().clone()
    };
    let given_then = [
        (
            refusal("nosuch", json!({})),
            "- nosuch: the charm has no action \"nosuch\"",
        ),
        (
            refusal("open", json!({"prot": 1})),
            "- open: validation failed: (root) : additional property \"prot\" is not allowed, given {\"prot\":1}",
        ),
        (
            refusal("open", json!({"port": 0})),
            "- open: validation failed: (root).port : must be greater than or equal to 1, given 0",
        ),
        (
            refusal("close", json!({})),
            "- close: validation failed: (root) : \"port\" property is missing and required, given {}",
        ),
        (
            refusal("open", json!([])),
            "open: the parameters are no map: []",
        ),
    ];
    for (refusal, then) in given_then {
        assert_eq!(refusal.lines().last(), Some(then));
    }
}

#[test]
fn a_charm_that_makes_good_what_an_action_left_keeps_all_laws() {
    let (_directory, context) = context(true);
    Laws::of(&context, ())
        .with_action("close", json!({"port": 80}))
        .with_action("open", json!({"then": "fails"}))
        .check([State::default()]);
}

#[test]
fn a_charm_that_leaves_what_an_action_left_breaks_a_law() {
    let (_directory, context) = context(false);
    let laws = Laws::of(&context, ()).try_check([State::default()]);
    let violation = laws.unwrap_err();
    assert_eq!(violation.law, Law::Order);
    for part in [
        "1. open, an action, with {}\n2. config-changed\n",
        "then.state",
        "context.run_action(\"open\", json!({}), ",
    ] {
        assert!(violation.story.contains(part), "{violation}");
    }
}

#[test]
fn an_action_that_changes_something_for_good_is_left_out() {
    let (_directory, context) = context(false);
    Laws::of(&context, ())
        .without_action("open")
        .check([State::default()]);
}
