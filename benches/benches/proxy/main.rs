//! Requests a second through the proxy of examples/ingress, beside the same requests without it and through nginx, with and without
//! a thousand slow clients. `cargo bench -p benches --bench proxy -- 5`, in five rounds, with `nginx` and `wrk` on the machine.

use std::fs;
use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use command_fds::{CommandFdExt as _, FdMapping};
use escargot::CargoBuild;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

/// Rounds without a number on the command line.
const ROUNDS: usize = 5;
const SECONDS: u32 = 3;
const CLIENTS: [u32; 2] = [1, 32];
const SLOW_CLIENTS: usize = 1_000;

/// A process that ends with its owner, as systemd would end it: nginx then takes its workers with it.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = kill(Pid::from_raw(self.0.id().cast_signed()), Signal::SIGTERM);
        let _ = self.0.wait();
    }
}

/// What is asked, and its process, whose children count.
struct Subject {
    name: &'static str,
    address: SocketAddr,
    path: &'static str,
    process: u32,
}

/// How one run went.
struct Run {
    requests_a_second: f64,
    /// How long 99 of 100 took at most, such as `1.25ms`.
    late: String,
    /// CPU time of the subject for each request, in microseconds.
    cpu: f64,
}

fn main() -> Result<()> {
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, most, most)?;
    let directory = tempfile::tempdir()?;
    let hello_server = release("hello-server")?;
    let mut running = Vec::new();
    let mut units = Vec::new();
    for _ in 0..2 {
        units.push(on_a_socket(
            Command::new(&hello_server).arg("serve"),
            &mut running,
        )?);
    }
    let ingress = ingress(&directory, &units, &mut running)?;
    let [keeping, connecting] = nginx(&directory, &units, &mut running)?;
    let subject = |name, address, path, process: usize| Subject {
        name,
        address,
        path,
        process: running[process].0.id(),
    };
    let subjects = [
        subject("a unit itself", units[0], "/", 0),
        subject("ingress", ingress, "/model-web/", 2),
        subject("nginx, connections kept", keeping, "/model-web/", 3),
        subject("nginx, one for each request", connecting, "/model-web/", 3),
    ];
    for subject in &subjects {
        while TcpStream::connect(subject.address).is_err() {
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    let rounds = std::env::args().find_map(|word| word.parse().ok());
    let rounds = rounds.unwrap_or(ROUNDS);
    let out = &mut io::stdout().lock();
    writeln!(
        out,
        "Requests a second, and how long 99 of 100 take at most, and CPU time of the subject for each; medians of {rounds} runs of {SECONDS} s, in turns.\n\n\
         | | clients | slow clients beside them | requests a second | 99 of 100 | CPU, µs |\n|---|---|---|---|---|---|"
    )?;
    for clients in CLIENTS {
        compare(rounds, &subjects, clients, 0, out)?;
    }
    compare(rounds, &subjects[1..3], 1, SLOW_CLIENTS, out)
}

/// Asks all of them in turns, so that a machine that is slow for a while is so for all.
fn compare(
    rounds: usize,
    subjects: &[Subject],
    clients: u32,
    slow: usize,
    out: &mut impl io::Write,
) -> Result<()> {
    let mut runs: Vec<_> = subjects.iter().map(|_| Vec::new()).collect();
    for _ in 0..rounds {
        for (subject, runs) in subjects.iter().zip(&mut runs) {
            let slow = slow_clients(subject, slow)?;
            runs.push(ask(subject, clients)?);
            drop(slow);
        }
    }
    for (subject, mut runs) in subjects.iter().zip(runs) {
        let name = subject.name;
        runs.sort_by(|one, other| one.requests_a_second.total_cmp(&other.requests_a_second));
        let Run {
            requests_a_second,
            late,
            cpu,
        } = &runs[rounds / 2];
        writeln!(
            out,
            "| {name} | {clients} | {slow} | {requests_a_second:.0} | {late} | {cpu:.0} |"
        )?;
    }
    Ok(())
}

/// Clients that have begun a request, and do not go on.
fn slow_clients(subject: &Subject, count: usize) -> Result<Vec<TcpStream>> {
    let path = subject.path;
    let begin = || {
        let mut client = TcpStream::connect(subject.address)?;
        client.write_all(format!("GET {path} HTTP/1.1\r\nHost: ").as_bytes())?;
        Ok(client)
    };
    (0..count).map(|_| begin()).collect()
}

/// Asks as often as it answers, for some seconds.
fn ask(subject: &Subject, clients: u32) -> Result<Run> {
    let Subject {
        name,
        address,
        path,
        process,
    } = subject;
    let before = cpu_time(*process)?;
    let wrk = Command::new("wrk")
        .args(["--threads=1", "--latency"])
        .arg(format!("--connections={clients}"))
        .arg(format!("--duration={SECONDS}s"))
        .arg(format!("http://{address}{path}"))
        .output()
        .context("wrk cannot be started: apt-get install wrk")?;
    let said = String::from_utf8(wrk.stdout)?;
    let bad = ["Non-2xx", "Socket errors"]
        .iter()
        .any(|bad| said.contains(bad));
    ensure!(wrk.status.success() && !bad, "{name}: {said}");
    let after = |label: &str| {
        let line = said
            .lines()
            .find_map(|line| line.trim().strip_prefix(label));
        line.map(str::trim)
            .with_context(|| format!("wrk says no {label} {said}"))
    };
    let requests_a_second = after("Requests/sec:")?.parse()?;
    let cpu = (cpu_time(*process)? - before) / (requests_a_second * f64::from(SECONDS));
    let late = after("99%")?.to_owned();
    Ok(Run {
        requests_a_second,
        late,
        cpu,
    })
}

/// The CPU time that a process and its children have taken so far, in microseconds.
fn cpu_time(process: u32) -> Result<f64> {
    let children = fs::read_to_string(format!("/proc/{process}/task/{process}/children"))?;
    let mut all = 0.0;
    for process in children.split_whitespace().chain([&*process.to_string()]) {
        let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
        let fields = stat.rsplit(')').next().unwrap_or_default();
        // In user and in system mode, in hundredths of a second.
        for field in fields.split_whitespace().skip(11).take(2) {
            all += field.parse::<f64>()? * 10_000.0;
        }
    }
    Ok(all)
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

/// Starts a server on a socket that it inherits, as from systemd.
fn on_a_socket(command: &mut Command, running: &mut Vec<Running>) -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    let socket = FdMapping {
        parent_fd: listener.into(),
        child_fd: 3,
    };
    let command = command.env("LISTEN_FDS", "1").fd_mappings(vec![socket])?;
    running.push(Running(command.spawn()?));
    Ok(address)
}

fn ingress(
    directory: &TempDir,
    units: &[SocketAddr],
    running: &mut Vec<Running>,
) -> Result<SocketAddr> {
    let routes = directory.path().join("routes.json");
    let route = format!(
        r#"{{"model-web": {{"strip_prefix": true, "units": ["{}", "{}"]}}}}"#,
        units[0], units[1]
    );
    fs::write(&routes, route)?;
    on_a_socket(
        Command::new(release("ingress")?).arg("serve").arg(routes),
        running,
    )
}

fn nginx(
    directory: &TempDir,
    units: &[SocketAddr],
    running: &mut Vec<Running>,
) -> Result<[SocketAddr; 2]> {
    let ports = [free_address()?, free_address()?];
    let text = include_str!("nginx.conf")
        .replace("{directory}", &directory.path().to_string_lossy())
        .replace("{unit0}", &units[0].to_string())
        .replace("{unit1}", &units[1].to_string())
        .replace("{keeping}", &ports[0].to_string())
        .replace("{connecting}", &ports[1].to_string());
    let conf = directory.path().join("nginx.conf");
    fs::write(&conf, text)?;
    let program = Path::new("/usr/sbin/nginx");
    let started = Command::new(program)
        .arg("-c")
        .arg(conf)
        .args(["-g", "daemon off;"])
        .stderr(Stdio::null())
        .spawn();
    running.push(Running(
        started.context("nginx cannot be started: apt-get install nginx-light")?,
    ));
    Ok(ports)
}

/// An address that nobody listens on; nginx takes no socket over.
fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}
