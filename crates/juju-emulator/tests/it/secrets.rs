//! Secrets from outside: what hooks are told of them, and who can see what is in them.

use std::fs;

use serde_json::Value;

use crate::verbs::{Juju, Ran};

/// Tells what each hook about a secret is told, and then runs the script beside it, if there is one.
const DISPATCH: &str = r#"#!/bin/bash
case $JUJU_HOOK_NAME in secret-*)
    echo "$JUJU_UNIT_NAME $JUJU_HOOK_NAME $JUJU_SECRET_ID/$JUJU_SECRET_LABEL/$JUJU_SECRET_REVISION" >>HOOKS ;;
esac
if [ -e SCRIPT ]; then . SCRIPT; fi
"#;

/// Two units of one application, `a/0` the leader.
fn two_units() -> Juju {
    let juju = Juju::new();
    juju.write_charm("metadata.yaml", "{name: tiny, summary: s, description: d}");
    juju.write_charm("config.yaml", "options: {tick: {type: int, default: 0}}");
    let path = |name| juju.home.path().join(name).display().to_string();
    let dispatch = DISPATCH.replace("HOOKS", &path("hooks"));
    juju.write_charm("dispatch", &dispatch.replace("SCRIPT", &path("script")));
    juju.ok(&["deploy", &juju.charm(), "a", "-n", "2"]);
    juju
}

fn exec(juju: &Juju, unit: &str, commands: &str) -> Ran {
    juju.run(&["exec", "--unit", unit, "--", commands])
}

/// The id that `secret-add` with these arguments prints.
fn add(juju: &Juju, unit: &str, arguments: &str) -> String {
    let added = exec(juju, unit, &format!("secret-add {arguments}"));
    let id = added.stdout.trim().strip_prefix("secret:");
    id.unwrap_or_else(|| panic!("{added:?}")).to_owned()
}

/// What hooks about secrets have been told since the last look, with the id masked.
fn told(juju: &Juju, id: &str) -> String {
    let path = juju.home.path().join("hooks");
    let hooks = fs::read_to_string(&path).unwrap_or_default();
    let _ = fs::remove_file(path);
    hooks.replace(id, "ID")
}

#[test]
fn readers_hear_of_a_new_revision_and_the_owner_of_one_that_nobody_reads() {
    let juju = two_units();
    let id = add(&juju, "a/0", "password=one --label creds");
    for unit in ["a/0", "a/1"] {
        let read = exec(&juju, unit, "secret-get --label creds");
        assert_eq!(read.stdout.trim(), "password: one", "{read:?}");
    }
    // when
    exec(&juju, "a/0", &format!("secret-set {id} password=two"));
    juju.ok(&["status"]);
    // then
    let changed = "a/0 secret-changed secret:ID/creds/\na/1 secret-changed secret:ID/creds/\n";
    assert_eq!(told(&juju, &id), changed);
    let reads = |unit, flag: &str| exec(&juju, unit, &format!("secret-get {id} password {flag}"));
    assert_eq!(reads("a/1", "").stdout.trim(), "one");
    assert_eq!(reads("a/1", "--refresh").stdout.trim(), "two");
    assert_eq!(told(&juju, &id), "");
    assert_eq!(reads("a/0", "--refresh").stdout.trim(), "two");
    juju.ok(&["status"]);
    assert_eq!(told(&juju, &id), "a/0 secret-remove ID/creds/1\n");
    exec(&juju, "a/0", &format!("secret-remove {id}"));
    let gone = reads("a/1", "");
    assert!(
        gone.stdout
            .contains(&format!("ERROR secret \"{id}\" not found")),
        "{gone:?}"
    );
}

#[test]
fn a_secret_expires_and_is_to_be_rotated_once() {
    let juju = two_units();
    // The unit that does not lead owns it; a year is too long for a test, so it is told to have been one.
    let id = add(
        &juju,
        "a/1",
        "password=one --owner unit --label mine --expire 1ms --rotate yearly",
    );
    juju.ok(&["status"]);
    assert_eq!(told(&juju, &id), "a/1 secret-expired ID/mine/1\n");
    let due = juju
        .state()
        .replace("\"next_rotation\":\"20", "\"next_rotation\":\"19");
    juju.write_state(&due);
    juju.ok(&["status"]);
    juju.ok(&["status"]);
    assert_eq!(told(&juju, &id), "a/1 secret-rotate secret:ID/mine/\n");
}

