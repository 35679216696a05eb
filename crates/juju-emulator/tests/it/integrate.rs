//! Relating applications: what is refused and how, subordinates, and units in error among related ones.

use serde_json::Value;

use crate::verbs::Juju;

/// Tells in its status which hooks about relations it has run, and fails in one if there is a file `fail` beside the charms.
const CHARM: &str = r#"#!/bin/sh
case $JUJU_HOOK_NAME in
    *-relation-*)
        [ ! -e HOME/fail-$JUJU_HOOK_NAME ] || exit 1
        echo "$JUJU_UNIT_NAME $JUJU_HOOK_NAME $JUJU_REMOTE_UNIT" >>HOME/hooks ;;
esac
"#;

/// An operator with the charms `web` and `db`, and `beside`, a subordinate.
fn an_operator() -> Juju {
    let juju = Juju::new();
    let home = juju.home.path().display().to_string();
    let metadata = |name: &str, endpoints: &str| {
        format!("name: {name}\nsummary: s\ndescription: d\n{endpoints}\n")
    };
    for (name, endpoints) in [
        (
            "web",
            "requires: {db: {interface: data, limit: 1}, near: {interface: near, scope: container}}\npeers: {ring: {interface: ring}}",
        ),
        (
            "db",
            "provides: {clients: {interface: data}, near: {interface: near}}",
        ),
        (
            "beside",
            "subordinate: true\nrequires: {host: {interface: juju-info, scope: container}}",
        ),
    ] {
        juju.write_charm(
            &format!("../{name}/metadata.yaml"),
            &metadata(name, endpoints),
        );
        juju.write_charm(
            &format!("../{name}/dispatch"),
            &CHARM.replace("HOME", &home),
        );
    }
    juju
}

fn charm(juju: &Juju, name: &str) -> String {
    juju.home.path().join(name).display().to_string()
}

/// The hooks about relations since the last look, without those of peers.
fn hooks(juju: &Juju) -> Vec<String> {
    let file = juju.home.path().join("hooks");
    let hooks = std::fs::read_to_string(&file).unwrap_or_default();
    let _ = std::fs::remove_file(file);
    let lines = hooks.lines().filter(|line| !line.contains(" ring-"));
    lines.map(|line| line.trim_end().to_owned()).collect()
}

#[test]
fn what_cannot_be_related_is_refused_in_jujus_words_and_changes_nothing() {
    // given
    let juju = an_operator();
    for (name, application) in [
        ("web", "web"),
        ("db", "db"),
        ("db", "other"),
        ("beside", "beside"),
    ] {
        juju.ok(&["deploy", &charm(&juju, name), application]);
    }
    juju.ok(&["integrate", "web", "db"]);
    let before = juju.state();
    // when, then
    for (args, code, refusal) in [
        (
            &["integrate", "web", "other"][..],
            1,
            r#"cannot add relation "web:db other:clients": establishing a new relation for web:db would exceed its maximum relation limit of 1 (quota limit exceeded)"#,
        ),
        (
            &["relate", "db", "web:db"],
            1,
            "cannot add relation \"db:clients\", \"web:db\": relation db:clients web:db: already exists",
        ),
        (
            &["integrate", "web:near", "db:near"],
            1,
            "no compatible endpoints found",
        ),
        (
            &["integrate", "web:ring", "db"],
            1,
            "no candidates for web:ring",
        ),
        (
            &["integrate", "web", "web"],
            1,
            "no compatible endpoints found",
        ),
        (
            &["integrate", "web"],
            2,
            "a relation must involve two applications",
        ),
        (
            &["remove-relation", "web", "other"],
            1,
            "relation \"web other\" not found",
        ),
        (&["remove-relation", "99"], 1, "relation \"99\" not found"),
        (&["remove-relation", "0"], 1, "is a peer relation"),
        (&["add-unit", "beside"], 1, "it is a subordinate"),
        (
            &["refresh", "web", "--path", &charm(&juju, "db")],
            1,
            "cannot refresh \"web\" from charm \"web\" to charm \"db\"",
        ),
    ] {
        let ran = juju.run(args);
        assert_eq!(ran.code, Some(code), "{args:?}: {ran:?}");
        assert!(ran.stderr.contains(refusal), "{args:?}: {ran:?}");
        assert_eq!(juju.state(), before, "{args:?}");
    }
    let in_parts = ["deploy", &charm(&juju, "beside"), "more", "-n", "2"];
    juju.refused(
        &in_parts,
        1,
        "cannot use --num-units or --to with a subordinate",
    );
    let without_endpoint = "name: web\nsummary: s\ndescription: d\n";
    juju.write_charm("../web/metadata.yaml", without_endpoint);
    let refresh = ["refresh", "web", "--path", &charm(&juju, "web")];
    juju.refused(&refresh, 1, "would break relation \"db:clients web:db\"");
}

