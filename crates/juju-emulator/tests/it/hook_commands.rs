//! Runs the case files of hook commands: given a unit, when a hook runs these commands, then they answer this.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::fs;
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use juju_emulator::{
    ActionOutcome, Effect, HookContext, OpenedPorts, PendingChanges, UnitView, hook_command_names,
};
use serde::Deserialize;

/// One hook. A file holds several, as YAML documents.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    /// What the case shows.
    case: String,
    /// The versions of Juju that behave like this.
    juju: Vec<String>,
    given: UnitView,
    /// The hook commands, in the order in which the hook runs them.
    when: Vec<Step>,
    #[serde(default)]
    then: Then,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    run: Vec<String>,
    stdin: Option<String>,
    #[serde(default)]
    exit: u8,
    #[serde(default)]
    stdout: String,
    /// `{dir}` stands for the hook's working directory.
    #[serde(default)]
    stderr: String,
    #[serde(default)]
    effects: Vec<Effect>,
    /// What the hook's working directory holds afterwards.
    #[serde(default)]
    files: BTreeMap<String, String>,
}

/// What is there once the hook has exited with 0; not checked when absent.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Then {
    /// The unit as the controller sees it by then, unless it is still as given.
    now: Option<UnitView>,
    opened_ports: Option<OpenedPorts>,
    commit_error: Option<String>,
    /// Why Juju refuses what the hook asks for about secrets.
    secret_refusal: Option<String>,
    pending: Option<PendingChanges>,
    action: Option<ActionOutcome>,
}

