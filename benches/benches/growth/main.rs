//! How costs grow: `set_ports` with ports, the emulator with units and applications, for a charm whose hook is one
//! `status-set` and for hello-server. `cargo bench -p benches --bench growth`.

mod plot;
mod set_ports;

use std::fmt;
use std::fs;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use escargot::CargoBuild;
use juju_emulator::charm::stage::stage;

use crate::plot::Plot;
use crate::set_ports::ManyPorts;

const PORTS: [u16; 8] = [1, 10, 100, 1_000, 10_000, 20_000, 40_000, 65_535];
const UNITS: [u32; 5] = [1, 10, 50, 100, 200];
const APPLICATIONS: [u32; 2] = [5, 20];

fn main() -> Result<()> {
    let out = &mut io::stdout().lock();
    let plots = [ports(out)?, emulator(out)?];
    let svg = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/growth.svg");
    plot::draw(&plots, &svg).with_context(|| format!("cannot write {}", svg.display()))
}

fn ports(out: &mut impl io::Write) -> Result<Plot> {
    writeln!(
        out,
        "Time in ms, the medians of 21 hooks.\n\n\
         | ports | none open: planning | whole hook | all open: planning | whole hook |\n|---|---|---|---|---|"
    )?;
    let states = [false, true];
    let mut hooks = PORTS.map(|count| states.map(|all_open| ManyPorts::new(count, all_open)));
    let mut taken = PORTS.map(|_| states.map(|_| Vec::new()));
    // In turns, so that a machine that is slow for a while is so for all.
    for _ in 0..21 {
        for (hook, taken) in hooks.iter_mut().flatten().zip(taken.iter_mut().flatten()) {
            taken.push(hook.run());
        }
    }
    let mut lines = [("none open", Vec::new()), ("all open", Vec::new())];
    for (count, taken) in PORTS.iter().zip(taken) {
        write!(out, "| {count} |")?;
        for ((_, points), mut taken) in lines.iter_mut().zip(taken) {
            taken.sort_by_key(|taken| taken.planning);
            let median = taken[taken.len() / 2];
            let ms = |time: Duration| time.as_secs_f64() * 1e3;
            write!(
                out,
                " {:.4} | {:.4} |",
                ms(median.planning),
                ms(median.hook)
            )?;
            points.push((f64::from(*count), ms(median.planning)));
        }
        writeln!(out)?;
    }
    Ok(Plot {
        title: "The planning of set_ports",
        x: "ports",
        y: "ms",
        lines,
    })
}

fn emulator(out: &mut impl io::Write) -> Result<Plot> {
    let home = tempfile::tempdir()?;
    let emulator = release("juju-emulator")?;
    let trivial = trivial_charm(home.path())?;
    let hello_server = hello_server(home.path())?;
    writeln!(
        out,
        "\nWall time in s, in hooks and outside of them; and the size of the model's file.\n\n\
         | charm | units | applications | deploy | config | status | state.json |\n|---|---|---|---|---|---|---|"
    )?;
    let mut lines = [("with the hooks", Vec::new()), ("without", Vec::new())];
    let by_units = UNITS.map(|units| (&trivial, units, 1));
    let by_applications = APPLICATIONS.map(|applications| (&trivial, 1, applications));
    let of_hello_server = [1, 50, 200].map(|units| (&hello_server, units, 1));
    let rows = by_units.into_iter().chain(by_applications);
    for (charm, units, applications) in rows.chain(of_hello_server) {
        let model = Model::new(home.path(), &emulator);
        let names: Vec<String> = (0..applications)
            .map(|number| format!("app{number}"))
            .collect();
        let [first, second] = charm.settings()?;
        let deployed = model.time(names.iter().map(|name| {
            let path = charm.directory.display();
            format!("deploy {path} {name} -n {units} --config {first}")
        }))?;
        let configured = model.time(names.iter().map(|name| format!("config {name} {second}")))?;
        if charm.name == trivial.name && applications == 1 {
            let [(_, with_the_hooks), (_, without)] = &mut lines;
            with_the_hooks.push((units.into(), configured.hooks + configured.rest));
            without.push((units.into(), configured.rest));
        }
        let started = Instant::now();
        model.run("status --format=json")?;
        let status = started.elapsed().as_secs_f64();
        writeln!(
            out,
            "| {} | {units} | {applications} | {deployed} | {configured} | {status:.3} | {} KiB |",
            charm.name,
            model.state_size()? / 1024
        )?;
        for name in &names {
            model.run(&format!("remove-application --no-prompt {name}"))?;
        }
        model.end()?;
    }
    Ok(Plot {
        title: "A config change in the emulator",
        x: "units",
        y: "s",
        lines,
    })
}

/// A charm to deploy, and its option.
struct Charm {
    name: &'static str,
    directory: PathBuf,
    option: &'static str,
}

impl Charm {
    /// Two values of the option, each free to be used.
    fn settings(&self) -> Result<[String; 2]> {
        let sockets = [TcpListener::bind("[::]:0")?, TcpListener::bind("[::]:0")?];
        let [first, second] = sockets.map(|socket| socket.local_addr());
        let setting = |address: SocketAddr| format!("{}={}", self.option, address.port());
        Ok([setting(first?), setting(second?)])
    }
}

/// A charm whose hook is one `status-set`.
fn trivial_charm(home: &Path) -> Result<Charm> {
    let directory = home.join("trivial");
    fs::create_dir(&directory)?;
    fs::write(
        directory.join("metadata.yaml"),
        "name: trivial\nsummary: one status-set\ndescription: .\n",
    )?;
    fs::write(
        directory.join("config.yaml"),
        "options: {number: {type: int, default: 1}}\n",
    )?;
    write_dispatch(&directory, "#!/bin/sh\nexec status-set active\n")?;
    Ok(Charm {
        name: "trivial",
        directory,
        option: "number",
    })
}

fn hello_server(home: &Path) -> Result<Charm> {
    let directory = home.join("hello-server");
    stage(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join(".."),
        &[release("hello-server")?],
        &directory,
    )?;
    write_dispatch(&directory, &fs::read_to_string(directory.join("dispatch"))?)?;
    Ok(Charm {
        name: "hello-server",
        directory,
        option: "server-port",
    })
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

/// How many seconds hooks took, and all the rest.
struct Taken {
    hooks: f64,
    rest: f64,
}

impl fmt::Display for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3} + {:.3}", self.hooks, self.rest)
    }
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

    fn run(&self, verb: &str) -> Result<()> {
        let output = Command::new(&self.emulator)
            .args(verb.split(' '))
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
    fn time(&self, verbs: impl IntoIterator<Item = String>) -> Result<Taken> {
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
        Ok(Taken {
            hooks,
            rest: wall - hooks,
        })
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
