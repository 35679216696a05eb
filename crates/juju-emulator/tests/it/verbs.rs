//! juju's verbs, through the real binary, with a charm that is a shell script.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::Value;
use tempfile::TempDir;

/// Keeps what its config says as its port, and does on request what charms do wrong.
pub(crate) const CHARM: &str = r#"#!/bin/sh
set -e
port=$(config-get port)
case $JUJU_HOOK_NAME in
    stop|remove) exit 0 ;;
esac
case $(config-get do) in
    fail) status-set blocked 'about to fail'; open-port 1/tcp; exit 3 ;;
    nowhere) open-port --endpoints nowhere 5/tcp ;;
    killed) kill -KILL $$ ;;
    killed-once) [ -e killed ] || { touch killed; kill -KILL $$; } ;;
    hang) echo hanging; echo $$ >hanging; while :; do :; done ;;
    reboot-twice) [ -e twice ] || { [ ! -e once ] || touch twice; touch once; juju-reboot --now; } ;;
    speak) echo out; echo err >&2; juju-log -l DEBUG quiet; juju-log loud ;;
esac
for open in $(opened-ports); do
    [ "$open" = "$port/tcp" ] || close-port "$open"
done
open-port "$port"
application-version-set 1.2
status-set active "port $port"
"#;

const CONFIG: &str = "options:
  port: {type: int, default: 8000, description: Which port}
  do: {type: string, default: nothing}
";

/// A user's own data directory, with a charm to deploy.
pub(crate) struct Juju {
    pub(crate) home: TempDir,
}

/// What one command left.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Whether there is such a process; one that has ended and that nobody has waited for has no command line.
pub(crate) fn is_running(pid: &str) -> bool {
    let command_line = fs::read(format!("/proc/{}/cmdline", pid.trim()));
    command_line.is_ok_and(|line| !line.is_empty())
}

