//! The server's life under systemd: a socket unit per port, which starts the service that answers on it.
//!
//! Both units are templates whose instance is the port, such as `hello-server-0@8000.socket`. What is installed, enabled
//! and running is read from the machine each time, so a call that was killed half-way is completed by the next one.

use std::collections::BTreeSet;
use std::env;
use std::fs::{self, File};
use std::io::{self, Cursor};
use std::num::NonZeroU16;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};

use crate::files::{self, has_content, replace};
use crate::server;
use crate::systemctl::{self, LoadedUnit, systemctl, systemctl_on};
use crate::workload::{Workload, WorkloadError};

const SOCKET: &str = include_str!("hello-server.socket");
const SERVICE: &str = include_str!("hello-server.service");

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
        let must_reload = self.install()?;
        let loaded = self.loaded_units()?;
        if must_reload || loaded.iter().any(|unit| unit.need_daemon_reload) {
            self.reload(&loaded)?;
        }

        let find = |name: String| loaded.iter().find(|unit| unit.id == name);
        let socket = find(self.socket(port)).cloned().unwrap_or_default();
        let service = find(self.service(port)).cloned().unwrap_or_default();
        if ["service-start-limit-hit", "trigger-limit-hit"].contains(&socket.result.as_str()) {
            self.reset_failed(&BTreeSet::from([port]))?;
            let reason = anyhow!("systemd gave it up: {}", socket.result);
            return Err(self.does_not_run(port, reason).into());
        }

        let listens = socket.active_state == "active" && self.enabled_ports()?.contains(&port);
        let in_trouble = ["activating", "failed"].contains(&service.active_state.as_str());
        if !listens {
            self.start(port)?;
        } else if in_trouble {
            // The socket stays as it is: whoever asks meanwhile waits in it.
            systemctl(&["start", "--", &self.service(port)])
                .map_err(|error| self.does_not_run(port, error))?;
        }
        let mut others = self.ports_in_use(&loaded)?;
        others.remove(&port);
        self.stop_ports(&others)?;
        if self.is_outdated(service.main_pid) {
            systemctl(&["try-restart", "--", &self.service(port)])
                .map_err(|error| self.does_not_run(port, error))?;
        }
        Ok(())
    }

    fn stop(&mut self) -> Result<(), WorkloadError> {
        let ports = self.ports_in_use(&self.loaded_units()?)?;
        Ok(self.stop_ports(&ports)?)
    }

    fn uninstall(&mut self) -> Result<(), WorkloadError> {
        self.stop()?;
        files::remove(&self.unit_file("socket"))?;
        files::remove(&self.unit_file("service"))?;
        files::remove(&self.executable)?;
        if let Some(dir) = self.executable.parent() {
            // Whatever else there may be is not the server's.
            let _ = fs::remove_dir(dir);
        }
        Ok(())
    }
}

impl Systemd {
    fn socket(&self, port: NonZeroU16) -> String {
        format!("{}{port}.socket", self.prefix)
    }

    fn service(&self, port: NonZeroU16) -> String {
        format!("{}{port}.service", self.prefix)
    }

    /// The template's file: `unit_file("socket")` is `/etc/systemd/system/hello-server-0@.socket`.
    fn unit_file(&self, kind: &str) -> PathBuf {
        self.unit_dir.join(format!("{}.{kind}", self.prefix))
    }

    /// The port in a unit's name: 8000 for `hello-server-0@8000.socket`, none for a unit that is not of this server.
    fn port_of(&self, unit: &str) -> Option<NonZeroU16> {
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
        let mut different = Vec::new();
        for (path, text) in &mut units {
            if !has_content(path, text)? {
                different.push((path, text));
            }
        }
        let units_differ = !different.is_empty();

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
        for (path, text) in different {
            replace(path, text, 0o644)?;
        }
        Ok(units_differ)
    }

