//! Makes the directory of an unpacked charm out of what an author has: a charm directory, or the project of a Rust charm.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::go::yaml;

/// What charmcraft takes over from `charmcraft.yaml` into the packed `metadata.yaml`, beside `title` and `links`, which
/// only a store shows.
const METADATA: [&str; 15] = [
    "assumes",
    "containers",
    "description",
    "devices",
    "extra-bindings",
    "name",
    "peers",
    "provides",
    "requires",
    "resources",
    "storage",
    "subordinate",
    "summary",
    "terms",
    "charm-user",
];

/// Whether a project's charm is built by charmcraft's plugin for Rust.
pub(crate) fn is_rust_charm(project: &Path) -> Result<bool> {
    if !project.join("charmcraft.yaml").is_file() {
        return Ok(false);
    }
    let charmcraft = read_charmcraft(project)?;
    let parts = charmcraft.get("parts").and_then(Value::as_object);
    Ok(parts.is_some_and(|parts| parts.values().any(|part| part["plugin"] == "rust")))
}

/// The project's root package as `cargo build --package` takes it: a workspace may have programs besides the charm's.
///
/// # Errors
///
/// When cargo cannot be run or finds no package in the project's own directory.
pub fn root_package(project: &Path) -> Result<String> {
    let package = Command::new(cargo())
        .args(["pkgid", "--locked"])
        .current_dir(project)
        .stderr(Stdio::inherit())
        .output()
        .context("cannot run cargo, which builds a Rust charm")?;
    if !package.status.success() {
        bail!(
            "cargo cannot use the package in {}; if it lacks a Cargo.lock, `cargo generate-lockfile` makes one",
            project.display()
        );
    }
    Ok(String::from_utf8_lossy(&package.stdout).trim().to_owned())
}

fn cargo() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// Builds the programs of the project's root package, with cargo's progress on stderr.
pub(crate) fn build(project: &Path) -> Result<Vec<PathBuf>> {
    let mut build = Command::new(cargo())
        .args(["build", "--release", "--locked", "--bins"])
        .arg("--message-format=json-render-diagnostics")
        .args(["--package", &root_package(project)?])
        .current_dir(project)
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot run cargo, which builds a Rust charm")?;
    let mut binaries = Vec::new();
    if let Some(stdout) = build.stdout.take() {
        for line in BufReader::new(stdout).lines() {
            let message: Value = serde_json::from_str(&line?).unwrap_or_default();
            binaries.extend(message["executable"].as_str().map(PathBuf::from));
        }
    }
    if !build.wait()?.success() {
        bail!("the charm in {} does not build", project.display());
    }
    Ok(binaries)
}

/// Lays out a Rust charm as charmcraft packs it: its programs in `bin/`, `dispatch`, and the files that describe it.
///
/// # Errors
///
/// When the project lacks `dispatch` or a file cannot be read or written.
pub fn stage(project: &Path, binaries: &[PathBuf], into: &Path) -> Result<()> {
    let charmcraft = read_charmcraft(project)?;
    let dispatch = project.join("dispatch");
    if !dispatch.is_file() {
        bail!(
            "{} has no file `dispatch`, by which a Rust charm starts its program",
            project.display()
        );
    }
    fs::create_dir_all(into.join("bin"))?;
    for binary in binaries {
        let name = binary.file_name().unwrap_or_default();
        copy(binary, &into.join("bin").join(name))?;
    }
    copy(&dispatch, &into.join("dispatch"))?;
    fs::set_permissions(into.join("dispatch"), fs::Permissions::from_mode(0o755))?;

    let title = charmcraft.get("title");
    let title = title.map(|title| ("display-name".to_owned(), title.clone()));
    let metadata: serde_json::Map<_, _> = METADATA
        .into_iter()
        .filter_map(|key| Some((key.to_owned(), charmcraft.get(key)?.clone())))
        .chain(title)
        .collect();
    write_yaml(&into.join("metadata.yaml"), &metadata.into())?;
    for section in ["config", "actions"] {
        let name = format!("{section}.yaml");
        if let Some(content) = charmcraft.get(section) {
            write_yaml(&into.join(name), content)?;
        } else if project.join(&name).is_file() {
            copy(&project.join(&name), &into.join(name))?;
        }
    }
    Ok(())
}