impl Juju {
    pub(crate) fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let juju = Self { home };
        juju.write_charm("dispatch", CHARM);
        juju.write_charm(
            "metadata.yaml",
            "name: tiny\nsummary: s\ndescription: d\nextra-bindings: {admin: null}\n",
        );
        juju.write_charm("config.yaml", CONFIG);
        juju
    }

    /// A user who has deployed the charm.
    pub(crate) fn deployed() -> Self {
        let juju = Self::new();
        juju.ok(&["deploy", &juju.charm()]);
        juju
    }

    pub(crate) fn charm(&self) -> String {
        self.home.path().join("charm").display().to_string()
    }

    pub(crate) fn write_charm(&self, name: &str, content: &str) {
        let path = self.home.path().join("charm").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        let executable = fs::Permissions::from_mode(0o755);
        fs::set_permissions(&path, executable).unwrap();
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_juju-emulator"));
        command
            .args(args)
            .env("JUJU_EMULATOR_DATA", self.home.path().join("data"))
            .env_remove("JUJU_MODEL")
            .env_remove("JUJU_EMULATOR_SYSTEMD")
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        let output = self.command(args).output().unwrap();
        Ran {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Runs what has to work and hands back its stdout.
    pub(crate) fn ok(&self, args: &[&str]) -> String {
        let ran = self.run(args);
        assert_eq!(ran.code, Some(0), "{args:?}: {ran:?}");
        ran.stdout
    }

    pub(crate) fn refused(&self, args: &[&str], code: i32, stderr: &str) {
        let ran = self.run(args);
        assert_eq!(ran.code, Some(code), "{args:?}: {ran:?}");
        assert!(ran.stderr.contains(stderr), "{args:?}: {ran:?}");
        assert_eq!(ran.stdout, "", "{args:?}");
    }

    /// Runs what shows something, or `{}` when it is refused with 1.
    pub(crate) fn refused_beside_empty(&self, args: &[&str], stderr: &str) {
        let ran = self.run(args);
        assert_eq!(ran.code, Some(1), "{args:?}: {ran:?}");
        assert!(ran.stderr.contains(stderr), "{args:?}: {ran:?}");
        assert_eq!(ran.stdout, "{}\n", "{args:?}");
    }

    pub(crate) fn status(&self) -> Value {
        serde_json::from_str(&self.ok(&["status", "--format=json"])).unwrap()
    }

    /// What the model keeps, byte for byte.
    pub(crate) fn state(&self) -> String {
        let state = "data/models/emulator/state.json";
        fs::read_to_string(self.home.path().join(state)).unwrap()
    }

    /// Replaces what the model keeps, as the emulator does: by rename.
    pub(crate) fn write_state(&self, text: &str) {
        let model = self.home.path().join("data/models/emulator");
        fs::write(model.join("state.of-test"), text).unwrap();
        fs::rename(model.join("state.of-test"), model.join("state.json")).unwrap();
    }

    pub(crate) fn application(&self) -> Value {
        self.status()["applications"]["tiny"].clone()
    }

    /// Status, message and ports of a unit in one line.
    pub(crate) fn unit(&self, name: &str) -> String {
        let unit = &self.application()["units"][name];
        format!(
            "{} {} {}",
            unit["workload-status"]["current"],
            unit["workload-status"]["message"],
            unit["open-ports"]
        )
    }

    pub(crate) fn log(&self) -> String {
        self.ok(&["debug-log", "--limit", "0"])
    }

    /// The hooks that the log says have run, in order.
    pub(crate) fn hooks(&self) -> Vec<String> {
        self.log()
            .lines()
            .filter_map(|line| Some(line.split_once(" ran \"")?.1.split_once('"')?.0.to_owned()))
            .collect()
    }

    pub(crate) fn on_machine(&self, path: &str) -> PathBuf {
        let machines = "data/models/emulator/machines";
        self.home.path().join(machines).join(path)
    }
}

#[test]
fn a_deployed_charm_has_run_the_hooks_of_its_beginning() {
    let juju = Juju::new();
    let ran = juju.run(&["deploy", &juju.charm()]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(ran.stdout, "");
    let as_root = "The charm's commands run as root, on this machine\n";
    assert_eq!(
        nix::unistd::geteuid().is_root(),
        ran.stderr.ends_with(as_root)
    );
    assert_eq!(
        ran.stderr.trim_end_matches(as_root),
        "Located local charm \"tiny\", revision 0\n\
         Deploying \"tiny\" from local charm \"tiny\", revision 0 on ubuntu@24.04/stable\n"
    );
    assert_eq!(
        juju.hooks(),
        ["install", "leader-elected", "config-changed", "start"]
    );
    assert_eq!(juju.unit("tiny/0"), r#""active" "port 8000" ["8000/tcp"]"#);
    let application = juju.application();
    assert_eq!(application["version"], "1.2");
    assert_eq!(application["charm"], "local:tiny-0");
    assert_eq!(
        application["units"]["tiny/0"]["public-address"],
        "127.0.0.1"
    );
    let table = juju.ok(&["status"]);
    assert!(
        table.contains("tiny/0*  active    idle   0        127.0.0.1       8000/tcp  port 8000\n"),
        "{table}"
    );
}

#[test]
fn config_is_set_checked_shown_and_reset() {
    let juju = Juju::deployed();
    juju.ok(&["config", "tiny", "port=6789"]);
    assert_eq!(juju.unit("tiny/0"), r#""active" "port 6789" ["6789/tcp"]"#);
    assert_eq!(juju.ok(&["config", "tiny", "port"]), "6789\n");
    let all: Value = serde_json::from_str(&juju.ok(&["config", "tiny", "--format=json"])).unwrap();
    assert_eq!(all["settings"]["port"]["source"], "user");
    assert_eq!(all["settings"]["do"]["source"], "default");

    let file = juju.home.path().join("options.yaml");
    fs::write(&file, "tiny: {port: 7000}").unwrap();
    juju.ok(&["config", "tiny", "--file", &file.display().to_string()]);
    assert_eq!(juju.ok(&["config", "tiny", "port"]), "7000\n");
    juju.ok(&["config", "tiny", "--reset", "port"]);
    assert_eq!(juju.unit("tiny/0"), r#""active" "port 8000" ["8000/tcp"]"#);

    let before = juju.hooks();
    juju.ok(&["config", "tiny", "port=8000"]);
    juju.refused_beside_empty(
        &["config", "tiny", "port=abc"],
        r#"option "port" expected int, got "abc""#,
    );
    juju.refused_beside_empty(&["config", "tiny", "prot=1"], r#"unknown option "prot""#);
    juju.refused_beside_empty(
        &["config", "none", "port=1"],
        r#"application "none" not found"#,
    );
    juju.refused_beside_empty(
        &["config", "tiny", "prot"],
        r#"ERROR key "prot" not found in "tiny" application config or charm settings."#,
    );
    juju.refused(&["config", "tiny", "port", "do=x"], 2, "simultaneously");
    assert_eq!(
        juju.hooks(),
        before,
        "no hook runs when nothing has changed"
    );
}

#[test]
fn a_failed_hook_changes_its_status_and_nothing_else_and_is_run_again_when_resolved() {
    let juju = Juju::deployed();
    juju.ok(&["model-config", "automatically-retry-hooks=false"]);
    juju.ok(&["config", "tiny", "do=fail", "port=6789"]);
    let failed = r#""error" "hook failed: \"config-changed\"" ["8000/tcp"]"#;
    assert_eq!(juju.unit("tiny/0"), failed);
    let log = juju.log();
    assert!(
        log.contains(r#"ERROR juju.worker.uniter.operation hook "config-changed" (via hook dispatching script: dispatch) failed: exit status 3"#),
        "{log}"
    );
    juju.ok(&["config", "tiny", "do=nothing"]);
    assert_eq!(juju.unit("tiny/0"), failed, "nobody has resolved it");
    juju.ok(&["resolved", "tiny/0"]);
    assert_eq!(juju.unit("tiny/0"), r#""active" "port 6789" ["6789/tcp"]"#);
    juju.refused(&["resolved", "tiny/0"], 1, "not in an error state");
    juju.refused(&["resolved", "tiny/7"], 1, r#"unit "tiny/7" not found"#);
}

#[test]
fn hooks_that_failed_while_none_were_retried_are_retried_once_they_are_again() {
    // given a hook that has failed
    let juju = Juju::deployed();
    juju.ok(&["model-config", "automatically-retry-hooks=false"]);
    juju.ok(&["config", "tiny", "do=fail"]);
    juju.ok(&["config", "tiny", "do=nothing"]);
    assert!(juju.unit("tiny/0").contains("hook failed"));
    // when hooks are retried again, and the time of this one has come
    juju.ok(&["model-config", "automatically-retry-hooks=true"]);
    let mut state: Value = serde_json::from_str(&juju.state()).unwrap();
    let failed = &mut state["applications"]["tiny"]["units"]["tiny/0"]["again"]["why"]["failed"];
    let due: Timestamp = failed["due"].as_str().unwrap().parse().unwrap();
    assert!(due <= Timestamp::now() + Duration::from_secs(5));
    failed["due"] = Timestamp::UNIX_EPOCH.to_string().into();
    juju.write_state(&state.to_string());
    // then
    assert_eq!(juju.unit("tiny/0"), r#""active" "port 8000" ["8000/tcp"]"#);
}

#[test]
fn a_hook_whose_changes_are_refused_has_failed_although_it_exited_with_0() {
    let juju = Juju::deployed();
    juju.ok(&["config", "tiny", "do=nowhere", "port=6789"]);
    let failed = r#""error" "hook failed: \"config-changed\"" ["8000/tcp"]"#;
    assert_eq!(juju.unit("tiny/0"), failed);
    let log = juju.log();
    let why = r#"cannot open/close ports: open port range: endpoint "nowhere" for unit "tiny/0" not found"#;
    for line in [
        format!("ERROR juju.worker.uniter.context cannot apply changes: {why}"),
        format!(
            r#"ERROR juju.worker.uniter.operation hook "config-changed" (via hook dispatching script: dispatch) failed: {why}"#
        ),
    ] {
        assert_eq!(log.matches(&line).count(), 1, "{log}");
    }
}

#[test]
fn resolved_without_retry_skips_the_failed_hook() {
    let juju = Juju::deployed();
    juju.ok(&["model-config", "automatically-retry-hooks=false"]);
    juju.ok(&["config", "tiny", "do=fail"]);
    let before = juju.hooks();
    juju.ok(&["resolved", "--no-retry", "tiny/0"]);
    assert_eq!(
        juju.unit("tiny/0"),
        r#""blocked" "about to fail" ["8000/tcp"]"#
    );
    assert_eq!(juju.hooks(), before);
}

#[test]
fn a_killed_hook_is_run_again_soon_and_is_never_an_error() {
    let make_due = |juju: &Juju| {
        let mut state: Value = serde_json::from_str(&juju.state()).unwrap();
        let again = &mut state["applications"]["tiny"]["units"]["tiny/0"]["again"]["why"];
        let due = &mut again["killed"]["due"];
        let left = due.as_str().unwrap().parse::<Timestamp>().unwrap() - Timestamp::now();
        assert!(left.get_seconds() <= 3, "{left}");
        *due = Timestamp::UNIX_EPOCH.to_string().into();
        juju.write_state(&state.to_string());
    };
    let terminated = r#"WARNING juju.worker.uniter.operation hook "config-changed" was terminated"#;
    // given a hook that is killed again and again
    let juju = Juju::deployed();
    let before = juju.unit("tiny/0");
    juju.ok(&["config", "tiny", "do=killed"]);
    for times in 1..4 {
        assert_eq!(juju.log().matches(terminated).count(), times);
        assert_eq!(juju.unit("tiny/0"), before, "it is not in error");
        juju.refused(&["resolved", "tiny/0"], 1, "not in an error state");
        make_due(&juju);
        juju.ok(&["status"]);
    }
    // when it is killed for the last time
    juju.ok(&["config", "tiny", "do=killed-once", "port=81"]);
    make_due(&juju);
    juju.ok(&["status"]);
    make_due(&juju);
    // then
    assert_eq!(juju.unit("tiny/0"), r#""active" "port 81" ["81/tcp"]"#);
    assert!(!juju.log().contains("ERROR"), "{}", juju.log());
}

#[test]
fn a_machine_that_reboots_runs_the_hook_again_and_start() {
    let juju = Juju::deployed();
    let before = juju.hooks().len();
    juju.ok(&["config", "tiny", "do=reboot-twice"]);
    assert_eq!(juju.hooks()[before..], ["config-changed", "start"]);
    let log = juju.log();
    let again = r#"INFO juju.worker.uniter.operation hook "config-changed" (via hook dispatching script: dispatch) runs again after the reboot"#;
    assert_eq!(log.matches(again).count(), 2, "{log}");
    assert!(!log.contains("ERROR"), "{log}");
}

#[test]
fn the_log_keeps_what_logging_config_says() {
    let juju = Juju::deployed();
    juju.ok(&["config", "tiny", "do=speak"]);
    let log = juju.log();
    assert!(log.contains("INFO unit.tiny/0.juju-log loud"), "{log}");
    assert!(
        log.contains("WARNING unit.tiny/0.config-changed err"),
        "{log}"
    );
    assert!(!log.contains("DEBUG"), "{log}");
    juju.ok(&["model-config", "logging-config=<root>=WARNING;unit=DEBUG"]);
    juju.ok(&["config", "tiny", "port=81"]);
    let log = juju.log();
    assert!(
        log.contains("DEBUG unit.tiny/0.config-changed out"),
        "{log}"
    );
    assert!(log.contains("DEBUG unit.tiny/0.juju-log quiet"), "{log}");
    let of_another = juju.ok(&["debug-log", "--replay", "--include", "other"]);
    assert_eq!(of_another, "");
    assert_eq!(juju.ok(&["debug-log", "--limit", "1"]).lines().count(), 1);
}

#[test]
fn exec_runs_in_a_unit_and_keeps_its_changes_even_when_it_fails() {
    let juju = Juju::deployed();
    let ran = juju.run(&[
        "exec",
        "--unit",
        "tiny/0",
        "--",
        "opened-ports; echo no >&2; open-port 99; exit 4",
    ]);
    assert_eq!(ran.code, Some(1));
    assert_eq!(ran.stdout, "8000/tcp\nno\n");
    assert!(
        ran.stderr
            .starts_with("ERROR the following task failed:\n - id \"1\" with return code 4\n"),
        "{ran:?}"
    );
    assert_eq!(
        juju.unit("tiny/0"),
        r#""active" "port 8000" ["99/tcp","8000/tcp"]"#
    );
    let json = juju.ok(&[
        "exec",
        "--format=json",
        "--unit",
        "tiny/leader",
        "--",
        "echo",
        "a  b",
    ]);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["tiny/0"]["results"]["stdout"], "a  b\n");
    assert_eq!(json["tiny/0"]["results"]["return-code"], 0);
    let hook = "JUJU_DISPATCH_PATH=hooks/update-status";
    juju.ok(&["exec", "--unit", "tiny/0", "--", "env", hook, "./dispatch"]);
    assert_eq!(juju.unit("tiny/0"), r#""active" "port 8000" ["8000/tcp"]"#);
    let ran = juju.run(&["exec", "--unit", "tiny/9", "--", "true"]);
    assert_eq!((ran.code, ran.stdout), (Some(0), String::new()));
    assert!(
        ran.stderr
            .ends_with(" failed to schedule any tasks:\nunit \"tiny/9\" not found\n"),
        "{}",
        ran.stderr
    );
    juju.refused(&["exec", "--", "true"], 2, "target");
}

#[test]
fn units_of_one_machine_cannot_open_the_same_port() {
    let juju = Juju::deployed();
    juju.ok(&["add-unit", "tiny"]);
    juju.ok(&["add-unit", "tiny", "--to", "0"]);
    assert_eq!(juju.unit("tiny/1"), r#""active" "port 8000" ["8000/tcp"]"#);
    assert!(
        juju.unit("tiny/2")
            .starts_with(r#""error" "hook failed: \"install\""#)
    );
    let log = juju.log();
    assert!(
        log.contains(r#"cannot open 8000/tcp (unit "tiny/2"): port range conflicts with 8000/tcp (unit "tiny/0")"#),
        "{log}"
    );
    juju.ok(&["remove-unit", "--force", "tiny/2", "tiny/0"]);
    let units = juju.application()["units"].clone();
    assert_eq!(units["tiny/1"]["leader"], true, "{units}");
    assert_eq!(units.as_object().unwrap().len(), 1);
    assert!(!juju.on_machine("0").exists());
}

#[test]
fn a_unit_goes_by_force_after_its_hooks_or_without_any() {
    let juju = Juju::deployed();
    juju.ok(&["add-unit", "tiny", "-n2"]);
    juju.ok(&["remove-unit", "--force", "tiny/0"]);
    juju.ok(&["remove-unit", "--force", "--no-wait", "tiny/1"]);
    juju.ok(&["remove-application", "--force", "--no-wait", "tiny"]);
    let last = juju.hooks().into_iter().filter(|hook| hook == "remove");
    assert_eq!(last.count(), 1);
    assert!(!juju.on_machine("1").exists() && !juju.on_machine("2").exists());
    assert!(!juju.ok(&["status"]).contains("tiny"));
}

#[test]
fn refresh_brings_a_new_charm_and_leaves_the_charms_own_files() {
    let juju = Juju::deployed();
    let own = juju.on_machine("0/agents/unit-tiny-0/charm/own");
    fs::write(&own, "").unwrap();
    juju.write_charm("dispatch", &CHARM.replace("1.2", "1.3"));
    juju.ok(&["refresh", "tiny", "--path", &juju.charm()]);
    assert_eq!(juju.hooks()[4..], ["upgrade-charm", "config-changed"]);
    assert_eq!(juju.application()["version"], "1.3");
    assert_eq!(juju.application()["charm-rev"], 1);
    assert!(own.exists());

    let before = juju.application();
    juju.write_charm("config.yaml", "options: {port: {type: int, default: no}}");
    juju.refused(
        &["refresh", "tiny", "--path", &juju.charm()],
        1,
        "invalid config default",
    );
    juju.refused(&["refresh", "tiny"], 2, "--path");
    assert_eq!(juju.application(), before);
}

#[test]
fn a_charm_that_comes_while_the_one_before_it_is_installed_is_installed_after_it() {
    // given a unit whose agent waits in the middle of an upgrade: for the text of the note that says which charm it has
    let juju = Juju::deployed();
    juju.ok(&["model-config", "automatically-retry-hooks=false"]);
    let refresh = ["refresh", "tiny", "--path", &juju.charm()];
    juju.write_charm(
        "dispatch",
        "#!/bin/sh\n[ $JUJU_HOOK_NAME != upgrade-charm ]\n",
    );
    juju.ok(&refresh);
    juju.write_charm("dispatch", CHARM);
    juju.ok(&refresh);
    let note = juju.on_machine("0/agents/unit-tiny-0/charm/.juju-charm");
    let text = fs::read_to_string(&note).unwrap();
    fs::remove_file(&note).unwrap();
    nix::unistd::mkfifo(&note, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let mut resolved = juju
        .command(&["resolved", "--no-retry", "tiny/0"])
        .spawn()
        .unwrap();
    let mut waiting = fs::File::options().write(true).open(&note).unwrap();
    fs::remove_file(&note).unwrap();
    fs::write(&note, &text).unwrap();

    // when
    juju.write_charm("dispatch", &CHARM.replace("1.2", "1.3"));
    let mut refresh = juju
        .command(&refresh)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while !juju.state().contains(r#""revision":3"#) {
        std::thread::yield_now();
    }
    waiting.write_all(text.as_bytes()).unwrap();
    drop(waiting);
    assert!(resolved.wait().unwrap().success());
    assert!(refresh.wait().unwrap().success());

    // then
    assert_eq!(juju.application()["version"], "1.3");
    assert_eq!(fs::read_to_string(&note).unwrap(), "local:tiny-3\n");
}

#[test]
fn a_unit_in_error_keeps_its_charm_until_it_is_resolved_or_forced() {
    for (failing, forced_hooks) in [
        ("upgrade-charm", &["upgrade-charm", "config-changed"][..]),
        (
            "install",
            &["install", "leader-elected", "config-changed", "start"],
        ),
    ] {
        // given a charm whose hook fails
        let juju = Juju::new();
        juju.ok(&["model-config", "automatically-retry-hooks=false"]);
        let path = juju.charm();
        if failing == "upgrade-charm" {
            juju.ok(&["deploy", &path]);
        }
        let fails = format!("#!/bin/sh\n[ $JUJU_HOOK_NAME != {failing} ]\n");
        juju.write_charm("dispatch", &fails);
        if failing == "upgrade-charm" {
            juju.ok(&["refresh", "tiny", "--path", &path]);
        } else {
            juju.ok(&["deploy", &path]);
        }
        let before = juju.hooks().len();
        let failed = format!("hook failed: \\\"{failing}\\\"");
        // when a good one comes, then it does not replace the code
        juju.write_charm("dispatch", &CHARM.replace("1.2", "1.3"));
        juju.ok(&["refresh", "tiny", "--path", &path]);
        assert!(juju.unit("tiny/0").contains(&failed));
        juju.ok(&["resolved", "tiny/0"]);
        assert!(
            juju.unit("tiny/0").contains(&failed),
            "{}",
            juju.unit("tiny/0")
        );
        // but by force
        juju.ok(&["refresh", "tiny", "--path", &path, "--force-units"]);
        assert_eq!(juju.unit("tiny/0"), r#""active" "port 8000" ["8000/tcp"]"#);
        assert_eq!(juju.hooks()[before..], *forced_hooks);
        assert_eq!(juju.application()["version"], "1.3");
    }
}

#[test]
fn a_unit_that_keeps_its_charm_sees_the_settings_that_fit_it() {
    // given a unit in error, and a new charm that makes a number of a text
    let juju = Juju::new();
    let dispatch = "#!/bin/sh\n[ $JUJU_HOOK_NAME != update-status ] || exit 1\nstatus-set active \"$(config-get --format=json do)\"\n";
    juju.write_charm("dispatch", dispatch);
    juju.ok(&["model-config", "automatically-retry-hooks=false"]);
    juju.ok(&["deploy", &juju.charm(), "--config", "do=7"]);
    let mut state: Value = serde_json::from_str(&juju.state()).unwrap();
    let unit = &mut state["applications"]["tiny"]["units"]["tiny/0"];
    unit["update_status_at"] = Timestamp::UNIX_EPOCH.to_string().into();
    juju.write_state(&state.to_string());
    assert!(juju.unit("tiny/0").contains("hook failed"));
    juju.write_charm("config.yaml", "options: {do: {type: int, default: 0}}");
    juju.ok(&["refresh", "tiny", "--path", &juju.charm()]);
    // when, then
    let shown = juju.ok(&[
        "exec",
        "--unit",
        "tiny/0",
        "--",
        "config-get --format=json do",
    ]);
    assert_eq!(shown, "\"nothing\"\n");
    juju.ok(&["resolved", "--no-retry", "tiny/0"]);
    assert_eq!(juju.unit("tiny/0"), r#""active" "7" null"#);
}

#[test]
fn a_skipped_hook_of_a_charm_does_not_stand_for_that_of_the_next_one() {
    for (failing, then) in [
        (
            "install",
            "upgrade-charm leader-elected config-changed start",
        ),
        ("upgrade-charm", "upgrade-charm config-changed"),
    ] {
        // given a charm whose hook fails, and a newer one
        let juju = Juju::new();
        juju.ok(&["model-config", "automatically-retry-hooks=false"]);
        let path = juju.charm();
        let refresh = ["refresh", "tiny", "--path", &path];
        let mut bring = &["deploy", &path][..];
        if failing == "upgrade-charm" {
            juju.ok(bring);
            bring = &refresh;
        }
        let fails = format!("#!/bin/sh\n[ $JUJU_HOOK_NAME != {failing} ]\n");
        juju.write_charm("dispatch", &fails);
        juju.ok(bring);
        juju.write_charm("dispatch", &CHARM.replace("1.2", "1.3"));
        juju.ok(&refresh);
        let before = juju.hooks().len();
        // when
        juju.ok(&["resolved", "--no-retry", "tiny/0"]);
        // then
        assert_eq!(juju.hooks()[before..].join(" "), then);
        assert_eq!(juju.application()["version"], "1.3");
    }
}

#[test]
fn a_unit_that_has_not_got_the_new_charm_yet_sees_the_options_of_its_own() {
    let juju = Juju::deployed();
    juju.ok(&["model-config", "automatically-retry-hooks=false"]);
    juju.ok(&["config", "tiny", "do=fail"]);
    juju.write_charm("config.yaml", &format!("{CONFIG}  new: {{type: int}}\n"));
    juju.ok(&["refresh", "tiny", "--path", &juju.charm()]);
    let config = [
        "exec",
        "--unit",
        "tiny/0",
        "--",
        "config-get",
        "--all",
        "--format=json",
    ];
    let (own, new) = (
        r#"{"do":"fail","port":8000}"#,
        r#"{"do":"nothing","new":null,"port":8000}"#,
    );
    assert_eq!(juju.ok(&config).trim(), own);
    juju.ok(&["config", "tiny", "do=nothing"]);
    juju.ok(&["resolved", "tiny/0"]);
    assert_eq!(juju.ok(&config).trim(), new);
}

#[test]
fn a_removed_application_leaves_nothing_on_its_machine() {
    let juju = Juju::deployed();
    let unit = "[Service]\nExecStart=/bin/sleep 3600\n";
    let file = juju.on_machine("0/systemd/system/tiny.service");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, unit).unwrap();
    let exec = ["exec", "--unit", "tiny/0", "--"];
    juju.ok(&[&exec[..], &["systemctl", "start", "tiny"]].concat());
    let pid = juju.ok(&[
        &exec[..],
        &["systemctl", "show", "--value", "-p", "MainPID", "tiny"],
    ]
    .concat());
    assert!(is_running(&pid), "{pid}");

    let stdout = juju.ok(&["remove-application", "tiny"]);
    assert_eq!(
        stdout,
        "will remove application tiny\n- will remove unit tiny/0\n"
    );
    assert_eq!(juju.hooks()[4..], ["stop", "remove"]);
    assert_eq!(juju.status()["applications"], serde_json::json!({}));
    assert_eq!(juju.status()["machines"], serde_json::json!({}));
    assert!(!is_running(&pid));
    assert!(!juju.on_machine("0").exists());
    juju.refused(
        &["remove-application", "tiny"],
        1,
        r#"application "tiny" not found"#,
    );
}

#[test]
fn an_application_that_is_being_removed_gets_no_unit() {
    let juju = Juju::deployed();
    juju.ok(&["config", "tiny", "do=fail"]);
    juju.ok(&["remove-application", "tiny"]);
    let stderr = r#"cannot add unit to application "tiny": application is not found or not alive"#;
    juju.refused(&["add-unit", "tiny"], 1, stderr);
    assert_eq!(juju.application()["units"]["tiny/1"], Value::Null);
}

#[test]
fn what_is_no_charm_is_refused_and_changes_nothing() {
    let juju = Juju::new();
    let before = juju.status()["applications"].clone();
    let given_then = [
        ("dispatch", None, 1, "neither dispatch nor hooks/"),
        ("metadata.yaml", None, 1, "it has no metadata.yaml"),
        ("metadata.yaml", Some("- no: map"), 1, "cannot use"),
        (
            "config.yaml",
            Some("options: {a: {type: integer}}"),
            1,
            "cannot use",
        ),
        (
            "config.yaml",
            Some("options: {a: {type: int, default: b}}"),
            1,
            "expected int",
        ),
    ];
    for (file, content, code, stderr) in given_then {
        let path = juju.home.path().join("charm").join(file);
        let good = fs::read_to_string(&path).unwrap();
        match content {
            Some(content) => fs::write(&path, content).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        juju.refused(&["deploy", &juju.charm()], code, stderr);
        juju.write_charm(file, &good);
    }
    let outside = juju.home.path().join("outside-0");
    fs::create_dir_all(&outside).unwrap();
    let outside = outside.with_file_name("outside").display().to_string();
    for name in ["../x", &outside, "Tiny", "1st", "a--b"] {
        juju.write_charm(
            "metadata.yaml",
            &format!("name: {name}\nsummary: s\ndescription: d\n"),
        );
        juju.refused(&["deploy", &juju.charm(), "tiny"], 1, "is not words of");
    }
    assert!(fs::exists(outside + "-0").unwrap());
    juju.write_charm("metadata.yaml", "name: tiny\nsummary: s\ndescription: d\n");
    let plain = fs::Permissions::from_mode(0o644);
    fs::set_permissions(juju.home.path().join("charm/dispatch"), plain).unwrap();
    juju.refused(&["deploy", &juju.charm()], 1, "chmod 755");
    juju.refused(&["deploy", "./nowhere"], 1, "no charm was found");
    fs::remove_file(juju.home.path().join("charm/metadata.yaml")).unwrap();
    juju.write_charm(
        "charmcraft.yaml",
        "name: tiny\nparts: {charm: {plugin: uv}}",
    );
    juju.refused(&["deploy", &juju.charm()], 2, "pack it first");
    assert_eq!(juju.status()["applications"], before);
    let charms = juju.home.path().join("data/models/emulator/charms");
    assert_eq!(fs::read_dir(charms).map_or(0, Iterator::count), 0);
}

#[test]
fn an_application_is_deployed_with_its_own_name_config_and_number_of_units() {
    let juju = Juju::new();
    juju.ok(&[
        "deploy",
        &juju.charm(),
        "web",
        "-n",
        "2",
        "--config",
        "port=81",
    ]);
    let web = juju.status()["applications"]["web"].clone();
    assert_eq!(web["units"]["web/1"]["open-ports"][0], "81/tcp");
    assert_eq!(web["units"]["web/1"]["public-address"], "127.0.0.2");
    juju.refused(&["deploy", &juju.charm(), "web"], 1, "already exists");
    juju.refused(
        &["deploy", &juju.charm(), "Web"],
        1,
        "invalid application name",
    );
    juju.refused(
        &["deploy", &juju.charm(), "x", "--config", "port=y"],
        1,
        "expected int",
    );
    juju.ok(&["expose", "web"]);
    assert_eq!(juju.status()["applications"]["web"]["exposed"], true);
    let tables = juju.ok(&["status", "w*"]);
    assert!(tables.contains("web/1") && !juju.ok(&["status", "x*"]).contains("web"));
}

#[test]
fn models_are_apart() {
    let juju = Juju::deployed();
    juju.ok(&["add-model", "other"]);
    assert_eq!(juju.status()["applications"], serde_json::json!({}));
    juju.ok(&["deploy", &juju.charm(), "-m", "emulator:other"]);
    juju.ok(&["switch", "emulator"]);
    juju.ok(&["destroy-model", "--no-prompt", "other"]);
    juju.refused(
        &["status", "-m", "other"],
        1,
        "model emulator:other not found",
    );
    assert_eq!(juju.unit("tiny/0"), r#""active" "port 8000" ["8000/tcp"]"#);
}

#[test]
fn a_usage_error_exits_with_2() {
    let juju = Juju::new();
    juju.refused(
        &["attach-disk", "a", "b"],
        2,
        "\"attach-disk\" is not a juju command",
    );
    juju.refused(&["status", "--nope"], 2, "--nope");
    juju.refused(
        &["add-unit", "tiny", "-n", "0"],
        2,
        "ERROR --num-units must be a positive integer\n",
    );
    let machine = "expected the number of a machine";
    juju.refused(&["add-unit", "tiny", "--to", "lxd:0"], 2, machine);
    assert!(juju.ok(&["version"]).starts_with("3.6."));
}

#[test]
fn config_commands_at_once_are_all_applied() {
    let juju = Juju::deployed();
    let options = (0..20).map(|number| format!("  o{number}: {{type: int, default: 0}}\n"));
    juju.write_charm(
        "config.yaml",
        &(CONFIG.to_owned() + &options.collect::<String>()),
    );
    juju.ok(&["refresh", "tiny", "--path", &juju.charm()]);
    let running: Vec<Child> = (0..20)
        .map(|number| {
            let value = format!("o{number}={}", number + 1);
            juju.command(&["config", "tiny", &value]).spawn().unwrap()
        })
        .collect();
    for mut command in running {
        assert!(command.wait().unwrap().success());
    }
    for number in 0..20 {
        let value = juju.ok(&["config", "tiny", &format!("o{number}")]);
        assert_eq!(value, format!("{}\n", number + 1));
    }
    assert_eq!(juju.unit("tiny/0"), r#""active" "port 8000" ["8000/tcp"]"#);
}

#[test]
fn an_interrupted_hook_is_ended_and_run_again_by_the_next_command() {
    let juju = Juju::deployed();
    let hanging = juju.on_machine("0/agents/unit-tiny-0/charm/hanging");
    let mut command = juju
        .command(&["config", "tiny", "do=hang"])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while !hanging.exists() {
        std::thread::yield_now();
    }
    let pid = nix::unistd::Pid::from_raw(command.id().cast_signed());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGINT).unwrap();
    assert_eq!(command.wait().unwrap().code(), Some(1));

    juju.write_state(&juju.state().replace("\"hang\"", "\"nothing\""));
    assert_eq!(juju.unit("tiny/0"), r#""active" "port 8000" ["8000/tcp"]"#);
}

#[test]
fn what_another_process_runs_does_not_hold_up_who_only_looks() {
    // given a hook that does not end
    let juju = Juju::deployed();
    let hanging = juju.on_machine("0/agents/unit-tiny-0/charm/hanging");
    let mut config = juju.command(&["config", "tiny", "do=hang"]);
    let mut config = config.stderr(Stdio::null()).spawn().unwrap();
    while !hanging.exists() {
        std::thread::yield_now();
    }
    // when
    let looks = [&["status"][..], &["debug-log"], &["show-unit", "tiny/0"]];
    let mut looking = looks.map(|args| juju.command(args).stdout(Stdio::null()).spawn().unwrap());
    let started = Instant::now();
    let mut codes = [None; 3];
    while codes.contains(&None) && started.elapsed() < Duration::from_secs(20) {
        codes = looking
            .each_mut()
            .map(|look| look.try_wait().unwrap()?.code());
    }
    // then
    let pid = nix::unistd::Pid::from_raw(config.id().cast_signed());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGINT).unwrap();
    config.wait().unwrap();
    for look in &mut looking {
        look.kill().unwrap();
        look.wait().unwrap();
    }
    assert_eq!(codes, [Some(0); 3]);
}

#[test]
fn the_hook_of_a_killed_emulator_is_ended_before_it_is_run_again() {
    let juju = Juju::deployed();
    let hanging = juju.on_machine("0/agents/unit-tiny-0/charm/hanging");
    let mut command = juju
        .command(&["config", "tiny", "do=hang"])
        .spawn()
        .unwrap();
    while fs::read_to_string(&hanging).map_or(true, |pid| pid.is_empty()) {
        std::thread::yield_now();
    }
    command.kill().unwrap();
    command.wait().unwrap();
    let hook = fs::read_to_string(&hanging).unwrap();
    assert!(is_running(&hook), "it has outlived its agent");

    juju.write_state(&juju.state().replace("\"hang\"", "\"nothing\""));
    assert_eq!(juju.unit("tiny/0"), r#""active" "port 8000" ["8000/tcp"]"#);
    assert!(!is_running(&hook));
}
