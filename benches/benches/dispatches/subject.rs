//! The programs that are measured, each in a charm directory of its own.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use escargot::CargoBuild;
use juju_emulator::charm::stage::stage;
use juju_emulator::hook_command_names;

use crate::case::{Case, INSTALL};
use crate::measurement::Measurement;

const MEASURE: &str = env!("CARGO_BIN_EXE_measure");

/// A program that is measured.
pub(crate) struct Subject {
    program: PathBuf,
    pub(crate) charm_dir: PathBuf,
    unit_dir: PathBuf,
    commands_dir: PathBuf,
}

impl Subject {
    /// Runs the commands that a case needs, and nothing else.
    pub(crate) fn floor(home: &Path) -> Result<Self> {
        let charm_dir = home.join("floor");
        fs::create_dir(&charm_dir)?;
        Self::new(home, charm_dir, cheapest("floor")?)
    }

    /// The charm of this repository, in release mode.
    pub(crate) fn rust(home: &Path) -> Result<Self> {
        let project = project();
        let built = CargoBuild::new()
            .manifest_path(project.join("Cargo.toml"))
            .package("hello-server")
            .bin("hello-server")
            .release()
            .run()?;
        let charm_dir = home.join("rust");
        stage(&project, &[built.path().to_owned()], &charm_dir)?;
        let program = charm_dir.join("dispatch");
        Self::new(home, charm_dir, program)
    }

    /// The same charm in Python, with the same server.
    pub(crate) fn python(home: &Path) -> Result<Self> {
        let project = project();
        let sources = project.join("benches/python");
        let charm_dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("python");
        fs::create_dir_all(charm_dir.join("src"))?;
        fs::create_dir_all(charm_dir.join("bin"))?;
        for (from, to) in [
            (sources.join("dispatch"), "dispatch"),
            (sources.join("metadata.yaml"), "metadata.yaml"),
            (project.join("config.yaml"), "config.yaml"),
            (sources.join("src/charm.py"), "src/charm.py"),
            (sources.join("src/systemd.py"), "src/systemd.py"),
            (
                project.join("src/hello-server.service"),
                "src/hello-server.service",
            ),
            (
                project.join("src/hello-server.socket"),
                "src/hello-server.socket",
            ),
            (home.join("rust/bin/hello-server"), "bin/hello-server"),
        ] {
            fs::copy(&from, charm_dir.join(to))
                .with_context(|| format!("cannot copy {}", from.display()))?;
        }
        install_ops(&sources.join("requirements.txt"), &charm_dir.join("lib"))?;
        let program = charm_dir.join("dispatch");
        Self::new(home, charm_dir, program)
    }

    fn new(home: &Path, charm_dir: PathBuf, program: PathBuf) -> Result<Self> {
        let commands_dir = home.join("commands");
        if !commands_dir.exists() {
            fs::create_dir(&commands_dir)?;
            let stand_in = cheapest("stand_in")?;
            for command in hook_command_names().chain(["systemctl"]) {
                std::os::unix::fs::symlink(&stand_in, commands_dir.join(command))?;
            }
        }
        let unit_dir = home
            .join("units")
            .join(charm_dir.file_name().unwrap_or_default());
        Ok(Self {
            program,
            charm_dir,
            unit_dir,
            commands_dir,
        })
    }

    /// The commands that the charm runs, as the stand-in writes them down.
    pub(crate) fn calls(&self, case: &Case) -> Result<Vec<String>> {
        let calls = self.commands_dir.with_file_name("calls");
        if calls.exists() {
            fs::remove_file(&calls)?;
        }
        self.run(case, &[("CALLS".into(), calls.clone().into())])?;
        Ok(fs::read_to_string(&calls)?
            .lines()
            .map(str::to_owned)
            .collect())
    }

    /// Dispatches the case's event once; `floor` are the commands for the floor.
    pub(crate) fn measure(
        &self,
        case: &Case,
        delay_ms: u64,
        floor: &[String],
    ) -> Result<Measurement> {
        let variables = [
            ("DELAY_MS".into(), delay_ms.to_string().into()),
            ("FLOOR".into(), floor.join("\n").into()),
        ];
        self.run(case, &variables)
    }

    fn run(&self, case: &Case, variables: &[(OsString, OsString)]) -> Result<Measurement> {
        self.prepare(case)?;
        let output = Command::new(MEASURE)
            .arg(&self.program)
            .env_clear()
            .env(
                "PATH",
                format!("{}:/usr/bin:/bin", self.commands_dir.display()),
            )
            .env("SYSTEMD_UNIT_PATH", &self.unit_dir)
            .env("CHARM_DIR", &self.charm_dir)
            .env("JUJU_CHARM_DIR", &self.charm_dir)
            .env("JUJU_DISPATCH_PATH", format!("hooks/{}", case.event))
            .env("JUJU_HOOK_NAME", case.event)
            .env("JUJU_UNIT_NAME", "hello-server/0")
            .env("JUJU_MODEL_NAME", "bench")
            .env("JUJU_MODEL_UUID", "00000000-0000-4000-8000-000000000000")
            .env("JUJU_MACHINE_ID", "0")
            .env("JUJU_VERSION", "3.6.9")
            .env("LANG", "C.UTF-8")
            .envs(case.answers())
            .envs(variables.iter().cloned())
            .current_dir(&self.charm_dir)
            .output()?;
        ensure!(
            output.status.success(),
            "{}: {} failed: {}",
            case.name,
            self.program.display(),
            String::from_utf8_lossy(&output.stderr)
        );
        Measurement::read(&String::from_utf8(output.stdout)?)
    }

    /// Makes the machine what it is before the event. What is enabled is for the real `systemctl` to change, so the
    /// charms leave it.
    fn prepare(&self, case: &Case) -> Result<()> {
        let wants = self.unit_dir.join("sockets.target.wants");
        if case.installed {
            if !wants.exists() {
                self.run(&INSTALL, &[])?;
                fs::create_dir(&wants)?;
                fs::write(wants.join("hello-server-0@8000.socket"), "")?;
            }
            return Ok(());
        }
        for directory in [&self.unit_dir, &self.charm_dir.join("server")] {
            if directory.exists() {
                fs::remove_dir_all(directory)?;
            }
        }
        let python_remembers = self.charm_dir.join(".unit-state.db");
        if python_remembers.exists() {
            fs::remove_file(python_remembers)?;
        }
        fs::create_dir_all(&self.unit_dir)?;
        Ok(())
    }
}

pub(crate) fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Builds one of this package's programs so that it starts as fast as a program can: with nothing to link at its start.
fn cheapest(program: &str) -> Result<PathBuf> {
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
