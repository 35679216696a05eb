//! How the emulator's cost grows with units and applications, for a charm whose hook is one `status-set`; and what
//! `deploy` of hello-server takes beside its hooks. `cargo bench -p benches --bench growth`.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use escargot::CargoBuild;
use juju_emulator::stage::stage;

const UNITS: [usize; 4] = [1, 10, 50, 200];
const APPLICATIONS: [usize; 3] = [1, 5, 20];

fn main() -> Result<()> {
    let home = tempfile::tempdir()?;
    let emulator = release("juju-emulator")?;
    let trivial = home.path().join("trivial");
    fs::create_dir(&trivial)?;
    fs::write(
        trivial.join("metadata.yaml"),
        "name: trivial\nsummary: one status-set\ndescription: .\n",
    )?;
    fs::write(
        trivial.join("config.yaml"),
        "options: {word: {type: string, default: a}}\n",
    )?;
    write_dispatch(&trivial, "#!/bin/sh\nexec status-set active\n")?;

    let out = &mut io::stdout().lock();
    writeln!(
        out,
        "Wall time in s, in hooks and outside of them; and the size of the model's file.\n\n\
         | charm | units | applications | deploy | config | status | state.json |\n|---|---|---|---|---|---|---|"
    )?;
    let by_units = UNITS.map(|units| (units, 1));
    let by_applications = APPLICATIONS.map(|applications| (1, applications));
    for (units, applications) in by_units.into_iter().chain(by_applications) {
        let model = Model::new(home.path(), &emulator);
        let names: Vec<String> = (0..applications)
            .map(|number| format!("app{number}"))
            .collect();
        let deployed = model.time(names.iter().map(|name| {
            vec![
                "deploy".into(),
                trivial.display().to_string(),
                name.clone(),
                "-n".into(),
                units.to_string(),
            ]
        }))?;
        let configured = model.time(
            names
                .iter()
                .map(|name| vec!["config".into(), name.clone(), "word=b".into()]),
        )?;
        let started = Instant::now();
        model.run(&["status".into(), "--format=json".into()])?;
        let status = started.elapsed().as_secs_f64();
        writeln!(
            out,
            "| trivial | {units} | {applications} | {deployed} | {configured} | {status:.3} | {} KiB |",
            model.state_size()? / 1024
        )?;
        model.end()?;
    }

    let hello_server = home.path().join("hello-server");
    stage(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join(".."),
        &[release("hello-server")?],
        &hello_server,
    )?;
    write_dispatch(
        &hello_server,
        &fs::read_to_string(hello_server.join("dispatch"))?,
    )?;
    let model = Model::new(home.path(), &emulator);
    let port = std::net::TcpListener::bind("[::]:0")?.local_addr()?.port();
    let deployed = model.time([vec![
        "deploy".into(),
        hello_server.display().to_string(),
        "--config".into(),
        format!("server-port={port}"),
    ]])?;
    writeln!(out, "| hello-server | 1 | 1 | {deployed} | | | |")?;
    model.run(&[
        "remove-application".into(),
        "--no-prompt".into(),
        "hello-server".into(),
    ])?;
    model.end()
}

/// Makes a charm's dispatch one that adds what it took to a file `times` in `$JUJU_CHARM_DIR/..`.
fn write_dispatch(charm: &Path, script: &str) -> Result<()> {
    let write = |name: &str, text: &str| -> io::Result<()> {
        use std::os::unix::fs::PermissionsExt as _;
        fs::write(charm.join(name), text)?;
        fs::set_permissions(charm.join(name), fs::Permissions::from_mode(0o755))
    };
    write("measured-dispatch", script)?;
    let measure = env!("CARGO_BIN_EXE_measure");
    let times = charm.with_file_name("times");
    write(
        "dispatch",
        &format!(
            "#!/bin/sh\nexec {measure} ./measured-dispatch >> {}\n",
            times.display()
        ),
    )?;
    Ok(())
}

/// A model of its own.
struct Model {
    data: PathBuf,
    emulator: PathBuf,
    times: PathBuf,
}

impl Model {
    fn new(home: &Path, emulator: &Path) -> Self {
        Self {
            data: home.join("data"),
            emulator: emulator.to_owned(),
            times: home.join("times"),
        }
    }

    fn run(&self, verb: &[String]) -> Result<()> {
        let output = Command::new(&self.emulator)
            .args(verb)
            .env("JUJU_EMULATOR_DATA", &self.data)
            .output()?;
        ensure!(
            output.status.success(),
            "{verb:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(())
    }

    /// Runs verbs, and says how long the hooks took and how long all the rest.
    fn time(&self, verbs: impl IntoIterator<Item = Vec<String>>) -> Result<String> {
        fs::write(&self.times, "")?;
        let started = Instant::now();
        for verb in verbs {
            self.run(&verb)?;
        }
        let wall = started.elapsed().as_secs_f64();
        let hooks: f64 = fs::read_to_string(&self.times)?
            .lines()
            .filter_map(|line| line.split(' ').next()?.parse::<f64>().ok())
            .sum::<f64>()
            / 1e6;
        Ok(format!("{hooks:.3} + {:.3}", wall - hooks))
    }

    fn state_size(&self) -> Result<u64> {
        Ok(fs::metadata(self.data.join("models/emulator/state.json"))?.len())
    }

    fn end(&self) -> Result<()> {
        fs::remove_dir_all(&self.data).context("cannot remove the model")
    }
}

fn release(package: &str) -> Result<PathBuf> {
    let built = CargoBuild::new()
        .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"))
        .package(package)
        .bin(package)
        .release()
        .run()?;
    Ok(built.path().to_owned())
}