#[test]
fn hook_commands_answer_as_the_case_files_record() -> Result<()> {
    let mut failures = Vec::new();
    for (file, case) in cases()? {
        check(&case, &mut |what, expected, actual| {
            failures.push(format!(
                "{file}: {}: {what}\n  expected {expected}\n  actual   {actual}",
                case.case
            ));
        })?;
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
    Ok(())
}

#[test]
fn every_hook_command_has_a_case() -> Result<()> {
    let cases = cases()?;
    let tried: BTreeSet<&str> = cases
        .iter()
        .flat_map(|(_, case)| &case.when)
        .filter_map(|step| Some(step.run.first()?.as_str()))
        .collect();
    let names: BTreeSet<&str> = hook_command_names().collect();
    assert_eq!(tried, names);
    Ok(())
}

#[test]
fn every_case_names_the_versions_it_records() -> Result<()> {
    for (file, case) in cases()? {
        let known = case
            .juju
            .iter()
            .all(|version| ["3.6", "4.0"].contains(&version.as_str()));
        assert!(
            known && !case.juju.is_empty(),
            "{file}: {}: {:?}",
            case.case,
            case.juju
        );
    }
    Ok(())
}

#[test]
fn hook_commands_are_sorted_and_unknown_ones_refused() {
    // given
    let names: Vec<&str> = hook_command_names().collect();
    let mut hook = HookContext::new(UnitView::default());
    // when
    let refusal = hook
        .run("open-ports", &[], Path::new("/"), None)
        .unwrap_err();
    // then
    assert!(names.is_sorted(), "{names:?}");
    assert_eq!(
        refusal.to_string(),
        "bad request: unknown command: open-ports"
    );
}

#[test]
fn every_hook_command_explains_itself() -> Result<()> {
    for name in hook_command_names() {
        let mut hook = HookContext::new(UnitView::default());
        let long = hook.run(name, &["--help".to_owned()], Path::new("/"), None)?;
        let short = hook.run(name, &["-h".to_owned()], Path::new("/"), None)?;
        assert!(
            String::from_utf8(long.stdout.clone())?.starts_with(&format!("Usage: {name}")),
            "{long:?}"
        );
        assert_eq!(
            (long.exit_code, long.stderr.len(), long.effects.len()),
            (0, 0, 0),
            "{name}"
        );
        assert_eq!(long, short);
    }
    Ok(())
}

/// Waits for ever where the agent opens the pipe as the hook asks; so it waits in a thread of its own.
#[test]
fn output_into_a_pipe_that_nobody_reads_is_refused() -> Result<()> {
    // given
    let dir = tempfile::tempdir()?;
    let pipe = dir.path().join("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU)?;
    let (answers, answered) = mpsc::channel();
    // when
    let in_dir = dir.path().to_owned();
    thread::spawn(move || {
        let mut hook = HookContext::new(UnitView::default());
        let args = ["--format=json", "-o", "pipe"].map(str::to_owned);
        answers.send(hook.run("is-leader", &args, &in_dir, None))
    });
    let answer = answered.recv_timeout(Duration::from_secs(20))??;
    // then
    assert_eq!(answer.exit_code, 1, "{answer:?}");
    assert_eq!(
        String::from_utf8(answer.stderr)?,
        format!("ERROR open {}: no such device or address\n", pipe.display())
    );
    Ok(())
}

/// Takes minutes where every port is compared with every other.
#[test]
fn a_hook_may_open_every_port_one_by_one() -> Result<()> {
    // given
    let mut hook = HookContext::new(UnitView {
        name: "app/0".to_owned(),
        ..UnitView::default()
    });
    // when
    for port in 0..=u16::MAX {
        assert_eq!(
            hook.run("open-port", &[port.to_string()], Path::new("/"), None)?
                .exit_code,
            0,
            "{port}"
        );
    }
    // then
    let neighbour = OpenedPorts::from_iter([("80-90/udp".parse()?, "")]);
    let now = UnitView {
        machine_ports: [("other/0".to_owned(), neighbour)].into(),
        ..UnitView::default()
    };
    let opened = hook.pending().commit(&now)?;
    assert_eq!(opened.ranges().count(), 65_536);
    let shown = String::from_utf8(hook.run("opened-ports", &[], Path::new("/"), None)?.stdout)?;
    assert_eq!(shown.lines().count(), 65_536);
    Ok(())
}

fn check(case: &Record, report: &mut impl FnMut(String, String, String)) -> Result<()> {
    let dir = tempfile::tempdir()?;
    let mut hook = HookContext::new(case.given.clone());
    for (n, step) in case.when.iter().enumerate() {
        let (command, args) = step.run.split_first().context("a step without a command")?;
        let stdin = step.stdin.as_deref().map(str::as_bytes);
        let answer = hook.run(command, args, dir.path(), stdin)?;

        let mut compare = |what: &str, expected: &dyn Debug, actual: &dyn Debug| {
            let (expected, actual) = (format!("{expected:?}"), format!("{actual:?}"));
            if expected != actual {
                report(
                    format!("step {} {:?}: {what}", n + 1, step.run),
                    expected,
                    actual,
                );
            }
        };
        compare("exit", &step.exit, &answer.exit_code);
        compare("stdout", &step.stdout, &String::from_utf8(answer.stdout)?);
        let stderr =
            String::from_utf8(answer.stderr)?.replace(&*dir.path().to_string_lossy(), "{dir}");
        compare("stderr", &step.stderr, &stderr);
        compare("effects", &step.effects, &answer.effects);
        for (name, content) in &step.files {
            let written =
                fs::read_to_string(dir.path().join(name)).map_err(|error| error.to_string());
            compare(name, &Ok::<_, String>(content), &written.as_ref());
        }
    }

    let mut compare = |what: &str, expected: &dyn Debug, actual: &dyn Debug| {
        let (expected, actual) = (format!("{expected:?}"), format!("{actual:?}"));
        if expected != actual {
            report(what.to_owned(), expected, actual);
        }
    };
    let then = &case.then;
    let committed = hook
        .pending()
        .commit(then.now.as_ref().unwrap_or(&case.given))
        .map_err(|error| error.to_string());
    if let Some(ports) = &then.opened_ports {
        compare("opened ports", &Ok::<_, String>(ports), &committed.as_ref());
    }
    if let Some(error) = &then.commit_error {
        compare("commit", &Err::<OpenedPorts, _>(error), &committed.as_ref());
    }
    if let Some(refusal) = &then.secret_refusal {
        let unit = &case.given;
        let now = jiff::Timestamp::UNIX_EPOCH;
        let changes = &hook.pending().secrets;
        let committed = changes.commit(&unit.secrets, &unit.name, unit.leader, now);
        compare("secrets", &Err::<(), _>(refusal), &committed.map(|_| ()));
    }
    if let Some(pending) = &then.pending {
        compare("pending", pending, hook.pending());
    }
    if let Some(action) = &then.action {
        compare("action", action, hook.action());
    }
    Ok(())
}

fn cases() -> Result<Vec<(String, Record)>> {
    let mut cases = Vec::new();
    for entry in fs::read_dir(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/cases/hook_commands"
    ))? {
        let entry = entry?;
        let file = entry.file_name().to_string_lossy().into_owned();
        let text = fs::read_to_string(entry.path())?;
        for document in serde_yaml::Deserializer::from_str(&text) {
            // By way of JSON, which writes an effect as `log: ...` rather than as a YAML tag.
            let value = serde_json::Value::deserialize(document).with_context(|| file.clone())?;
            let case = serde_json::from_value(value.clone())
                .with_context(|| format!("{file}: {value}"))?;
            cases.push((file.clone(), case));
        }
    }
    Ok(cases)
}
