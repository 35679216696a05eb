//! Two charms that tell each other where they listen, deployed with several units each: whatever happens on the way, all
//! know all others in the end.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use escargot::CargoBuild;
use serde_json::Value;
use tempfile::TempDir;

/// An operator with both charms.
struct Operator {
    home: TempDir,
    juju: PathBuf,
}

/// A program among the examples of this package, built as its tests are.
fn example(name: &str) -> PathBuf {
    let example = CargoBuild::new()
        .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .example(name);
    example.run().unwrap().path().to_owned()
}

/// Puts a command before each of the hook commands that a charm runs; the one whose turn it is fails.
const FAIL_AT: &str = r#"#!/bin/sh
turns=HOME/turns
name=${0##*/}
if [ -s "$turns" ]; then
    turn=$(cat "$turns")
    if [ "$turn" = 0 ]; then
        : >"$turns"
        echo "ERROR it was its turn to fail" >&2
        exit 1
    fi
    echo $((turn - 1)) >"$turns"
fi
PATH=${PATH#*:}
exec "$name" "$@"
"#;
const COMMANDS: [&str; 6] = [
    "is-leader",
    "relation-get",
    "relation-ids",
    "relation-list",
    "relation-set",
    "status-set",
];

impl Operator {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let juju = ops_testing::emulator().unwrap();
        let operator = Self { home, juju };
        operator.charm("provider", "provides", "");
        operator.charm("requirer", "requires", ", limit: 1");
        let fail_at = FAIL_AT.replace("HOME", &operator.home.path().display().to_string());
        for command in COMMANDS {
            operator.program(&format!("fail-at/{command}"), &fail_at);
        }
        operator
    }

    fn program(&self, path: &str, text: &str) {
        let path = self.home.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn charm(&self, name: &str, side: &str, more: &str) {
        let metadata = format!(
            "name: {name}\nsummary: s\ndescription: d\n{side}: {{addresses: {{interface: addresses{more}}}}}\n"
        );
        self.program(&format!("{name}/metadata.yaml"), &metadata);
        let charm = example(&format!("address_{name}"));
        let dispatch = format!(
            "#!/bin/sh\nPATH={}/fail-at:$PATH exec {}\n",
            self.home.path().display(),
            charm.display()
        );
        self.program(&format!("{name}/dispatch"), &dispatch);
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "what an operator runs is no hook command"
    )]
    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(&self.juju);
        command
            .args(line.split(' '))
            .current_dir(self.home.path())
            .env("JUJU_EMULATOR_DATA", self.home.path().join("data"))
            .env_remove("JUJU_MODEL")
            .stdin(Stdio::null());
        command
    }

    fn run(&self, line: &str) -> Output {
        self.command(line).output().unwrap()
    }

    fn ok(&self, line: &str) -> String {
        let output = self.run(line);
        assert!(output.status.success(), "{line}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn deploy(&self, units: u32) {
        self.ok(&format!("deploy ./provider -n {units}"));
        self.ok(&format!("deploy ./requirer -n {units}"));
        self.ok("model-config update-status-hook-interval=60m");
    }

    /// What each unit says, by its name.
    fn messages(&self) -> BTreeMap<String, String> {
        let status: Value = serde_json::from_str(&self.ok("status --format=json")).unwrap();
        let applications = status["applications"].as_object().unwrap().values();
        let units = applications.filter_map(|application| application["units"].as_object());
        let message = |(name, unit): (&String, &Value)| {
            let status = &unit["workload-status"];
            let text = format!(
                "{} {}",
                status["current"].as_str().unwrap(),
                status["message"].as_str().unwrap_or_default()
            );
            (name.clone(), text.trim_end().to_owned())
        };
        units.flatten().map(message).collect()
    }

    /// What each unit should say when it knows all of the other side.
    fn all_know_all(&self, providers: &[u32], requirers: &[u32], leader: u32) {
        let addresses = |application: &str, network: u32, port: u32, units: &[u32]| {
            let units = units
                .iter()
                .map(|unit| format!("{application}/{unit}=10.0.{network}.{unit}:{port}"));
            units.collect::<Vec<_>>().join(" ")
        };
        let of_providers = format!("active {}", addresses("requirer", 1, 9000, requirers));
        let of_requirers = format!(
            "active leader=provider/{leader} {}",
            addresses("provider", 0, 8000, providers)
        );
        let named = |application: &str, units: &[u32], message: &str| {
            let message = message.to_owned();
            let units = units.iter().map(|unit| format!("{application}/{unit}"));
            units
                .map(move |unit| (unit, message.clone()))
                .collect::<Vec<_>>()
        };
        let expected: BTreeMap<_, _> = named("provider", providers, &of_providers)
            .into_iter()
            .chain(named("requirer", requirers, &of_requirers))
            .collect();
        assert_eq!(
            self.messages(),
            expected,
            "{}",
            self.ok("debug-log --replay")
        );
    }
}

#[test]
fn all_units_know_all_others_whoever_comes_and_goes() {
    // given
    let operator = Operator::new();
    operator.deploy(3);
    let alone = operator.messages();
    assert_eq!(alone["provider/0"], "active");
    assert!(alone["requirer/0"].starts_with("blocked"), "{alone:?}");
    // when, then
    operator.ok("integrate provider requirer");
    operator.all_know_all(&[0, 1, 2], &[0, 1, 2], 0);
    operator.ok("add-unit provider");
    operator.all_know_all(&[0, 1, 2, 3], &[0, 1, 2], 0);
    operator.ok("remove-unit requirer/1 --no-prompt");
    operator.all_know_all(&[0, 1, 2, 3], &[0, 2], 0);
    operator.ok("remove-unit provider/0 --no-prompt");
    operator.all_know_all(&[1, 2, 3], &[0, 2], 1);
    operator.ok("remove-relation provider requirer");
    let after = operator.messages();
    assert_eq!(after["provider/1"], "active");
    assert!(after["requirer/0"].starts_with("blocked"), "{after:?}");
    operator.ok("integrate provider requirer");
    operator.all_know_all(&[1, 2, 3], &[0, 2], 1);
    operator.ok("remove-application provider --no-prompt");
    assert!(operator.messages()["requirer/0"].starts_with("blocked"));
}

#[test]
fn a_hook_that_fails_at_any_of_its_commands_is_made_good_by_its_retry() {
    let operator = Operator::new();
    operator.deploy(1);
    let turns = operator.home.path().join("turns");
    let mut failed = 0;
    for turn in 0.. {
        fs::write(&turns, format!("{turn}\n")).unwrap();
        operator.ok("integrate provider requirer");
        let came = fs::read_to_string(&turns).unwrap().is_empty();
        for _ in 0..3 {
            // The unit that is in error, if there is one.
            failed += u32::from(operator.run("resolved --all").status.success());
        }
        operator.all_know_all(&[0], &[0], 0);
        fs::write(&turns, "").unwrap();
        operator.ok("remove-relation provider requirer");
        if !came {
            break;
        }
    }
    // Each hook of both units runs some commands, so there were many.
    assert!(failed > 20, "{failed}");
}

#[test]
fn an_emulator_killed_at_any_moment_leaves_nobody_unknown() {
    let operator = Operator::new();
    operator.deploy(2);
    operator.ok("integrate provider requirer");
    for (round, delay) in (0..24).map(|round| (round, Duration::from_millis(7 * round))) {
        let verb = match round % 3 {
            0 => "add-unit provider",
            1 => "remove-relation provider requirer",
            _ => "integrate provider requirer",
        };
        let mut running = operator.command(verb).spawn().unwrap();
        thread::sleep(delay);
        running.kill().unwrap();
        running.wait().unwrap();
    }
    // Whatever is due is done by the next command; a relation may have gone.
    operator.ok("status");
    operator.run("integrate provider requirer");
    let messages = operator.messages();
    let numbers = |application: &str| {
        let units = messages
            .keys()
            .filter_map(|unit| unit.strip_prefix(application));
        let numbers = units.map(|number| number.trim_start_matches('/').parse().unwrap());
        let mut numbers: Vec<u32> = numbers.collect();
        numbers.sort_unstable();
        numbers
    };
    operator.all_know_all(&numbers("provider"), &numbers("requirer"), 0);
}
