//! The programs that are measured, each in a charm directory of its own.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use juju_emulator::charm::stage::stage;

use crate::case::{Case, INSTALL};
use crate::measuring::build::{cheapest, project, release};
use crate::measuring::dispatch::{Program, link_stand_in};
use crate::measuring::measurement::Measurement;
use crate::measuring::python::python_charm;

/// A program that is measured, and the systemd units of its server.
pub(crate) struct Subject {
    pub(crate) program: Program,
    unit_dir: PathBuf,
}

impl Subject {
    /// The floor, the charm in Rust, the charm in Python.
    pub(crate) fn all(home: &Path) -> Result<[Self; 3]> {
        let commands_dir = link_stand_in(home)?;
        let subject = |name: &str, charm_dir: PathBuf, path: PathBuf| Self {
            program: Program {
                path,
                charm_dir,
                commands_dir: commands_dir.clone(),
                unit: "hello-server/0",
            },
            unit_dir: home.join("units").join(name),
        };
        let floor = home.join("floor");
        fs::create_dir(&floor)?;
        let rust = rust(home)?;
        let python = python(&rust)?;
        let [start_rust, start_python] = [&rust, &python].map(|charm| charm.join("dispatch"));
        Ok([
            subject("floor", floor, cheapest("floor")?),
            subject("rust", rust, start_rust),
            subject("python", python, start_python),
        ])
    }

    /// The commands that the charm runs.
    pub(crate) fn calls(&self, case: &Case) -> Result<Vec<String>> {
        self.prepare(case)?;
        self.program.calls(case.event, self.variables(case))
    }

    /// Dispatches the case's event once; `floor` are the commands for the floor.
    pub(crate) fn measure(
        &self,
        case: &Case,
        delay_ms: u64,
        floor: &[String],
    ) -> Result<Measurement> {
        self.prepare(case)?;
        let variables = [
            ("DELAY_MS".to_owned(), delay_ms.to_string().into()),
            ("FLOOR".to_owned(), floor.join("\n").into()),
        ];
        let variables = self.variables(case).chain(variables);
        self.program.dispatch(case.event, variables)
    }

    fn variables(&self, case: &Case) -> impl Iterator<Item = (String, OsString)> {
        let unit_dir = self.unit_dir.clone().into_os_string();
        let answers = case.answers().into_iter();
        answers
            .map(|(command, answer)| (command.to_owned(), answer.into()))
            .chain([("SYSTEMD_UNIT_PATH".to_owned(), unit_dir)])
    }

    /// Makes the machine what it is before the event. What is enabled is for the real `systemctl` to change, so the
    /// charms leave it.
    fn prepare(&self, case: &Case) -> Result<()> {
        let wants = self.unit_dir.join("sockets.target.wants");
        let charm_dir = &self.program.charm_dir;
        if case.installed {
            if !wants.exists() {
                self.prepare(&INSTALL)?;
                self.program
                    .dispatch(INSTALL.event, self.variables(&INSTALL))?;
                fs::create_dir(&wants)?;
                fs::write(wants.join("hello-server-0@8000.socket"), "")?;
            }
            return Ok(());
        }
        for directory in [&self.unit_dir, &charm_dir.join("server")] {
            if directory.exists() {
                fs::remove_dir_all(directory)?;
            }
        }
        let python_remembers = charm_dir.join(".unit-state.db");
        if python_remembers.exists() {
            fs::remove_file(python_remembers)?;
        }
        fs::create_dir_all(&self.unit_dir)?;
        Ok(())
    }
}

/// The charm of this repository, in release mode.
fn rust(home: &Path) -> Result<PathBuf> {
    let program = release("hello-server", |build| build.bin("hello-server"))?;
    let charm_dir = home.join("rust");
    stage(&project(), &[program], &charm_dir)?;
    Ok(charm_dir)
}

/// The same charm in Python, with the same server.
fn python(rust: &Path) -> Result<PathBuf> {
    let (project, sources) = (project(), project().join("benches/python"));
    python_charm(
        "hello-server",
        [
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
            (rust.join("bin/hello-server"), "bin/hello-server"),
        ],
    )
}
