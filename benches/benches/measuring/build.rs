//! The programs that are measured, built.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::Result;
use escargot::CargoBuild;

pub(crate) fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Builds a program of a package in release mode.
pub(crate) fn release(
    package: &str,
    program: impl FnOnce(CargoBuild) -> CargoBuild,
) -> Result<PathBuf> {
    let build = CargoBuild::new()
        .manifest_path(project().join("Cargo.toml"))
        .package(package)
        .release();
    Ok(program(build).run()?.path().to_owned())
}

/// Builds one of this package's programs so that it starts as fast as a program can: with nothing to link at its start.
pub(crate) fn cheapest(program: &str) -> Result<PathBuf> {
    let built = CargoBuild::new()
        .manifest_path(project().join("Cargo.toml"))
        .package("benches")
        .bin(program)
        .release()
        // Named, so that the flags are not for procedural macros too, which cannot be static.
        .target(format!("{}-unknown-linux-gnu", env::consts::ARCH))
        .env(
            "RUSTFLAGS",
            "-C target-feature=+crt-static -C relocation-model=static",
        )
        .run()?;
    Ok(built.path().to_owned())
}
