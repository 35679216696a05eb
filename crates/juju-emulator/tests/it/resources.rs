//! Resources: files that the operator supplies and charms read.

use std::fs;

use serde_json::Value;

use crate::verbs::Juju;

const DISPATCH: &str = r#"#!/bin/sh
file=$(resource-get blob) && content=$(cat "$file") || content=none
echo "$JUJU_UNIT_NAME $JUJU_HOOK_NAME $content" >>LOG
"#;

const METADATA: &str = "
name: blobs
summary: s
description: d
resources:
  blob: {type: file, filename: blob.txt, description: a file}
  other:
";

struct Blobs {
    juju: Juju,
    log: String,
    file: String,
}

impl Blobs {
    fn new() -> Self {
        let juju = Juju::new();
        let path = |name: &str| juju.home.path().join(name).display().to_string();
        let (log, file) = (path("log"), path("file"));
        juju.write_charm("metadata.yaml", METADATA);
        juju.write_charm("dispatch", &DISPATCH.replace("LOG", &log));
        fs::remove_file(juju.home.path().join("charm/config.yaml")).unwrap();
        fs::write(&file, "one").unwrap();
        Self { juju, log, file }
    }

    fn hooks(&self) -> String {
        let hooks = fs::read_to_string(&self.log).unwrap_or_default();
        let _ = fs::remove_file(&self.log);
        hooks
    }
}

#[test]
fn a_resource_is_there_from_the_first_hook_and_a_new_one_after_upgrade_charm() {
    let blobs = Blobs::new();
    let juju = &blobs.juju;
    let blob = format!("blob={}", blobs.file);
    juju.ok(&["deploy", &juju.charm(), "a", "-n", "2", "--resource", &blob]);
    let hooks = blobs.hooks();
    assert!(hooks.starts_with("a/0 install one\n"), "{hooks}");
    fs::write(&blobs.file, "two").unwrap();
    juju.ok(&["attach-resource", "a", &blob]);
    assert_eq!(
        blobs.hooks(),
        "a/0 upgrade-charm two\na/0 config-changed two\na/1 upgrade-charm two\na/1 config-changed two\n"
    );
    let path = juju.ok(&["exec", "--unit", "a/0", "--", "resource-get blob"]);
    let path = path.trim_end();
    assert!(
        path.ends_with("/agents/unit-a-0/resources/blob/blob.txt"),
        "{path}"
    );
    // What a charm does to its copy is not in the next one.
    fs::write(path, "mine").unwrap();
    juju.ok(&["exec", "--unit", "a/0", "--", "resource-get blob"]);
    assert_eq!(fs::read_to_string(path).unwrap(), "two");
    let kept = juju.home.path().join("data/models/emulator/resources");
    assert_eq!(fs::read_dir(&kept).unwrap().count(), 1);
    juju.ok(&["remove-application", "a", "--no-prompt"]);
    assert_eq!(fs::read_dir(&kept).unwrap().count(), 0);
}

#[test]
fn a_new_charm_may_come_with_new_resources() {
    let blobs = Blobs::new();
    let juju = &blobs.juju;
    let blob = format!("blob={}", blobs.file);
    juju.ok(&["deploy", &juju.charm(), "a", "--resource", &blob]);
    blobs.hooks();
    fs::write(&blobs.file, "two").unwrap();
    let refresh = ["refresh", "a", "--path", &juju.charm(), "--resource"];
    juju.ok(&[&refresh[..], &[&blob]].concat());
    assert_eq!(
        blobs.hooks(),
        "a/0 upgrade-charm two\na/0 config-changed two\n"
    );
    let kept = juju.home.path().join("data/models/emulator/resources");
    assert_eq!(fs::read_dir(&kept).unwrap().count(), 1);
    juju.refused(
        &[&refresh[..], &["nosuch=x"]].concat(),
        1,
        "unrecognized resource \"nosuch\"",
    );
    juju.refused(
        &[&refresh[..], &["blob=/nonexistent"]].concat(),
        1,
        "open /nonexistent: no such file",
    );
    assert_eq!(blobs.hooks(), "");
}

#[test]
fn resources_are_listed() {
    let blobs = Blobs::new();
    let juju = &blobs.juju;
    juju.ok(&["deploy", &juju.charm(), "a"]);
    assert!(blobs.hooks().starts_with("a/0 install none\n"));
    assert_eq!(
        juju.ok(&["resources", "a"]),
        "Resource  Supplied by  Revision\nblob      upload       -\nother     upload       -\n"
    );
    juju.ok(&["attach-resource", "a", &format!("blob={}", blobs.file)]);
    let listed: Value =
        serde_json::from_str(&juju.ok(&["resources", "a/0", "--format", "json"])).unwrap();
    let blob = &listed["resources"][0];
    assert_eq!(blob["resourceid"], "a/blob");
    assert_eq!(
        (blob["size"].as_u64(), blob["used"].as_bool()),
        (Some(3), Some(true))
    );
    assert_eq!(
        (&blob["path"], &blob["type"]),
        (&"blob.txt".into(), &"file".into())
    );
    let sha384 = "5dbcbedb00d131a29e0593f976f2b43794293923919ad42766de817fec824a6262799fec8d04cb9b17c48e8eae912658";
    assert_eq!(blob["fingerprint"], sha384);
    assert_eq!(listed["resources"][1]["fingerprint"], "");
    let table = juju.ok(&["resources", "a"]);
    assert!(table.contains("blob      upload       20"), "{table}");
    juju.write_charm("metadata.yaml", "name: tiny\nsummary: s\ndescription: d\n");
    juju.ok(&["deploy", &juju.charm(), "b"]);
    assert_eq!(juju.ok(&["resources", "b"]), "No resources to display.\n");
}

#[test]
fn a_resource_that_is_none_is_refused() {
    let blobs = Blobs::new();
    let juju = &blobs.juju;
    let charm = juju.charm();
    let nosuch = format!("nosuch={}", blobs.file);
    for (resource, code, refusal) in [
        (nosuch.as_str(), 1, "unrecognized resource \"nosuch\""),
        (
            "blob=/nonexistent",
            1,
            "file for resource \"blob\": open /nonexistent: no such file or directory",
        ),
        (
            "blob",
            2,
            "bad resource arg \"blob\": expected name=path format",
        ),
    ] {
        juju.refused(
            &["deploy", &charm, "a", "--resource", resource],
            code,
            refusal,
        );
    }
    juju.ok(&["deploy", &charm, "a"]);
    blobs.hooks();
    for (resource, code, refusal) in [
        (
            nosuch.as_str(),
            1,
            "application \"a\", resource \"nosuch\" not found",
        ),
        (
            "blob=/nonexistent",
            1,
            "failed to upload resource \"blob\": open /nonexistent: no such file or directory",
        ),
        (
            "blob",
            2,
            "bad resource arg \"blob\": expected name=path format",
        ),
    ] {
        juju.refused(&["attach-resource", "a", resource], code, refusal);
    }
    assert_eq!(blobs.hooks(), "");
}
