//! A property: whatever a charm directory or a file with config holds, nothing panics, what is refused changes nothing, and
//! `status` shows what there is.

use std::cell::Cell;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use clap::Parser;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestCaseResult, TestRunner};

use crate::agent::interrupt::Interrupt;
use crate::client::derived::charm_of;
use crate::client::full_status::{print_json, print_yaml};
use crate::client::screen::Screen;
use crate::client::session::Session;
use crate::client::settings::Settings;
use crate::client::status_tables::tables;
use crate::client::{Cli, Verb};
use crate::controller::data_directory::{DEFAULT_MODEL, DataDirectory};
use crate::controller::store::Store;

const CASES: u32 = 500;

/// Scalars that one reader of YAML or another takes for something else, or for nothing.
const ODDITIES: [&str; 44] = [
    "",
    "~",
    "null",
    "yes",
    "off",
    "y",
    "\"3\"",
    "'true'",
    "8_000",
    "010",
    "08",
    "0x1F",
    "0b1",
    "-0o7",
    "1e3",
    "1e400",
    ".inf",
    "-.Inf",
    ".nan",
    "1.5",
    "-1",
    "18446744073709551615",
    "18446744073709551616",
    "-9223372036854775808",
    "2024-01-01",
    "12:30",
    "secret:abc",
    "\"\\x00\\u263a\\ud800\"",
    "'it''s'",
    "!!int x",
    "!!binary aGk=",
    "!mine 5",
    "!!float 3",
    "&a 1",
    "*a",
    "*b",
    "<<",
    "{",
    "[1, {a: [",
    "|\n      two\n      lines",
    "\t",
    "\u{feff}",
    "a: b: c",
    "\u{85}\u{2028}",
];

const NAMES: [&str; 9] = ["tiny", "a-b", "x1", "Tiny", "a--b", "", "1", "../x", "juju"];

const KEYS: [&str; 12] = [
    "name",
    "summary",
    "description",
    "provides",
    "requires",
    "peers",
    "storage",
    "assumes",
    "containers",
    "extra-bindings",
    "subordinate",
    "<<",
];

/// A charm directory, files with config for it, and the options of a charm that comes after it.
#[derive(Debug)]
struct Case {
    metadata: Option<String>,
    config: Option<String>,
    other: Vec<(String, String, bool)>,
    settings: String,
    next_config: String,
}

fn scalar() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => select(&ODDITIES[..]).prop_map(str::to_owned),
        2 => "[a-z0-9_]{1,6}",
        1 => "\\PC{0,8}",
    ]
}

/// The type and the default of an option, mostly such that fit.
fn typed() -> impl Strategy<Value = (Option<String>, Option<String>)> {
    let pairs = [
        ("int", "'3'"),
        ("int", "5_242_880"),
        ("float", "2"),
        ("boolean", "off"),
        ("string", "2024-01-01"),
        ("secret", "secret:a"),
        ("~", "' '"),
    ];
    let kind = select(&["string", "int", "float", "boolean", "secret", "text", "yes"][..]);
    prop_oneof![
        4 => select(pairs.to_vec())
            .prop_map(|(kind, default)| (Some(kind.to_owned()), Some(default.to_owned()))),
        1 => (option::of(kind.prop_map(str::to_owned)), option::of(scalar())),
    ]
}

fn options() -> impl Strategy<Value = String> {
    let description = option::weighted(0.2, scalar());
    vec((select(&NAMES[..]), typed(), description), 0..4).prop_map(|options| {
        let mut text = "options:\n".to_owned();
        for (name, (kind, default), description) in options {
            text.extend([format!("  \"{name}\":\n    x:\n")]);
            let fields = [
                ("type", kind),
                ("default", default),
                ("description", description),
            ];
            for (key, value) in fields {
                text.extend(value.map(|value| format!("    {key}: {value}\n")));
            }
        }
        text
    })
}

/// Mostly what a charm may have, with any values.
fn metadata() -> impl Strategy<Value = String> {
    let more = option::weighted(0.3, (select(&KEYS[..]), scalar()));
    (0..6_u8, select(&NAMES[..]), more).prop_map(|(sound, name, more)| {
        let name = if sound > 0 { "tiny" } else { name };
        let mut text =
            format!("name: {name}\nsummary: s\ndescription: d\nrequires: {{db: mysql}}\n");
        text.extend(
            more.into_iter()
                .map(|(key, value)| format!("{key}: {value}\n")),
        );
        text
    })
}

/// A text, or what is left of it when it is cut off or holds something else in its midst.
fn damaged(text: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    (text, any::<prop::sample::Index>(), 0..12_u8, "\\PC{0,3}").prop_map(|(text, at, how, more)| {
        let mut chars: Vec<char> = text.chars().collect();
        let at = at.index(chars.len() + 1);
        match how {
            0 => chars.truncate(at),
            1 => {
                chars.splice(at..at, more.chars());
            }
            _ => {}
        }
        chars.into_iter().collect()
    })
}

