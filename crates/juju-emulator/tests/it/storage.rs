//! Storage: what units get, when their charms hear of it, and that its data stays.

use std::fs;

use serde_json::Value;

use crate::verbs::Juju;

/// Counts its hooks in a file on its storage, and says in another file which hooks there were.
const DISPATCH: &str = r#"#!/bin/sh
set -e
echo "$JUJU_UNIT_NAME $JUJU_HOOK_NAME $JUJU_STORAGE_ID $JUJU_STORAGE_KIND [$(storage-list | tr '\n' ' ')]" >>LOG
for id in $(storage-list data); do
    counter=$(storage-get -s $id location)/counter
    count=$(cat "$counter" 2>/dev/null || echo 0)
    echo $((count + 1)) >"$counter"
done
if [ -e LOG.fail ]; then exit 1; fi
if [ -e LOG.script ]; then . LOG.script; fi
"#;

const METADATA: &str = "
name: counter
summary: s
description: d
storage:
  data: {type: filesystem, location: /srv/counter, multiple: {range: 0-3}}
  disk: {type: block, multiple: {range: 0-}, minimum-size: 3M}
  home: {type: filesystem}
";

struct Counter {
    juju: Juju,
    log: String,
}

impl Counter {
    fn new() -> Self {
        let juju = Juju::new();
        let log = juju.home.path().join("log").display().to_string();
        juju.write_charm("metadata.yaml", METADATA);
        juju.write_charm("dispatch", &DISPATCH.replace("LOG", &log));
        fs::remove_file(juju.home.path().join("charm/config.yaml")).unwrap();
        Self { juju, log }
    }

    fn deployed(storage: &str) -> Self {
        let counter = Self::new();
        counter
            .juju
            .ok(&["deploy", &counter.juju.charm(), "a", "--storage", storage]);
        counter
    }

    /// The hooks since the last look, one a line.
    fn hooks(&self) -> String {
        let hooks = fs::read_to_string(&self.log).unwrap_or_default();
        let _ = fs::remove_file(&self.log);
        hooks.replace(" ]", "]")
    }

    fn storage(&self) -> Value {
        let shown = self.juju.ok(&["storage", "--format", "json"]);
        serde_json::from_str(&shown).unwrap()
    }

    fn location(&self, id: &str) -> String {
        let storage = self.storage();
        let attachments = &storage["storage"][id]["attachments"]["units"];
        let unit = attachments.as_object().unwrap().values().next().unwrap();
        unit["location"].as_str().unwrap().to_owned()
    }

    fn count(&self, id: &str) -> u32 {
        let counter = fs::read_to_string(format!("{}/counter", self.location(id))).unwrap();
        counter.trim().parse().unwrap()
    }
}

#[test]
fn storage_comes_before_install_later_and_goes_before_stop() {
    let counter = Counter::deployed("data=2");
    assert_eq!(
        counter.hooks(),
        "a/0 data-storage-attached data/0 filesystem [data/0 data/1 home/2]\n\
         a/0 data-storage-attached data/1 filesystem [data/0 data/1 home/2]\n\
         a/0 home-storage-attached home/2 filesystem [data/0 data/1 home/2]\n\
         a/0 install   [data/0 data/1 home/2]\n\
         a/0 leader-elected   [data/0 data/1 home/2]\n\
         a/0 config-changed   [data/0 data/1 home/2]\n\
         a/0 start   [data/0 data/1 home/2]\n"
    );
    counter.juju.ok(&["add-storage", "a/0", "disk"]);
    assert_eq!(
        counter.hooks(),
        "a/0 disk-storage-attached disk/3 block [data/0 data/1 disk/3 home/2]\n"
    );
    let disk = fs::metadata(counter.location("disk/3")).unwrap();
    assert_eq!((disk.is_file(), disk.len()), (true, 3 * 1024 * 1024));
    let out = counter.juju.ok(&["remove-unit", "a/0", "--no-prompt"]);
    assert_eq!(
        out,
        "will remove unit a/0\n- will detach storage data/0\n- will detach storage data/1\n\
         - will detach storage home/2\n- will detach storage disk/3\n"
    );
    assert_eq!(
        counter.hooks(),
        "a/0 data-storage-detaching data/0 filesystem [data/0 data/1 disk/3 home/2]\n\
         a/0 data-storage-detaching data/1 filesystem [data/1 disk/3 home/2]\n\
         a/0 home-storage-detaching home/2 filesystem [disk/3 home/2]\n\
         a/0 disk-storage-detaching disk/3 block [disk/3]\n\
         a/0 stop   []\n\
         a/0 remove   []\n"
    );
}

