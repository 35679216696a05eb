//! The server's life under systemd: a socket unit per port, which starts the service that answers on it.
//!
//! Both units are templates whose instance is the port, such as `hello-server-0@8000.socket`. What is installed, enabled
//! and running is read from the machine each time, so a call that was killed half-way is completed by the next one.

use std::collections::BTreeSet;
use std::env;
use std::fs::{self, File};
use std::io::{self, Cursor, Read, Seek};
use std::num::NonZeroU16;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, anyhow, ensure};

use crate::server;
use crate::workload::{Workload, WorkloadError};

const SOCKET: &str = include_str!("hello-server.socket");
const SERVICE: &str = include_str!("hello-server.service");
const CHUNK: usize = 64 * 1024;

/// The server as two systemd units, [socket-activated](https://www.freedesktop.org/software/systemd/man/latest/systemd.socket.html).
#[derive(Debug)]
pub struct Systemd {
    /// What the server calls itself, such as `hello-server/0`.
    name: String,
    /// What the names of its units begin with, such as `hello-server-0@`.
    prefix: String,
    /// Where the service's own copy of this executable is: the original may be overwritten while it runs.
    executable: PathBuf,
    unit_dir: PathBuf,
}

impl Systemd {
    /// The server called `name`, such as `hello-server/0`, with its executable below `dir` and its units in `unit_dir`,
    /// such as `/etc/systemd/system`. Installs nothing yet.
    #[must_use]
    pub fn new(name: &str, dir: &Path, unit_dir: PathBuf) -> Self {
        Self {
            name: name.to_owned(),
            prefix: format!("{}@", name.replace('/', "-")),
            executable: dir.join("server/hello-server"),
            unit_dir,
        }
    }
}

/// Where unit files are installed: `/etc/systemd/system`, or the first directory of `SYSTEMD_UNIT_PATH` where it is set.
#[must_use]
pub fn unit_dir() -> PathBuf {
    env::var_os("SYSTEMD_UNIT_PATH")
        .and_then(|path| env::split_paths(&path).find(|dir| dir.is_absolute()))
        .unwrap_or_else(|| PathBuf::from("/etc/systemd/system"))
}

impl Workload for Systemd {
    fn serve_on(&mut self, port: NonZeroU16) -> Result<(), WorkloadError> {
        let installed = self.install()?;
        let loaded = self.loaded_units()?;
        if installed || loaded.iter().any(|unit| unit.need_daemon_reload) {
            systemctl(&["daemon-reload"])?;
        }

        let socket_name = self.socket(port.get());
        let service_name = self.service(port.get());
        let socket = loaded.iter().find(|unit| unit.id == socket_name);
        if let Some(socket) = socket
            && matches!(
                socket.result.as_str(),
                "service-start-limit-hit" | "trigger-limit-hit"
            )
        {
            self.reset_failed(&BTreeSet::from([port.get()]))?;
            return Err(WorkloadError::Failed(anyhow!(
                "the server failed again and again on port {port} ({}); its log is shown by `journalctl -u {service_name}`",
                socket.result
            )));
        }

        let active = socket.is_some_and(|socket| socket.active_state == "active");
        let troubled = loaded.iter().any(|unit| {
            unit.id == service_name && matches!(unit.active_state.as_str(), "activating" | "failed")
        });
        if !active || troubled || !self.enabled_ports()?.contains(&port.get()) {
            self.start(port)?;
        }
        let mut others = self.ports_in_use(&loaded)?;
        others.remove(&port.get());
        self.stop_ports(&others)?;
        if loaded
            .iter()
            .any(|unit| unit.id == service_name && self.is_outdated(unit.main_pid))
        {
            systemctl(&["try-restart", "--", &service_name])
                .with_context(|| format!("the new server does not start; its log is shown by `journalctl -u {service_name}`"))?;
        }
        Ok(())
    }

    fn stop(&mut self) -> Result<(), WorkloadError> {
        let ports = self.ports_in_use(&self.loaded_units()?)?;
        Ok(self.stop_ports(&ports)?)
    }

    fn uninstall(&mut self) -> Result<(), WorkloadError> {
        self.stop()?;
        let mut removed = false;
        for path in [self.unit_file("socket"), self.unit_file("service")] {
            removed |= was_there(&path, fs::remove_file(&path))?;
            let temporary = temporary(&path);
            was_there(&temporary, fs::remove_file(&temporary))?;
        }
        if removed {
            systemctl(&["daemon-reload"])?;
        }
        if let Some(dir) = self.executable.parent() {
            was_there(dir, fs::remove_dir_all(dir))?;
        }
        Ok(())
    }
}

impl Systemd {
    fn socket(&self, port: u16) -> String {
        format!("{}{port}.socket", self.prefix)
    }

    fn service(&self, port: u16) -> String {
        format!("{}{port}.service", self.prefix)
    }

