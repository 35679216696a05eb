//! `init`: a new charm's project, and what none is made of. That it builds, passes and packs, the CI sees.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::verbs::Juju;

fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .flat_map(|path| {
            if path.is_dir() {
                files(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

/// What becomes of `init` where the user's home is the current directory.
fn init(juju: &Juju, directory: &str) -> (Option<i32>, String) {
    let mut command = juju.command(&["init", directory]);
    command.env("CARGO_NET_OFFLINE", "true");
    let output = command.current_dir(juju.home.path()).output().unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[test]
fn a_new_charm_has_its_own_name_and_no_other() {
    // given
    let juju = Juju::new();
    // when
    let (code, stderr) = init(&juju, "sites/web-2a");
    // then
    assert_eq!(code, Some(0), "{stderr}");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let root = root.canonicalize().unwrap();
    let told = format!("with ops and ops-testing from {}\n", root.display());
    assert!(stderr.contains(&told), "{stderr}");
    let project = juju.home.path().join("sites/web-2a");
    for file in files(&project) {
        let text = fs::read_to_string(&file).unwrap();
        let text = text.replace(root.to_str().unwrap(), "");
        for name in ["hello", "my-charm", "My charm", "MyCharm", "../.."] {
            assert!(!text.contains(name), "{}: {name}", file.display());
        }
    }
    let read = |name| fs::read_to_string(project.join(name)).unwrap();
    assert!(read("src/lib.rs").contains("pub struct Web2aCharm {"));
    assert!(read("charmcraft.yaml").contains("name: web-2a\ntitle: Web 2a\n"));
    assert_eq!(read("dispatch"), "#!/bin/sh\nexec ./bin/web-2a\n");
    // Its Cargo.lock is complete.
    let package = Command::new(env!("CARGO"))
        .args(["pkgid", "--locked"])
        .current_dir(&project)
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&package.stderr);
    assert!(package.status.success(), "{stderr}");
}

#[test]
fn what_is_there_is_not_overwritten() {
    // given
    let juju = Juju::new();
    let kept = juju.home.path().join("web/notes");
    fs::create_dir(kept.parent().unwrap()).unwrap();
    fs::write(&kept, "mine").unwrap();
    // when
    let (code, stderr) = init(&juju, "web");
    // then
    assert_eq!(code, Some(1));
    assert_eq!(stderr, "ERROR web is not empty: choose another directory\n");
    assert_eq!(files(kept.parent().unwrap()), [kept]);
}

#[test]
fn a_name_that_juju_or_cargo_refuses_leaves_nothing() {
    let juju = Juju::new();
    for (name, why) in [
        ("Web", "expected words of lowercase letters and digits"),
        ("web-2", "expected words of lowercase letters and digits"),
        ("..", "expected words of lowercase letters and digits"),
        // Its program would be in the way of what cargo makes.
        ("deps", "cargo cannot make a charm called \"deps\""),
    ] {
        // given
        let before = files(juju.home.path());
        // when
        let (code, stderr) = init(&juju, name);
        // then
        assert_eq!(code, Some(1), "{stderr}");
        assert!(stderr.contains(why), "{stderr}");
        assert_eq!(files(juju.home.path()), before);
        assert!(name == ".." || !juju.home.path().join(name).exists());
    }
}

#[test]
fn every_file_of_the_template_is_in_a_new_charm() {
    // given
    let juju = Juju::new();
    let template = Path::new(env!("CARGO_MANIFEST_DIR")).join("template");
    // when
    init(&juju, "web");
    // then
    for file in files(&template) {
        let file = file.strip_prefix(&template).unwrap();
        let made = juju.home.path().join("web").join(file);
        assert!(made.is_file(), "{}", file.display());
    }
}
