//! Charms in `.charm` files, good ones and bad ones.

use std::fs;
use std::io::{Cursor, Write};

use serde_json::json;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::verbs::{CHARM, Juju};

type Files<'a> = &'a [(&'a str, u32, &'a str)];

const METADATA: (&str, u32, &str) = (
    "metadata.yaml",
    0o644,
    "name: tiny\nsummary: s\ndescription: d\n",
);
const CONFIG: (&str, u32, &str) = (
    "config.yaml",
    0o644,
    "options: {port: {type: int, default: 8000}, do: {default: nothing}}",
);
const DISPATCH: (&str, u32, &str) = ("dispatch", 0o755, CHARM);

fn packed(files: Files<'_>) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, mode, content) in files {
        let options = SimpleFileOptions::default().unix_permissions(*mode);
        zip.start_file(*name, options).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn linked(name: &str, target: &str) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.add_symlink(name, target, SimpleFileOptions::default())
        .unwrap();
    zip.finish().unwrap().into_inner()
}

/// Says of its one file that it has 4 GB, in the central directory's record 24 bytes after its start.
fn bomb() -> Vec<u8> {
    let mut bomb = packed(&[("zeros", 0o644, "0")]);
    let record = bomb.windows(4).rposition(|four| four == b"PK\x01\x02");
    let size = record.unwrap() + 24;
    bomb[size..size + 4].copy_from_slice(&0xffff_fff0_u32.to_le_bytes());
    bomb
}

impl Juju {
    /// Puts a packed charm where the user finds it.
    fn write_packed(&self, content: &[u8]) -> String {
        let path = self.home.path().join("tiny.charm");
        fs::write(&path, content).unwrap();
        path.display().to_string()
    }
}

#[test]
fn a_packed_charm_is_deployed_and_refreshed() {
    let juju = Juju::new();
    let charm = juju.write_packed(&packed(&[METADATA, CONFIG, DISPATCH]));
    juju.ok(&["deploy", &charm]);
    assert_eq!(juju.unit("tiny/0"), r#""active" "port 8000" ["8000/tcp"]"#);
    let newer = CHARM.replace("1.2", "1.3");
    juju.write_packed(&packed(&[METADATA, CONFIG, ("dispatch", 0o755, &newer)]));
    juju.ok(&["refresh", "tiny", "--path", &charm]);
    assert_eq!(juju.application()["version"], "1.3");
}

#[test]
fn a_packed_charm_that_is_none_is_refused_and_changes_nothing() {
    let juju = Juju::new();
    let good = juju.write_packed(&packed(&[METADATA, CONFIG, DISPATCH]));
    juju.ok(&["deploy", &good]);
    let before = juju.state();
    let mut cut_off = packed(&[METADATA, CONFIG, DISPATCH]);
    cut_off.truncate(cut_off.len() / 2);
    let not_executable = ("dispatch", 0o644, CHARM);
    let given_then = [
        (b"text".to_vec(), "it is not a packed charm"),
        (Vec::new(), "it is not a packed charm"),
        (cut_off, "it is not a packed charm"),
        (
            packed(&[METADATA]),
            "tiny.charm is not a charm: it has neither dispatch",
        ),
        (
            packed(&[METADATA, not_executable]),
            "tiny.charm is not a charm: its dispatch is not an executable",
        ),
        (
            packed(&[DISPATCH]),
            "tiny.charm is not a charm: it has no metadata.yaml",
        ),
        (
            packed(&[DISPATCH, ("metadata.yaml", 0o644, "{")]),
            "cannot use ",
        ),
        (packed(&[("../out", 0o644, "")]), "leads out of the charm"),
        (packed(&[("/etc/out", 0o644, "")]), "leads out of the charm"),
        (
            linked("lib", "../../out"),
            "its link lib leads out of the charm",
        ),
        (linked("lib", "/etc"), "its link lib leads out of the charm"),
        (bomb(), "it is too big: a charm may have 2048 MiB"),
    ];
    for (content, stderr) in given_then {
        let charm = juju.write_packed(&content);
        juju.refused(&["deploy", &charm, "other"], 1, stderr);
        juju.refused(&["refresh", "tiny", "--path", &charm], 1, stderr);
    }
    let kubernetes = (
        "metadata.yaml",
        0o644,
        "name: tiny\nsummary: s\ndescription: d\ncontainers: {web: {}}\n",
    );
    let charm = juju.write_packed(&packed(&[kubernetes, DISPATCH]));
    juju.refused(&["deploy", &charm, "other"], 2, "is a charm for Kubernetes");
    assert_eq!(juju.state(), before);
    let charms = fs::read_dir(juju.home.path().join("data/models/emulator/charms")).unwrap();
    assert_eq!(charms.count(), 1);
    assert!(!juju.home.path().join("data/models/emulator/out").exists());
}

#[test]
fn a_model_cut_in_half_is_an_error_of_every_verb_and_is_left_as_it_is() {
    let juju = Juju::deployed();
    let state = juju.home.path().join("data/models/emulator/state.json");
    let text = fs::read_to_string(&state).unwrap();
    fs::write(&state, &text[..text.len() / 2]).unwrap();
    for verb in [
        &["status"][..],
        &["config", "tiny", "port=1"],
        &["deploy", &juju.charm(), "other"],
        &["remove-application", "tiny"],
        &["debug-log"],
        &["exec", "--unit", "tiny/0", "--", "true"],
    ] {
        juju.refused(verb, 1, "state.json is damaged; restore the file");
    }
    let after = fs::read_to_string(&state).unwrap();
    assert_eq!(after, text[..text.len() / 2]);
    fs::write(&state, text).unwrap();
    assert_ne!(juju.status()["applications"], json!({}));
}