fn case() -> impl Strategy<Value = Case> {
    let names = [
        "dispatch",
        "hooks/install",
        ".jujuignore",
        "actions.yaml",
        "charmcraft.yaml",
        "lib/x",
        "bundle.yaml",
    ];
    let contents = prop_oneof![
        select(
            &[
                "#!/bin/sh\nexit 0\n",
                "#!/bin/sh\nexit 1\n",
                "!*\n[\n",
                "*\n",
                "name: {}\n"
            ][..]
        )
        .prop_map(str::to_owned),
        scalar(),
    ];
    let name = select(names.map(str::to_owned).to_vec());
    let settings = (select(&NAMES[..]), scalar())
        .prop_map(|(key, value)| format!("tiny:\n  {key}: {value}\n"));
    (
        option::weighted(0.95, damaged(metadata())),
        option::weighted(0.9, damaged(options())),
        vec((name, contents, any::<bool>()), 0..2),
        damaged(settings),
        options(),
    )
        .prop_map(|(metadata, config, other, settings, next_config)| Case {
            metadata,
            config,
            other,
            settings,
            next_config,
        })
}

fn verb(line: &[&str]) -> Verb {
    Cli::try_parse_from(["juju-emulator"].iter().chain(line))
        .unwrap()
        .verb
}

/// What `status` shows, in all its forms. What `config` shows can be read back.
fn look(session: &Session, store: &Store) -> String {
    session.settle(store).unwrap();
    let model = store.read().unwrap();
    let mut shown = Vec::new();
    print_yaml(store, &model, false, &mut shown).unwrap();
    print_json(store, &model, false, &mut shown).unwrap();
    for application in model.applications.keys() {
        let Verb::Config(config) = verb(&["config", application]) else {
            unreachable!()
        };
        let mut printed = Vec::new();
        config.run(session, &mut printed).unwrap();
        let printed = String::from_utf8(printed).unwrap();
        let charm = charm_of(store, &model, application).unwrap();
        let settings = Settings::from_yaml(&charm, application, &printed);
        settings.unwrap_or_else(|error| panic!("{error:#}: {printed}"));
    }
    tables(&model, false, true, Screen::default()) + &String::from_utf8(shown).unwrap()
}

/// What is refused changes nothing.
fn check_unchanged<T, M: PartialEq + std::fmt::Debug>(
    result: &anyhow::Result<T>,
    before: M,
    now: M,
) -> TestCaseResult {
    if result.is_err() {
        prop_assert_eq!(before, now);
    }
    Ok(())
}

fn write(charm: &Path, name: &str, content: &str, executable: bool) {
    let path = charm.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, content).unwrap();
    let mode = if executable { 0o755 } else { 0o644 };
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Whether it could be deployed.
fn try_out(session: &Session, home: &Path, case: &Case) -> Result<bool, TestCaseError> {
    let charm = home.join("charm");
    let settings = home.join("settings.yaml");
    fs::create_dir_all(charm.join("hooks")).unwrap();
    for (name, content, executable) in &case.other {
        write(&charm, name, content, *executable);
    }
    let files = [
        ("metadata.yaml", &case.metadata),
        ("config.yaml", &case.config),
    ];
    for (name, content) in files {
        if let Some(content) = content {
            write(&charm, name, content, false);
        }
    }
    fs::write(&settings, &case.settings).unwrap();
    let store = session.store().unwrap();
    let path = |path: &Path| path.display().to_string();
    let (charm_path, settings_path) = (path(&charm), path(&settings));

    // Also without the file, for it may be what is wrong.
    for config in [&["--config", &settings_path][..], &[]] {
        if !store.read().unwrap().applications.is_empty() {
            continue;
        }
        let Verb::Deploy(deploy) = verb(&[&["deploy", &charm_path], config].concat()) else {
            unreachable!()
        };
        let before = store.read().unwrap();
        let deployed = deploy.deploy(&store);
        check_unchanged(&deployed, before, store.read().unwrap())?;
        if let Ok((name, _, charm)) = deployed {
            let shown = look(session, &store);
            // A subordinate has units where it is related.
            let expected = if charm.subordinate {
                name
            } else {
                format!("{name}/0")
            };
            prop_assert!(shown.contains(&expected), "{shown}");
        }
    }
    let model = store.read().unwrap();
    if let Some(name) = model.applications.keys().next() {
        let Verb::Config(config) = verb(&["config", name, "--file", &settings_path]) else {
            unreachable!()
        };
        let before = store.read().unwrap();
        let changed = config.run(session, &mut Vec::new());
        check_unchanged(&changed, before, store.read().unwrap())?;

        write(&charm, "config.yaml", &case.next_config, false);
        let Verb::Refresh(refresh) = verb(&["refresh", name, "--path", &charm_path]) else {
            unreachable!()
        };
        let before = store.read().unwrap();
        let refreshed = refresh.refresh(&store);
        check_unchanged(&refreshed, before, store.read().unwrap())?;
    }
    look(session, &store);
    store.destroy().unwrap();
    fs::remove_dir_all(&charm).unwrap();
    Ok(!model.applications.is_empty())
}

#[test]
fn whatever_a_charm_holds_status_shows_what_there_is() {
    let home = tempfile::tempdir().unwrap();
    let session = Session {
        data: DataDirectory::new(&home.path().join("data")),
        interrupt: Interrupt::new().unwrap(),
        model: Some(DEFAULT_MODEL.to_owned()),
    };
    let config = Config {
        cases: CASES,
        failure_persistence: None,
        ..Config::default()
    };
    let deployed = Cell::new(0);
    let tried = TestRunner::new(config).run(&case(), |case| {
        let is_charm = try_out(&session, home.path(), &case)?;
        deployed.set(deployed.get() + u32::from(is_charm));
        Ok(())
    });
    tried.unwrap_or_else(|failure| panic!("{failure}"));
    let deployed = deployed.get();
    assert!(
        (CASES / 10..CASES).contains(&deployed),
        "{deployed} could be deployed"
    );
}