/// Checks that no link of a charm leads out of it, neither as it is written nor by way of other links.
pub(crate) fn check_links(charm: &Path) -> Result<()> {
    let root = fs::canonicalize(charm)?;
    for entry in entries_below(charm, nothing)? {
        let Ok(link) = fs::read_link(charm.join(&entry)) else {
            continue;
        };
        let target = fs::canonicalize(charm.join(&entry));
        if leads_out(&entry, &link) || target.is_ok_and(|target| !target.starts_with(&root)) {
            bail!(
                "its link {} leads out of the charm, to {}",
                entry.display(),
                link.display()
            );
        }
    }
    Ok(())
}

/// Brings the files of a staged charm into a unit's charm directory, where the charm may have files of its own.
///
/// Files of `previous`, the charm that the unit had before, are removed when the new charm does not have them. A program that
/// runs is replaced, not written to.
pub(crate) fn install(staged: &Path, previous: Option<&Path>, charm_dir: &Path) -> Result<()> {
    fs::create_dir_all(charm_dir)
        .with_context(|| format!("cannot create {}", charm_dir.display()))?;
    let entries = entries_below(staged, nothing)?;
    if let Some(previous) = previous {
        for entry in entries_below(previous, nothing)?.into_iter().rev() {
            if !entries.contains(&entry) {
                let gone = charm_dir.join(entry);
                // The charm may have removed it before, or have files of its own in the directory.
                let _ = fs::remove_file(&gone).or_else(|_| fs::remove_dir(&gone));
            }
        }
    }
    for entry in entries {
        let (source, target) = (staged.join(&entry), charm_dir.join(&entry));
        let failed = || format!("cannot write {}", target.display());
        let is_directory = fs::symlink_metadata(&source)?.is_dir();
        if let Ok(there) = fs::symlink_metadata(&target)
            && there.is_dir() != is_directory
        {
            if there.is_dir() {
                fs::remove_dir_all(&target).with_context(failed)?;
            } else {
                fs::remove_file(&target).with_context(failed)?;
            }
        }
        if is_directory {
            fs::create_dir_all(&target).with_context(failed)?;
            continue;
        }
        let mut new = target.clone().into_os_string();
        new.push(".new");
        // What a killed agent left behind.
        let _ = fs::remove_file(&new);
        if source.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(&source)?, &new)?;
        } else {
            copy(&source, Path::new(&new))?;
        }
        fs::rename(&new, &target).with_context(failed)?;
    }
    Ok(())
}

/// The paths of all that is below a directory, each directory before what is in it. `leaves_out` says of a path in it, and
/// of whether that is a directory, whether to pass it over.
pub(crate) fn entries_below(
    directory: &Path,
    leaves_out: impl Fn(&Path, bool) -> bool,
) -> Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    let mut directories = vec![PathBuf::new()];
    while let Some(below) = directories.pop() {
        let path = directory.join(&below);
        let entries =
            fs::read_dir(&path).with_context(|| format!("cannot read {}", path.display()))?;
        for entry in entries {
            let entry = entry?;
            let name = below.join(entry.file_name());
            let is_directory = entry.file_type()?.is_dir();
            if leaves_out(&name, is_directory) {
                continue;
            }
            if is_directory {
                directories.push(name.clone());
            }
            paths.push(name);
        }
    }
    paths.sort();
    Ok(paths)
}

fn nothing(_: &Path, _: bool) -> bool {
    false
}

