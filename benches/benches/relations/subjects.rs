//! The programs that are measured.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::measuring::build::{cheapest, project, release};
use crate::measuring::dispatch::{Program, link_stand_in};
use crate::measuring::python::python_charm;

/// The floor, the charm in Rust, the charm in Python.
pub(crate) fn all(home: &Path) -> Result<[Program; 3]> {
    let commands_dir = link_stand_in(home)?;
    let program = |charm_dir: PathBuf, path: PathBuf| Program {
        path,
        charm_dir,
        commands_dir: commands_dir.clone(),
        unit: "provider/0",
    };
    let floor = home.join("floor");
    fs::create_dir(&floor)?;
    let rust = rust(home)?;
    let sources = project().join("benches/python/address-provider");
    let python = python_charm(
        "address-provider",
        [
            (sources.join("metadata.yaml"), "metadata.yaml"),
            (sources.join("charm.py"), "src/charm.py"),
        ],
    )?;
    let [start_rust, start_python] = [&rust, &python].map(|charm| charm.join("dispatch"));
    Ok([
        program(floor, cheapest("floor")?),
        program(rust, start_rust),
        program(python, start_python),
    ])
}

fn rust(home: &Path) -> Result<PathBuf> {
    let program = release("ops", |build| build.example("address_provider"))?;
    let charm_dir = home.join("rust");
    fs::create_dir_all(charm_dir.join("bin"))?;
    fs::copy(program, charm_dir.join("bin/address_provider"))?;
    let dispatch = charm_dir.join("dispatch");
    fs::write(&dispatch, "#!/bin/sh\nexec ./bin/address_provider\n")?;
    fs::set_permissions(&dispatch, fs::Permissions::from_mode(0o755))?;
    Ok(charm_dir)
}
