//! A charm whose actions are variants of an enum, as an operator runs them.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use escargot::CargoBuild;
use ops_testing::{Context, Exit, Outcome, State};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::database_actions::Database;

const METADATA: &str = "name: database\nsummary: s\ndescription: d\n";
const ACTIONS: &str = "
backup:
  params: {target: {type: string}, compress: {type: boolean, default: false}}
  required: [target]
listen: {params: {port: {type: integer, default: 5432}}}
restart: {}
vacuum: {}
drop: {}
";

struct Operator {
    home: TempDir,
    juju: PathBuf,
}

impl Operator {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let charm = home.path().join("database");
        fs::create_dir(&charm).unwrap();
        fs::write(charm.join("metadata.yaml"), METADATA).unwrap();
        fs::write(charm.join("actions.yaml"), ACTIONS).unwrap();
        let example = CargoBuild::new()
            .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
            .example("database_actions");
        let program = example.run().unwrap().path().to_owned();
        let dispatch = format!("#!/bin/sh\nexec {}\n", program.display());
        fs::write(charm.join("dispatch"), dispatch).unwrap();
        let executable = fs::Permissions::from_mode(0o755);
        fs::set_permissions(charm.join("dispatch"), executable).unwrap();
        let juju = home.path().join("juju");
        symlink(ops_testing::emulator().unwrap(), &juju).unwrap();
        let operator = Self { home, juju };
        operator.ok("deploy ./database");
        operator
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "what an operator runs is no hook command"
    )]
    fn run(&self, line: &str) -> Output {
        let mut command = Command::new(&self.juju);
        let command = command
            .args(line.split(' '))
            .current_dir(self.home.path())
            .env("JUJU_EMULATOR_DATA", self.home.path().join("data"))
            .env_remove("JUJU_MODEL")
            .stdin(Stdio::null());
        command.output().unwrap()
    }

    fn ok(&self, line: &str) -> String {
        let output = self.run(line);
        assert!(output.status.success(), "{line}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// What is shown of an action that has ended with 1.
    fn fails(&self, action: &str) -> String {
        let output = self.run(&format!("run database/0 {action}"));
        assert_eq!(output.status.code(), Some(1), "{action}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn ports(&self) -> String {
        self.ok("exec --unit database/0 -- opened-ports")
    }
}

#[test]
fn an_action_leaves_the_same_in_process_and_through_dispatch() {
    let operator = Operator::new();
    let project = operator.home.path().join("database");
    let contexts = [
        Context::of_charm(&project, || Database),
        Context::dispatching(&project),
    ];
    let given = State::default().with_opened_ports(["5432/tcp"]);
    let given_then: [(&str, Value, Option<&str>); 5] = [
        ("backup", json!({"target": "/srv/all"}), None),
        (
            "listen",
            json!({"port": 22}),
            Some("port 22 is taken by SSH"),
        ),
        ("listen", json!({"port": 80}), Some("exit status 1")),
        ("restart", json!({}), Some("exit status 1")),
        (
            "drop",
            json!({}),
            Some(
                "the charm does not carry out the action drop: unknown variant `drop`, expected one of `backup`, `listen`, `restart`, `vacuum`",
            ),
        ),
    ];
    for (action, params, failure) in given_then {
        let outcomes = contexts.each_ref().map(|context| Outcome {
            printed: String::new(),
            ..context.run_action(action, params.clone(), &given)
        });
        let [in_process, dispatched] = &outcomes;
        assert_eq!(in_process, dispatched, "{action} {params}");
        assert_eq!(in_process.action.failure.as_deref(), failure);
        assert_eq!(in_process.succeeded(), failure.is_none());
        assert_eq!(in_process.state, given);
    }
    let then = contexts[1].run_action("backup", json!({"target": "/srv"}), &given);
    let results = json!({"file": {"name": "/srv", "size": "7"}, "compressed": "false"});
    assert_eq!(then.action.results, results);
    assert_eq!(then.action.log, ["copying to /srv"]);
    let then = contexts[1].run_action("vacuum", json!({}), &given);
    assert_eq!(then.exit, Exit::Code(1));
    let printed = "the charm panicked: there is no database\n";
    assert_eq!(then.printed, printed);
}

#[test]
fn an_action_shows_what_it_has_to_show() {
    let operator = Operator::new();
    let shown = operator.run("run database/leader backup target=/srv/all compress=true");
    let results = "compressed: \"true\"\nfile:\n  name: /srv/all\n  size: \"7\"\n\n";
    assert_eq!(String::from_utf8_lossy(&shown.stdout), results);
    let progress = String::from_utf8_lossy(&shown.stderr).into_owned();
    assert!(progress.ends_with(" copying to /srv/all\n\n"), "{progress}");
}

#[test]
fn what_an_operator_must_do_is_the_message_of_the_action_and_nothing_is_kept() {
    let operator = Operator::new();
    let failed = operator.ok("run database/0 listen port=22");
    assert_eq!(failed, "Action id 1 failed: port 22 is taken by SSH\n\n");
    assert_eq!(operator.ports(), "");
    let failed = operator.ok("run database/0 listen port=0");
    let why = "Action id 5 failed: parameter port: ";
    assert!(failed.starts_with(why), "{failed}");
    let failed = operator.ok("run database/0 drop");
    let why = "Action id 7 failed: the charm does not carry out the action drop: unknown variant `drop`, expected one of `backup`, `listen`, `restart`, `vacuum`\n\n";
    assert_eq!(failed, why);
}

#[test]
fn any_other_error_and_a_panic_are_shown_to_the_operator_and_nothing_is_kept() {
    let operator = Operator::new();
    let shown = operator.fails("restart");
    let why = "Action id 1 failed: exit status 1\n\nthe disk is full\n";
    assert_eq!(shown, why);
    let shown = operator.fails("vacuum");
    let why = "Action id 3 failed: exit status 1\n\nthe charm panicked: there is no database\n";
    assert_eq!(shown, why);
    let shown = operator.fails("listen");
    assert!(
        shown.contains("\"listens_on\" has a key that Juju does not take"),
        "{shown}"
    );
    assert_eq!(operator.ports(), "");
    let log = operator.ok("debug-log --replay");
    assert!(
        log.contains("listen failed: the action's result \"listens_on\""),
        "{log}"
    );
}