#[test]
fn a_counter_on_storage_goes_on_counting() {
    let counter = Counter::deployed("data=1");
    let juju = &counter.juju;
    // Attached, home attached, install, leader-elected, config-changed, start.
    assert_eq!(counter.count("data/0"), 6);
    juju.ok(&["refresh", "a", "--path", &juju.charm()]);
    assert_eq!(counter.count("data/0"), 8);
    // A hook that fails keeps what it has written, and runs again.
    let fail = format!("{}.fail", counter.log);
    fs::write(&fail, "").unwrap();
    juju.ok(&["refresh", "a", "--path", &juju.charm()]);
    assert_eq!(counter.count("data/0"), 9);
    fs::remove_file(&fail).unwrap();
    juju.ok(&["resolved", "a/0"]);
    assert_eq!(counter.count("data/0"), 11);
    juju.ok(&["exec", "--unit", "a/0", "--", "juju-reboot"]);
    assert_eq!(counter.count("data/0"), 12);
    // From unit to unit, on another machine.
    juju.ok(&["detach-storage", "data/0"]);
    juju.ok(&["add-unit", "a"]);
    juju.ok(&["detach-storage", "data/2"]);
    juju.ok(&["attach-storage", "a/1", "data/0"]);
    assert_eq!(counter.count("data/0"), 14);
    let before = counter.location("data/0");
    juju.ok(&["remove-unit", "a/1", "--no-prompt"]);
    assert!(!fs::exists(&before).unwrap());
    juju.ok(&["attach-storage", "a/0", "data/0"]);
    // Detaching, a second time for its neighbour is gone by then; and attached.
    assert_eq!(counter.count("data/0"), 16);
    let out = juju.ok(&["remove-unit", "a/0", "--no-prompt", "--destroy-storage"]);
    assert!(out.contains("- will remove storage data/0\n"), "{out}");
    let storage = counter.storage();
    let left: Vec<_> = storage["storage"].as_object().unwrap().keys().collect();
    assert_eq!(left, ["data/2", "home/3"]);
    let data = juju.home.path().join("data/models/emulator/storage");
    let mut kept: Vec<_> = fs::read_dir(data)
        .unwrap()
        .flatten()
        .map(|it| it.file_name())
        .collect();
    kept.sort();
    assert_eq!(kept, ["2", "3"]);
}

#[test]
fn a_new_unit_takes_storage_that_nobody_has() {
    // given data/0 of the first unit, with what it has counted
    let counter = Counter::deployed("data=1");
    let juju = &counter.juju;
    let count = counter.count("data/0");
    juju.ok(&["remove-unit", "a/0", "--no-prompt"]);
    counter.hooks();
    // when
    juju.ok(&["add-unit", "a", "--attach-storage", "data/0,home/1"]);
    // then it has no others, and goes on counting
    let hooks = counter.hooks();
    let first = "a/1 data-storage-attached data/0 filesystem [data/0 home/1]\n";
    assert!(hooks.starts_with(first), "{hooks}");
    // Attached, home attached, install, leader-elected, config-changed, start; and detaching of the unit before.
    assert_eq!(counter.count("data/0"), count + 7);
    let charm = juju.charm();
    juju.ok(&["detach-storage", "data/0"]);
    juju.ok(&["deploy", &charm, "b", "--attach-storage", "data/0"]);
    let storage = counter.storage();
    let all: Vec<_> = storage["storage"].as_object().unwrap().keys().collect();
    assert_eq!(all, ["data/0", "home/1", "home/2"]);
    assert!(!storage["storage"]["data/0"]["attachments"]["units"]["b/0"].is_null());
    // What cannot be is refused, and no unit is added.
    let refusals: [(&[&str], i32, &str); 4] = [
        (
            &["add-unit", "a", "--attach-storage=data/0"],
            1,
            "storage \"data/0\" is already attached to unit \"b/0\"",
        ),
        (
            &["add-unit", "a", "--attach-storage=data/9"],
            1,
            "storage instance \"data/9\" not found",
        ),
        (
            &["deploy", &charm, "c", "--attach-storage", "data"],
            2,
            "storage ID \"data\" not valid",
        ),
        (
            &["add-unit", "a", "-n2", "--attach-storage=data/0"],
            2,
            "--attach-storage cannot be used with -n",
        ),
    ];
    for (args, code, refusal) in refusals {
        juju.refused(args, code, refusal);
    }
    assert!(!juju.ok(&["status"]).contains("a/2"));
}