#[test]
fn a_subordinate_comes_with_its_relation_and_goes_with_it_or_with_its_principal() {
    // given
    let juju = an_operator();
    juju.ok(&["deploy", &charm(&juju, "web"), "-n", "2"]);
    juju.ok(&["deploy", &charm(&juju, "beside")]);
    let beside = |juju: &Juju| {
        let units = juju.status()["applications"]["web"]["units"].clone();
        let units = units.as_object().unwrap().iter().map(|(name, unit)| {
            let beside = unit["subordinates"]
                .as_object()
                .cloned()
                .unwrap_or_default();
            format!(
                "{name}:{}",
                beside.keys().cloned().collect::<Vec<_>>().join(",")
            )
        });
        units.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(beside(&juju), "web/0: web/1:");
    // when, then
    juju.ok(&["integrate", "beside", "web"]);
    assert_eq!(beside(&juju), "web/0:beside/0 web/1:beside/1");
    assert_eq!(
        juju.status()["applications"]["beside"]["subordinate-to"][0],
        "web"
    );
    let removal = ["remove-unit", "beside/0"];
    juju.refused(
        &removal,
        1,
        "is a subordinate, to remove use remove-relation",
    );
    juju.ok(&["add-unit", "web"]);
    assert_eq!(
        beside(&juju),
        "web/0:beside/0 web/1:beside/1 web/2:beside/2"
    );
    juju.ok(&["remove-unit", "web/1"]);
    assert_eq!(beside(&juju), "web/0:beside/0 web/2:beside/2");
    juju.ok(&["remove-relation", "web", "beside"]);
    assert_eq!(beside(&juju), "web/0: web/2:");
    // A subordinate meets its own principal only.
    let met = hooks(&juju);
    let joined: Vec<_> = met
        .iter()
        .filter(|hook| hook.contains("host-relation-joined"))
        .collect();
    assert_eq!(
        joined,
        [
            "beside/0 host-relation-joined web/0",
            "beside/1 host-relation-joined web/1",
            "beside/2 host-relation-joined web/2",
        ]
    );
}

#[test]
fn a_unit_in_error_holds_up_nobody_on_the_other_side() {
    // given
    let juju = an_operator();
    juju.ok(&["deploy", &charm(&juju, "web")]);
    juju.ok(&["deploy", &charm(&juju, "db"), "-n", "2"]);
    let fail = juju.home.path().join("fail-clients-relation-joined");
    std::fs::write(&fail, "").unwrap();
    // when
    juju.ok(&["integrate", "web", "db"]);
    // then
    let mut came = hooks(&juju);
    came.sort();
    assert_eq!(
        came,
        [
            "db/0 clients-relation-created",
            "db/1 clients-relation-created",
            "web/0 db-relation-changed db/0",
            "web/0 db-relation-changed db/1",
            "web/0 db-relation-created",
            "web/0 db-relation-joined db/0",
            "web/0 db-relation-joined db/1",
        ]
    );
    // And what came meanwhile comes after the retry.
    juju.ok(&["remove-relation", "web", "db"]);
    assert!(hooks(&juju).contains(&"web/0 db-relation-broken".to_owned()));
    std::fs::remove_file(fail).unwrap();
    juju.ok(&["resolved", "--all"]);
    let after = hooks(&juju);
    assert_eq!(
        after.first().map(String::as_str),
        Some("db/0 clients-relation-joined web/0")
    );
    assert_eq!(
        after.last().map(String::as_str),
        Some("db/1 clients-relation-broken")
    );
    let status: Value = juju.status();
    assert_eq!(status["applications"]["db"]["relations"], Value::Null);
}

#[test]
fn a_relation_is_ended_by_force_though_a_hook_fails() {
    let juju = an_operator();
    juju.ok(&["deploy", &charm(&juju, "web")]);
    juju.ok(&["deploy", &charm(&juju, "db")]);
    juju.ok(&["integrate", "web", "db"]);
    std::fs::write(juju.home.path().join("fail-db-relation-departed"), "").unwrap();
    juju.ok(&["remove-relation", "web", "db"]);
    assert!(juju.ok(&["status", "--relations"]).contains("db:clients"));
    juju.ok(&["remove-relation", "web", "db", "--force"]);
    assert!(!juju.ok(&["status", "--relations"]).contains("db:clients"));
}