fn leads_out(file: &Path, link: &Path) -> bool {
    let mut depth = file.components().count() - 1;
    for component in link.components() {
        match component {
            Component::Normal(_) => depth += 1,
            Component::CurDir => {}
            Component::ParentDir if depth > 0 => depth -= 1,
            _ => return true,
        }
    }
    false
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to)
        .with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))?;
    Ok(())
}

fn read_charmcraft(project: &Path) -> Result<BTreeMap<String, Value>> {
    let path = project.join("charmcraft.yaml");
    let text =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    yaml::read(&text).with_context(|| format!("cannot use {}", path.display()))
}

fn write_yaml(path: &Path, content: &Value) -> Result<()> {
    fs::write(path, yaml::document(content))
        .with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charm::check::check_charm_directory;

    fn write(directory: &Path, name: &str, content: &str) {
        let path = directory.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    #[test]
    fn a_rust_charm_is_staged_as_charmcraft_packs_it() {
        let home = tempfile::tempdir().unwrap();
        let project = home.path().join("project");
        write(
            &project,
            "charmcraft.yaml",
            "name: hello\nsummary: s\ndescription: d\ntitle: Hello\ntype: charm\nparts: {charm: {plugin: rust}}\nrequires: {db: {interface: mysql}}",
        );
        write(&project, "config.yaml", "# kept\noptions: {}");
        write(&project, "dispatch", "#!/bin/sh");
        write(&project, "target/release/hello", "program");
        assert!(is_rust_charm(&project).unwrap());

        let into = home.path().join("staged");
        stage(&project, &[project.join("target/release/hello")], &into).unwrap();

        let charm = check_charm_directory(&into).unwrap();
        assert_eq!(charm.name, "hello");
        let names = [
            "bin",
            "bin/hello",
            "config.yaml",
            "dispatch",
            "metadata.yaml",
        ];
        assert_eq!(
            entries_below(&into, nothing).unwrap(),
            names.map(PathBuf::from)
        );
        assert_eq!(
            fs::read_to_string(into.join("metadata.yaml")).unwrap(),
            "description: d\ndisplay-name: Hello\nname: hello\nrequires:\n  db:\n    interface: mysql\nsummary: s\n"
        );
    }

    #[test]
    fn a_new_charm_replaces_the_files_of_the_old_and_leaves_the_charms_own() {
        let home = tempfile::tempdir().unwrap();
        let [old, new, unit] = ["old", "new", "unit"].map(|name| home.path().join(name));
        write(&old, "lib/gone", "1");
        write(&old, "kept/gone", "1");
        write(&old, "dispatch", "1");
        write(&new, "dispatch", "2");
        install(&old, None, &unit).unwrap();
        write(&unit, "own/data", "mine");
        write(&unit, "kept/data", "mine");
        install(&new, Some(&old), &unit).unwrap();
        assert_eq!(fs::read_to_string(unit.join("dispatch")).unwrap(), "2");
        let entries = ["dispatch", "kept", "kept/data", "own", "own/data"];
        assert_eq!(
            entries_below(&unit, nothing).unwrap(),
            entries.map(PathBuf::from)
        );
    }

    #[test]
    fn a_new_charm_may_have_a_file_or_a_link_where_the_old_has_a_directory_and_the_other_way_round()
    {
        let home = tempfile::tempdir().unwrap();
        let [old, new, unit] = ["old", "new", "unit"].map(|name| home.path().join(name));
        write(&old, "file/in", "1");
        write(&old, "link/in", "1");
        write(&new, "file", "2");
        std::os::unix::fs::symlink("file", new.join("link")).unwrap();
        install(&old, None, &unit).unwrap();
        write(&unit, "file/own", "mine");
        install(&new, Some(&old), &unit).unwrap();
        assert_eq!(fs::read_to_string(unit.join("link")).unwrap(), "2");
        install(&old, Some(&new), &unit).unwrap();
        assert_eq!(fs::read_to_string(unit.join("link/in")).unwrap(), "1");
    }
}