#[test]
fn a_units_storage_is_listed_shown_and_part_of_status() {
    let counter = Counter::deployed("data=5M");
    let juju = &counter.juju;
    juju.ok(&["detach-storage", "data/0"]);
    juju.ok(&["add-storage", "a/0", "data=tmpfs,2G"]);
    assert_eq!(
        juju.ok(&["storage"]),
        "Unit  Storage ID  Type        Pool    Size     Status    Message\n\
         \x20     data/0      filesystem  rootfs  5.0 MiB  detached  \n\
         a/0   data/2      filesystem  tmpfs   2.0 GiB  attached  \n\
         a/0   home/1      filesystem  rootfs  1.0 GiB  attached  \n"
    );
    let location = counter.location("data/2");
    let shown = juju.ok(&["show-storage", "data/2"]);
    let lines: Vec<_> = shown
        .lines()
        .filter(|line| !line.contains("since"))
        .collect();
    assert_eq!(
        lines,
        [
            "data/2:",
            "  kind: filesystem",
            "  life: alive",
            "  status:",
            "    current: attached",
            "  persistent: false",
            "  attachments:",
            "    units:",
            "      a/0:",
            "        machine: \"0\"",
            &format!("        location: {location}"),
            "        life: alive",
        ]
    );
    let status = juju.ok(&["status", "--storage"]);
    let table = status.split("\n\n").last().unwrap();
    assert!(
        table.starts_with("Storage Unit  Storage ID  Type        Pool    Mountpoint"),
        "{status}"
    );
    assert!(table.contains(&location), "{status}");
    let status: Value = serde_json::from_str(&juju.ok(&["status", "--format", "json"])).unwrap();
    let filesystem = &status["storage"]["filesystems"]["2"];
    assert_eq!(
        filesystem["attachments"]["machines"]["0"]["mount-point"],
        location
    );
    assert_eq!(filesystem["size"], 2048);
}

#[test]
fn what_is_asked_for_wrongly_is_refused_and_changes_nothing() {
    let counter = Counter::new();
    let juju = &counter.juju;
    let charm = juju.charm();
    for (storage, code, refusal) in [
        (
            "nosuch=1",
            1,
            "charm \"counter\" has no store called \"nosuch\"",
        ),
        (
            "data=4",
            1,
            "charm \"counter\" store \"data\": at most 3 instances supported, 4 specified",
        ),
        (
            "home=2",
            1,
            "charm \"counter\" store \"home\": storage is singular, 2 specified",
        ),
        (
            "disk=1,1M",
            1,
            "minimum storage size is 3 MiB, 1 MiB specified",
        ),
        ("data=ebs", 1, "pool \"ebs\" not found"),
        (
            "disk=rootfs",
            1,
            "\"rootfs\" provider does not support \"block\" storage",
        ),
        ("data", 2, "expected <store>=<directive>"),
        ("data=", 2, "require at least one field"),
    ] {
        juju.refused(
            &["deploy", &charm, "a", "--storage", storage],
            code,
            refusal,
        );
    }
    juju.ok(&["deploy", &charm, "a", "--storage", "data=2"]);
    let before = juju.ok(&["storage", "--format", "yaml"]);
    for (args, code, refusal) in [
        (
            &["add-storage"][..],
            2,
            "add-storage requires a unit and a storage directive",
        ),
        (
            &["add-storage", "a/0", "nosuch"],
            1,
            "failed to add storage \"nosuch\" to a/0: charm storage \"nosuch\" not found",
        ),
        (
            &["add-storage", "a/9", "data"],
            1,
            "failed to add storage \"data\" to a/9: unit \"a/9\" does not exist",
        ),
        (
            &["add-storage", "a/0", "data=2"],
            1,
            "attaching 2 storage instances brings the total to 4, exceeding the maximum of 3",
        ),
        (
            &["add-storage", "a/0", "home"],
            1,
            "cannot attach, storage is singular",
        ),
        (
            &["detach-storage", "home/2"],
            1,
            "failed to detach home/2: cannot detach, storage is singular",
        ),
        (
            &["detach-storage", "data/9"],
            1,
            "storage instance \"data/9\" not found",
        ),
        (
            &["attach-storage", "a/0", "data/0"],
            1,
            "storage \"data/0\" is already attached to unit \"a/0\"",
        ),
        (
            &["remove-storage", "data/0"],
            1,
            "failed to remove data/0: storage is attached\n\nUse the --force option",
        ),
    ] {
        juju.refused(args, code, refusal);
    }
    assert_eq!(juju.ok(&["storage", "--format", "yaml"]), before);
    juju.ok(&["remove-storage", "data/0", "--force"]);
    let ran = juju.run(&["show-storage", "data/0"]);
    let error = "ERROR storage instance \"data/0\" not found\n";
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("{}\n", error));
    let hooks = counter.hooks();
    assert!(
        hooks.contains("a/0 data-storage-detaching data/0"),
        "{hooks}"
    );
}