    /// The template's file: `unit_file("socket")` is `/etc/systemd/system/hello-server-0@.socket`.
    fn unit_file(&self, kind: &str) -> PathBuf {
        self.unit_dir.join(format!("{}.{kind}", self.prefix))
    }

    /// The port in a unit's name: 8000 for `hello-server-0@8000.socket`, none for a unit that is not of this server.
    fn port_of(&self, unit: &str) -> Option<u16> {
        let (instance, _) = unit.strip_prefix(&self.prefix)?.split_once('.')?;
        instance.parse().ok()
    }

    /// Brings the unit files and the executable up to date, and tells whether systemd must read the unit files again.
    fn install(&self) -> anyhow::Result<bool> {
        let executable = exec_start_word(
            self.executable
                .to_str()
                .with_context(|| format!("the path {} is not UTF-8", self.executable.display()))?,
        );
        let name = exec_start_word(&self.name);
        let mut units = [(SOCKET, "socket"), (SERVICE, "service")].map(|(template, kind)| {
            let text = template
                .replace("{executable}", &executable)
                .replace("{name}", &name);
            (self.unit_file(kind), Cursor::new(text))
        });
        let mut units_differ = false;
        for (path, text) in &mut units {
            units_differ |= !has_content(path, text)?;
        }

        let current = env::current_exe().context("cannot find the running executable")?;
        let mut current_file =
            File::open(&current).with_context(|| format!("cannot read {}", current.display()))?;
        // A new unit file comes with a new copy of the executable, even of the same content: that the service runs
        // another file than this one is the lasting sign that it must be restarted.
        if units_differ || !has_content(&self.executable, &mut current_file)? {
            if let Some(dir) = self.executable.parent() {
                fs::create_dir_all(dir)
                    .with_context(|| format!("cannot make the directory {}", dir.display()))?;
            }
            replace(&self.executable, &mut current_file, 0o755)?;
        }
        if units_differ {
            for (path, text) in &mut units {
                replace(path, text, 0o644)?;
            }
        }
        Ok(units_differ)
    }

    fn loaded_units(&self) -> anyhow::Result<Vec<LoadedUnit>> {
        let shown = systemctl(&[
            "show",
            "--property=Id,ActiveState,Result,MainPID,NeedDaemonReload",
            "--",
            &format!("{}*.socket", self.prefix),
            &format!("{}*.service", self.prefix),
        ])?;
        Ok(loaded_units(&shown))
    }

    /// The ports that the machine opens when it boots.
    fn enabled_ports(&self) -> anyhow::Result<BTreeSet<u16>> {
        let dir = self.unit_dir.join("sockets.target.wants");
        let entries = match fs::read_dir(&dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
            entries => {
                entries.with_context(|| format!("cannot read the directory {}", dir.display()))?
            }
        };
        Ok(entries
            .flatten()
            .filter_map(|entry| self.port_of(entry.file_name().to_str()?))
            .collect())
    }

    /// The ports with anything of this server: something running, something failed, something to start at boot.
    fn ports_in_use(&self, loaded: &[LoadedUnit]) -> anyhow::Result<BTreeSet<u16>> {
        let mut ports = self.enabled_ports()?;
        ports.extend(
            loaded
                .iter()
                .filter(|unit| unit.active_state != "inactive")
                .filter_map(|unit| self.port_of(&unit.id)),
        );
        Ok(ports)
    }

    fn start(&self, port: NonZeroU16) -> Result<(), WorkloadError> {
        let service_name = self.service(port.get());
        let started = systemctl(&["enable", "--now", "--", &self.socket(port.get())])
            .and_then(|_| systemctl(&["start", "--", &service_name]));
        let Err(error) = started else { return Ok(()) };
        self.stop_ports(&BTreeSet::from([port.get()]))
            .with_context(|| format!("{error:#}; then"))?;
        match server::listen(port) {
            Err(taken) if taken.kind() == io::ErrorKind::AddrInUse => Err(WorkloadError::PortTaken { port }),
            _ => Err(WorkloadError::Failed(error.context(format!(
                "the server does not start on port {port}; its log is shown by `journalctl -u {service_name}`"
            )))),
        }
    }

    /// Stopping a socket stops its service, which requires it.
    fn stop_ports(&self, ports: &BTreeSet<u16>) -> anyhow::Result<()> {
        if ports.is_empty() {
            return Ok(());
        }
        let sockets: Vec<_> = ports.iter().map(|port| self.socket(*port)).collect();
        let mut arguments = vec!["disable", "--now", "--"];
        arguments.extend(sockets.iter().map(String::as_str));
        systemctl(&arguments)?;
        self.reset_failed(ports)
    }

