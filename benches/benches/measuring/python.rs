//! Charms in Python.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use super::build::project;

/// Makes the directory of a charm in Python, with `ops` from `PyPI`, `python/dispatch` and the given files.
pub(crate) fn python_charm(
    name: &str,
    files: impl IntoIterator<Item = (PathBuf, &'static str)>,
) -> Result<PathBuf> {
    let sources = project().join("benches/python");
    let charm_dir = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("python")
        .join(name);
    for directory in ["src", "bin"] {
        fs::create_dir_all(charm_dir.join(directory))?;
    }
    install_ops(&sources.join("requirements.txt"), &charm_dir.join("lib"))?;
    let dispatch = (sources.join("dispatch"), "dispatch");
    for (from, to) in files.into_iter().chain([dispatch]) {
        fs::copy(&from, charm_dir.join(to))
            .with_context(|| format!("cannot copy {}", from.display()))?;
    }
    Ok(charm_dir)
}

/// Installs `ops` from `PyPI`, unless it is there.
fn install_ops(requirements: &Path, into: &Path) -> Result<()> {
    let installed = into.join("requirements.txt");
    let wanted = fs::read(requirements)?;
    if fs::read(&installed).is_ok_and(|present| present == wanted) {
        return Ok(());
    }
    let venv = Path::new(env!("CARGO_TARGET_TMPDIR")).join("venv");
    run(Command::new("/usr/bin/python3")
        .args(["-m", "venv"])
        .arg(&venv))?;
    run(Command::new(venv.join("bin/pip"))
        .args(["install", "--quiet", "--upgrade", "--target"])
        .arg(into)
        .arg("--requirement")
        .arg(requirements))?;
    fs::write(&installed, wanted)?;
    Ok(())
}

fn run(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("cannot run {command:?}"))?;
    ensure!(status.success(), "{command:?} failed: {status}");
    Ok(())
}
