//! The programs that a test needs beside itself. Cargo hands a test only the programs of its own package, and one that
//! happens to lie in `target/` may be an old one, so they are built.

use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, Result, bail};
use escargot::CargoBuild;
use escargot::format::Message;
use juju_emulator::charm::pack::copy_directory;
use juju_emulator::charm::stage::{root_package, stage};

/// Makes the directory of an unpacked charm, as `juju-emulator deploy` takes it, from a project or an unpacked charm.
///
/// A project with a `Cargo.toml` is built as `cargo test` builds it, faster than `deploy` itself would in release mode.
///
/// # Errors
/// When the charm cannot be built or copied.
pub fn stage_charm(project: &Path, into: &Path) -> Result<()> {
    let manifest = project.join("Cargo.toml");
    if !manifest.exists() {
        return copy_directory(project, into);
    }
    let package = root_package(project)?;
    let binaries = build(&package, || {
        CargoBuild::new()
            .manifest_path(manifest)
            .package(&package)
            .bins()
    })?;
    stage(project, &binaries, into)
}

/// The program `juju-emulator`: what `JUJU_EMULATOR` names, or built from the sources that lie beside this crate's.
///
/// For tests of a deployed charm, which call it as they would call `juju`.
///
/// # Errors
/// When it cannot be built.
pub fn emulator() -> Result<PathBuf> {
    if let Some(path) = env::var_os("JUJU_EMULATOR") {
        return Ok(path.into());
    }
    let built = build("juju-emulator", || {
        // By its path, for it is no dependency of a charm in another workspace.
        CargoBuild::new()
            .manifest_path(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/../juju-emulator/Cargo.toml"
            ))
            .bin("juju-emulator")
    })?;
    let [emulator] = &built[..] else {
        bail!("cargo built no juju-emulator; name one in JUJU_EMULATOR");
    };
    Ok(emulator.clone())
}

/// Builds programs as `cargo test` does, each once in the life of this process.
fn build(what: &str, cargo: impl FnOnce() -> CargoBuild) -> Result<Vec<PathBuf>> {
    static BUILT: Mutex<BTreeMap<String, Vec<PathBuf>>> = Mutex::new(BTreeMap::new());
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(programs) = built.get(what) {
        return Ok(programs.clone());
    }
    let mut programs = Vec::new();
    for message in cargo().exec().context("cannot run cargo")? {
        let message = message.with_context(|| format!("cannot build {what}"))?;
        if let Message::CompilerArtifact(artifact) = message.decode()?
            && let Some(program) = artifact.executable
        {
            programs.push(program.into_owned());
        }
    }
    built.insert(what.to_owned(), programs.clone());
    Ok(programs)
}