#[test]
fn a_new_leader_hears_of_what_the_old_one_has_failed_to_do() {
    let juju = two_units();
    let script = juju.home.path().join("script");
    fs::write(
        &script,
        "[ $JUJU_HOOK_NAME$JUJU_UNIT_NAME != secret-expireda/0 ]",
    )
    .unwrap();
    let id = add(&juju, "a/0", "password=one --expire 1ms");
    juju.ok(&["status"]);
    assert_eq!(told(&juju, &id), "a/0 secret-expired ID//1\n");
    juju.write_state(
        &juju
            .state()
            .replace("\"leader\":\"a/0\"", "\"leader\":\"a/1\""),
    );
    juju.ok(&["status"]);
    assert_eq!(told(&juju, &id), "a/1 secret-expired ID//1\n");
    assert_eq!(
        juju.status()["applications"]["a"]["units"]["a/0"]["juju-status"]["current"],
        "idle"
    );
}

#[test]
fn a_failing_hook_adds_no_secret_and_reads_none_in_vain() {
    let juju = two_units();
    let id = add(&juju, "a/0", "password=one --label creds");
    let script = juju.home.path().join("script");
    let commands = format!(
        "[ $JUJU_UNIT_NAME = a/0 ] || {{ secret-get {id} --label mine; return; }}
        secret-add token=abc; secret-set {id} password=two; exit 1"
    );
    fs::write(&script, commands).unwrap();
    juju.ok(&["config", "a", "tick=1"]);
    fs::remove_file(&script).unwrap();
    let ids = exec(&juju, "a/0", "secret-ids");
    assert_eq!(ids.stdout.trim(), id);
    let read = exec(&juju, "a/0", &format!("secret-get {id} password"));
    assert_eq!(read.stdout.trim(), "one");
    let read = exec(&juju, "a/1", "secret-get --label mine");
    assert_eq!(read.stdout.trim(), "password: one");
}

#[test]
fn secrets_go_with_their_owners() {
    let juju = two_units();
    let of_application = add(&juju, "a/0", "password=one");
    let of_unit = add(&juju, "a/1", "password=two --owner unit");
    let secrets = || {
        let state: Value = serde_json::from_str(&juju.state()).unwrap();
        state["secrets"].to_string()
    };
    assert!(secrets().contains(&of_unit));
    juju.ok(&["remove-unit", "--no-prompt", "a/1"]);
    assert!(secrets().contains(&of_application) && !secrets().contains(&of_unit));
    juju.ok(&["remove-application", "--no-prompt", "a"]);
    assert!(!secrets().contains(&of_application));
}

#[test]
fn revisions_that_nobody_reads_go_by_themselves_if_the_operator_says_so() {
    // given
    let juju = two_units();
    let id = juju.ok(&["add-secret", "mine", "password=one"]);
    juju.ok(&["grant-secret", "mine", "a"]);
    let read = |unit, flag: &str| {
        let read = exec(
            &juju,
            unit,
            &format!("secret-get {} password {flag}", id.trim()),
        );
        read.stdout.trim().to_owned()
    };
    let revisions = || {
        let shown = juju.ok(&["show-secret", "mine", "--revisions", "--format=json"]);
        let shown: Value = serde_json::from_str(&shown).unwrap();
        let secret = shown.as_object().unwrap().values().next().unwrap();
        let revisions = secret["revisions"].as_array().unwrap().iter();
        revisions
            .map(|it| it["revision"].as_u64().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(read("a/0", ""), "one");
    // when
    juju.ok(&["update-secret", "mine", "password=two"]);
    juju.ok(&["update-secret", "mine", "password=three"]);
    assert_eq!(revisions(), [1, 2, 3]);
    juju.ok(&["update-secret", "mine", "--auto-prune"]);
    // then the one that is read stays, until it is not
    assert_eq!(revisions(), [1, 3]);
    assert_eq!(read("a/0", ""), "one");
    juju.ok(&["update-secret", "mine", "password=four"]);
    assert_eq!(revisions(), [1, 4]);
    assert_eq!(read("a/0", "--refresh"), "four");
    assert_eq!(revisions(), [4]);
    juju.ok(&[
        "update-secret",
        "mine",
        "password=five",
        "--auto-prune=false",
    ]);
    assert_eq!(read("a/0", "--refresh"), "five");
    assert_eq!(revisions(), [4, 5]);
}