#[test]
fn a_hook_that_asks_for_too_much_fails_and_gets_nothing() {
    let counter = Counter::deployed("data=1");
    let juju = &counter.juju;
    let script = format!("{}.script", counter.log);
    fs::write(&script, "storage-add data=2 nosuch").unwrap();
    juju.ok(&["refresh", "a", "--path", &juju.charm()]);
    let log = juju.ok(&["debug-log"]);
    assert!(
        log.contains(
            "cannot apply changes: adding storage nosuch for unit-a-0: storage \"nosuch\" not found"
        ),
        "{log}"
    );
    assert_eq!(counter.storage()["storage"].as_object().unwrap().len(), 2);
    fs::write(
        &script,
        "[ $JUJU_HOOK_NAME != upgrade-charm ] || storage-add data=2",
    )
    .unwrap();
    counter.hooks();
    juju.ok(&["resolved", "a/0"]);
    assert_eq!(counter.storage()["storage"].as_object().unwrap().len(), 4);
    let hooks = counter.hooks();
    assert!(
        hooks.contains("a/0 data-storage-attached data/2 filesystem"),
        "{hooks}"
    );
}

#[test]
fn two_units_of_a_machine_do_not_share_a_location() {
    let counter = Counter::new();
    let juju = &counter.juju;
    juju.write_charm(
        "metadata.yaml",
        &METADATA.replace(", multiple: {range: 0-3}", ""),
    );
    juju.ok(&["deploy", &juju.charm(), "a"]);
    juju.refused(
        &["deploy", &juju.charm(), "b", "--to", "0"],
        1,
        "cannot place storage \"data/2\" at /srv/counter on machine 0: storage \"data/0\" of unit \"a/0\" is at /srv/counter",
    );
    juju.ok(&["deploy", &juju.charm(), "b"]);
}

#[test]
fn a_new_charm_brings_its_storage_and_does_not_take_what_is_in_use() {
    let counter = Counter::deployed("data=1");
    let juju = &counter.juju;
    counter.hooks();
    juju.write_charm(
        "metadata.yaml",
        &METADATA.replace("storage:\n", "storage:\n  more: {type: filesystem}\n"),
    );
    juju.ok(&["refresh", "a", "--path", &juju.charm()]);
    let hooks = counter.hooks();
    assert!(
        hooks.contains("upgrade-charm")
            && hooks.contains("a/0 more-storage-attached more/2 filesystem"),
        "{hooks}"
    );
    juju.write_charm(
        "metadata.yaml",
        "name: counter\nsummary: s\ndescription: d\n",
    );
    juju.refused(
        &["refresh", "a", "--path", &juju.charm()],
        1,
        "cannot upgrade application \"a\" to charm \"counter\": in-use storage \"data\" removed",
    );
}

#[test]
fn what_a_unit_keeps_with_state_set_stays_and_is_dropped_with_a_failed_hook() {
    let counter = Counter::deployed("data=1");
    let juju = &counter.juju;
    let script = format!("{}.script", counter.log);
    fs::write(&script, "state-set k=1\nexit 1").unwrap();
    juju.ok(&["refresh", "a", "--path", &juju.charm()]);
    let get = ["exec", "--unit", "a/0", "--", "state-get --format=json"];
    assert_eq!(juju.ok(&get).trim(), "null");
    fs::write(&script, "state-set k=2").unwrap();
    juju.ok(&["resolved", "a/0"]);
    assert_eq!(juju.ok(&get).trim(), "{\"k\":\"2\"}");
    let refused = juju.run(&["exec", "--unit", "a/0", "--", "credential-get"]);
    let refusal = "ERROR cannot access cloud credentials: permission denied\n";
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), refusal));
    juju.ok(&["trust", "a"]);
    let cloud = juju.ok(&["exec", "--unit", "a/0", "--", "credential-get"]);
    assert!(cloud.starts_with("type: emulator\n"), "{cloud}");
}