    /// Makes systemd read the unit files again. A socket that listens keeps the settings that it was opened with, so it is
    /// opened anew; stopped before the reload, which takes away the sign that it has to be.
    fn reload(&self, loaded: &[LoadedUnit]) -> anyhow::Result<()> {
        let outdated: Vec<_> = loaded
            .iter()
            .filter(|unit| unit.active_state == "active" && unit.need_daemon_reload)
            .filter(|unit| unit.id.ends_with(".socket"))
            .filter_map(|unit| self.port_of(&unit.id))
            .collect();
        let sockets: Vec<_> = outdated.iter().map(|port| self.socket(*port)).collect();
        systemctl_on(&["stop"], &sockets)?;
        systemctl(&["daemon-reload"])?;
        systemctl_on(&["start"], &sockets)?;
        let services: Vec<_> = outdated.iter().map(|port| self.service(*port)).collect();
        systemctl_on(&["start"], &services)
    }

    fn loaded_units(&self) -> anyhow::Result<Vec<LoadedUnit>> {
        systemctl::show(&[
            &format!("{}*.socket", self.prefix),
            &format!("{}*.service", self.prefix),
        ])
    }

    /// The ports that the machine opens when it boots.
    fn enabled_ports(&self) -> anyhow::Result<BTreeSet<NonZeroU16>> {
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
    fn ports_in_use(&self, loaded: &[LoadedUnit]) -> anyhow::Result<BTreeSet<NonZeroU16>> {
        let mut ports = self.enabled_ports()?;
        ports.extend(
            loaded
                .iter()
                .filter(|unit| unit.active_state != "inactive")
                .filter_map(|unit| self.port_of(&unit.id)),
        );
        Ok(ports)
    }

    /// Makes the port listen and the server run; when that fails, the port is as if nothing had been tried.
    fn start(&self, port: NonZeroU16) -> Result<(), WorkloadError> {
        let started = systemctl(&["enable", "--now", "--", &self.socket(port)])
            .and_then(|_| systemctl(&["start", "--", &self.service(port)]));
        let Err(error) = started else { return Ok(()) };
        self.stop_ports(&BTreeSet::from([port]))
            .with_context(|| format!("{error:#}; then"))?;
        match server::listen(port) {
            Err(taken) if taken.kind() == io::ErrorKind::AddrInUse => {
                Err(WorkloadError::PortTaken { port })
            }
            _ => Err(self.does_not_run(port, error).into()),
        }
    }

    fn does_not_run(&self, port: NonZeroU16, reason: anyhow::Error) -> anyhow::Error {
        let service = self.service(port);
        reason.context(format!(
            "the server does not run on port {port} (`journalctl -u {service}` shows its log)"
        ))
    }

    /// Stopping a socket stops its service, which requires it.
    fn stop_ports(&self, ports: &BTreeSet<NonZeroU16>) -> anyhow::Result<()> {
        let sockets: Vec<_> = ports.iter().map(|port| self.socket(*port)).collect();
        systemctl_on(&["disable", "--now"], &sockets)?;
        self.reset_failed(ports)
    }

    /// A failed unit stays loaded, and counts its failures, until it is reset.
    fn reset_failed(&self, ports: &BTreeSet<NonZeroU16>) -> anyhow::Result<()> {
        let patterns: Vec<_> = ports
            .iter()
            .map(|port| format!("{}{port}.*", self.prefix))
            .collect();
        systemctl_on(&["reset-failed"], &patterns)
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

/// Writes `text` as one word of `ExecStart=`; systemd takes no executable with quotes or backslashes in its path.
fn exec_start_word(text: &str) -> String {
    format!("\"{}\"", text.replace('%', "%%"))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// A server in a directory whose name means something to systemd, if not written with care.
    fn awkward_server() -> (tempfile::TempDir, Systemd) {
        let dir = tempfile::Builder::new()
            .prefix("a %i $HOME ")
            .tempdir()
            .unwrap();
        let unit_dir = dir.path().join("units");
        fs::create_dir(&unit_dir).unwrap();
        let server = Systemd::new("hello-server/0", dir.path(), unit_dir);
        (dir, server)
    }

    fn port(number: u16) -> NonZeroU16 {
        NonZeroU16::new(number).unwrap()
    }

    fn inode(path: &Path) -> u64 {
        fs::metadata(path).unwrap().ino()
    }

    #[test]
    fn installs_once_and_writes_nothing_when_nothing_changed() {
        // given
        let (_dir, server) = awkward_server();
        assert!(server.install().unwrap());
        let files = [
            server.executable.clone(),
            server.unit_file("socket"),
            server.unit_file("service"),
        ];
        let before = files.clone().map(|path| inode(&path));
        // when
        let must_reload = server.install().unwrap();
        // then
        assert!(!must_reload);
        assert_eq!(files.map(|path| inode(&path)), before);
        assert_eq!(
            fs::metadata(&server.executable).unwrap().mode() & 0o7777,
            0o755
        );
        assert_eq!(fs::read_dir(&server.unit_dir).unwrap().count(), 2);
    }

    #[test]
    fn a_changed_executable_is_replaced_and_the_unit_files_are_not() {
        // given
        let (_dir, server) = awkward_server();
        server.install().unwrap();
        fs::write(&server.executable, "an earlier one").unwrap();
        let before = inode(&server.executable);
        // when
        let must_reload = server.install().unwrap();
        // then
        assert!(!must_reload);
        assert_ne!(inode(&server.executable), before);
        let mut current = File::open(env::current_exe().unwrap()).unwrap();
        assert!(has_content(&server.executable, &mut current).unwrap());
    }

    #[test]
    fn a_changed_unit_file_brings_a_new_copy_of_the_executable() {
        // given
        let (_dir, server) = awkward_server();
        server.install().unwrap();
        fs::write(server.unit_file("service"), "edited").unwrap();
        let before = inode(&server.executable);
        // when
        let must_reload = server.install().unwrap();
        // then
        assert!(must_reload);
        assert_ne!(inode(&server.executable), before);
    }

    #[test]
    fn a_file_that_cannot_be_written_is_named() {
        // given
        let (_dir, mut server) = awkward_server();
        server.unit_dir.push("absent");
        // when
        let error = format!("{:#}", server.install().unwrap_err());
        // then
        assert!(error.starts_with("cannot write "), "{error}");
        assert!(
            error.contains("absent/hello-server-0@.socket: No such file"),
            "{error}"
        );
    }

    #[test]
    fn systemd_accepts_the_unit_files_and_finds_them_safe() {
        // given
        let (_dir, server) = awkward_server();
        server.install().unwrap();
        let analyze = |arguments: &[&str]| {
            Command::new("systemd-analyze")
                .args(arguments)
                .env(
                    "SYSTEMD_UNIT_PATH",
                    format!("{}:", server.unit_dir.display()),
                )
                .output()
        };
        if let Err(error) = analyze(&["--version"]) {
            assert!(
                env::var_os("REQUIRE_SYSTEMD").is_none(),
                "systemd-analyze: {error}"
            );
            println!("skipped: systemd-analyze: {error}");
            return;
        }
        // when
        let verified = analyze(&[
            "verify",
            &server.socket(port(8000)),
            &server.service(port(8000)),
        ])
        .unwrap();
        let service = server.unit_file("service");
        let rated = analyze(&[
            "security",
            "--offline=true",
            "--threshold=10",
            service.to_str().unwrap(),
        ])
        .unwrap();
        // then
        let complaints = String::from_utf8(verified.stderr).unwrap();
        // It looks at what the units need of the machine too.
        let of_ours = complaints
            .lines()
            .filter(|line| line.contains("hello-server"));
        assert_eq!(of_ours.collect::<Vec<_>>(), [""; 0]);
        assert_eq!(verified.status.code(), Some(0), "{complaints}");
        assert!(
            rated.status.success(),
            "{}",
            String::from_utf8_lossy(&rated.stdout)
        );
    }

    #[test]
    fn knows_its_own_units_from_those_of_others() {
        let server = Systemd::new("hello-server/1", Path::new("/charm"), "/units".into());
        for (unit, port) in [
            ("hello-server-1@8000.socket", Some(8000)),
            ("hello-server-1@8000.service", Some(8000)),
            ("hello-server-11@8000.socket", None),
            ("hello-server-0@8000.socket", None),
            ("hello-server-1@.socket", None),
            ("hello-server-1@http.socket", None),
            ("hello-server-1.socket", None),
        ] {
            assert_eq!(server.port_of(unit).map(NonZeroU16::get), port, "{unit}");
        }
    }
}