    /// A failed unit stays loaded, and counts its failures, until it is reset.
    fn reset_failed(&self, ports: &BTreeSet<u16>) -> anyhow::Result<()> {
        let patterns: Vec<_> = ports
            .iter()
            .map(|port| format!("{}{port}.*", self.prefix))
            .collect();
        let mut arguments = vec!["reset-failed", "--"];
        arguments.extend(patterns.iter().map(String::as_str));
        systemctl(&arguments)?;
        Ok(())
    }

    /// Whether the process runs another file than the installed executable: an earlier one, deleted by now.
    fn is_outdated(&self, main_pid: u32) -> bool {
        let running = fs::metadata(format!("/proc/{main_pid}/exe"));
        let installed = fs::metadata(&self.executable);
        match (running, installed) {
            (Ok(running), Ok(installed)) => {
                (running.dev(), running.ino()) != (installed.dev(), installed.ino())
            }
            _ => false,
        }
    }
}

/// What `systemctl show` says of one unit.
#[derive(Debug, Default, PartialEq)]
struct LoadedUnit {
    id: String,
    active_state: String,
    result: String,
    main_pid: u32,
    need_daemon_reload: bool,
}

/// Reads what `systemctl show` prints: `Key=value` lines, an empty line between two units.
fn loaded_units(shown: &str) -> Vec<LoadedUnit> {
    shown
        .split("\n\n")
        .filter(|block| !block.trim().is_empty())
        .map(|block| {
            let mut unit = LoadedUnit::default();
            for (key, value) in block.lines().filter_map(|line| line.split_once('=')) {
                match key {
                    "Id" => value.clone_into(&mut unit.id),
                    "ActiveState" => value.clone_into(&mut unit.active_state),
                    "Result" => value.clone_into(&mut unit.result),
                    "MainPID" => unit.main_pid = value.parse().unwrap_or_default(),
                    "NeedDaemonReload" => unit.need_daemon_reload = value == "yes",
                    _ => {}
                }
            }
            unit
        })
        .collect()
}

/// Writes `text` as one word of `ExecStart=`, in quotes and without any of systemd's own substitutions.
fn exec_start_word(text: &str) -> String {
    let mut word = String::from('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => word.extend(['\\', character]),
            '%' => word.push_str("%%"),
            '\n' => word.push_str("\\n"),
            _ => word.push(character),
        }
    }
    word.push('"');
    word
}

fn systemctl(arguments: &[&str]) -> anyhow::Result<String> {
    let output = Command::new("systemctl")
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .context("cannot run `systemctl`; the server needs a machine with systemd")?;
    ensure!(
        output.status.success(),
        "`systemctl {}` failed ({}): {}",
        arguments.join(" "),
        output.status,
        String::from_utf8_lossy(&output.stderr)
            .trim()
            .replace('\n', " ")
    );
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether the file at `path` exists with exactly this content; `content` is at its beginning again afterwards.
fn has_content(path: &Path, content: &mut (impl Read + Seek)) -> anyhow::Result<bool> {
    let mut file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        file => file.with_context(|| format!("cannot read {}", path.display()))?,
    };
    let same = same_content(&mut file, content)
        .with_context(|| format!("cannot compare {}", path.display()))?;
    content.rewind()?;
    Ok(same)
}

fn same_content(left: &mut impl Read, right: &mut impl Read) -> io::Result<bool> {
    let (mut left_chunk, mut right_chunk) = (Vec::with_capacity(CHUNK), Vec::with_capacity(CHUNK));
    loop {
        left_chunk.clear();
        right_chunk.clear();
        left.take(CHUNK as u64).read_to_end(&mut left_chunk)?;
        right.take(CHUNK as u64).read_to_end(&mut right_chunk)?;
        if left_chunk != right_chunk {
            return Ok(false);
        }
        if left_chunk.is_empty() {
            return Ok(true);
        }
    }
}

/// Puts `content` at `path` in one step: a reader, or a crash, finds the old file or the new one.
fn replace(path: &Path, content: &mut impl Read, mode: u32) -> anyhow::Result<()> {
    let temporary = temporary(path);
    let write = |content| -> io::Result<()> {
        let mut file = File::create(&temporary)?;
        io::copy(content, &mut file)?;
        file.set_permissions(fs::Permissions::from_mode(mode))?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    };
    write(content).with_context(|| {
        // Nobody needs the half-written file, least of all on a full disk.
        let _ = fs::remove_file(&temporary);
        format!("cannot write {}", path.display())
    })
}

fn temporary(path: &Path) -> PathBuf {
    path.with_extension("new")
}

/// Whether there was anything to remove at `path`, which `removal` has tried.
fn was_there(path: &Path, removal: io::Result<()>) -> anyhow::Result<bool> {
    match removal {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        removal => {
            removal.with_context(|| format!("cannot remove {}", path.display()))?;
            Ok(true)
        }
    }
}
