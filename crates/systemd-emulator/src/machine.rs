//! The emulated machine, as far as its services are concerned.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    ffi::OsString,
    fs::{self, File},
    io::{self, Write},
    net::{IpAddr, Ipv4Addr},
    path::{Path, PathBuf},
};

use anyhow::Context;

use crate::{
    install,
    process::processes_of,
    record::{Entry, Record},
    unit::{Kind, LoadError, Unit},
    unit_name::UnitName,
};

/// An emulated machine, as far as its services are concerned.
#[derive(Clone, Debug)]
pub struct Machine {
    /// The machine's own directory; what runs on it is kept below `systemd/`.
    pub directory: PathBuf,
    /// The machine's own address, say 127.0.0.2: where a socket with `ListenStream=8000` listens.
    pub address: IpAddr,
    /// Where the unit files are: `<directory>/systemd/system`, or the first entry of `SYSTEMD_UNIT_PATH`.
    pub units: PathBuf,
    /// The program that becomes the program of a service when it is called by the name in [`EXEC`](crate::EXEC). It is this very process's own, unless
    /// that is another program that only uses the library.
    pub executable: PathBuf,
}

/// A command that only makes sense inside an emulated machine was called somewhere else.
#[derive(Debug, thiserror::Error)]
pub enum NotInMachine {
    /// There is no `JUJU_EMULATOR_MACHINE`.
    #[error(
        "JUJU_EMULATOR_MACHINE is not set: this is the command of an emulated machine, for hooks and `exec` that juju-emulator runs"
    )]
    NoMachine,
    /// `JUJU_EMULATOR_ADDRESS` cannot be read.
    #[error("JUJU_EMULATOR_ADDRESS={0}: expected the machine's address, for example 127.0.0.2")]
    BadAddress(String),
}

/// A process of a service, for those who want to see what runs on a machine.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct RunningProcess {
    /// The service, say `hello-server-0@8000.service`.
    pub unit: String,
    /// The process's number.
    pub pid: u32,
}

/// What `systemctl show` calls `ActiveState`, `SubState`, `Result` and `MainPID`.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) active: &'static str,
    pub(crate) sub: &'static str,
    pub(crate) result: String,
    pub(crate) main_pid: u32,
}

impl State {
    pub(crate) fn is_active(&self) -> bool {
        self.active == "active"
    }
}

impl Machine {
    /// The machine that lives in `directory`, an absolute path, and has `address`.
    #[must_use]
    pub fn new(directory: &Path, address: IpAddr) -> Self {
        Self {
            directory: directory.to_owned(),
            address,
            units: directory.join("systemd/system"),
            // Not its path: that names another file once the program has been built again.
            executable: PathBuf::from("/proc/self/exe"),
        }
    }

    /// Makes the directory for unit files, which a machine has from the beginning; does nothing when it is there.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn create(&self) -> io::Result<()> {
        fs::create_dir_all(&self.units)
    }

    /// What a hook on this machine has in its environment, so that its commands know where they are.
    #[must_use]
    pub fn variables(&self) -> BTreeMap<String, OsString> {
        [
            ("SYSTEMD_UNIT_PATH", self.units.clone().into()),
            ("JUJU_EMULATOR_MACHINE", self.directory.clone().into()),
            ("JUJU_EMULATOR_ADDRESS", self.address.to_string().into()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    /// The machine in whose hook this process runs.
    ///
    /// # Errors
    /// When this is no emulated machine's hook.
    pub fn from_environment(
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Self, NotInMachine> {
        let directory = variable("JUJU_EMULATOR_MACHINE")
            .filter(|directory| !directory.is_empty())
            .ok_or(NotInMachine::NoMachine)?;
        let address = match variable("JUJU_EMULATOR_ADDRESS")
            .map(|address| address.to_string_lossy().into_owned())
        {
            Some(address) => address
                .parse()
                .map_err(|_| NotInMachine::BadAddress(address))?,
            None => Ipv4Addr::LOCALHOST.into(),
        };
        let mut machine = Self::new(Path::new(&directory), address);
        if let Some(units) = variable("SYSTEMD_UNIT_PATH")
            .and_then(|path| env::split_paths(&path).next())
            .filter(|units| units.is_absolute())
        {
            machine.units = units;
        }
        Ok(machine)
    }

    /// Every process of every service on the machine.
    ///
    /// # Errors
    /// When the machine's own files cannot be read.
    pub fn running_processes(&self) -> anyhow::Result<Vec<RunningProcess>> {
        let mut running = Vec::new();
        for (unit, run) in self.record()?.runs() {
            let processes = processes_of(run.process, &run.invocation_id, &[run.process]);
            running.extend(processes.into_iter().map(|process| RunningProcess {
                unit: unit.to_string(),
                pid: process.pid,
            }));
        }
        running.sort();
        Ok(running)
    }

    pub(crate) fn record(&self) -> anyhow::Result<Record> {
        Record::read(&self.record_directory())
    }

    pub(crate) fn record_directory(&self) -> PathBuf {
        self.directory.join("systemd")
    }

    fn journal(&self, unit: &UnitName) -> PathBuf {
        self.directory
            .join("systemd/journal")
            .join(format!("{unit}.log"))
    }

    /// The file to which the unit's output is appended.
    pub(crate) fn open_journal(&self, unit: &UnitName) -> anyhow::Result<File> {
        let path = self.journal(unit);
        let directory = path.parent().map_or(Ok(()), fs::create_dir_all);
        let file = directory.and_then(|()| File::options().append(true).create(true).open(&path));
        file.with_context(|| format!("cannot open {}", path.display()))
    }

    /// Writes a line of systemctl's own to the unit's journal.
    pub(crate) fn log(&self, unit: &UnitName, line: &str) -> anyhow::Result<()> {
        writeln!(self.open_journal(unit)?, "{unit}: {line}")
            .with_context(|| format!("cannot write the journal of {unit}"))
    }

    pub(crate) fn load(&self, name: &UnitName) -> Result<Unit, LoadError> {
        Unit::load(&self.units, self.address, name)
    }

    /// The units that systemd would have in memory, and among which it looks for a pattern such as `web@*.socket`: those that
    /// run, failed or are enabled, and their services.
    pub(crate) fn loaded_units(&self, record: &Record) -> BTreeSet<UnitName> {
        let mut names: BTreeSet<UnitName> = record.units.keys().cloned().collect();
        names.extend(
            record
                .runs()
                .filter(|(_, run)| run.process.is_running())
                .flat_map(|(_, run)| run.sockets.clone()),
        );
        names.extend(install::enabled_units(&self.units));
        for name in names.clone() {
            if let Ok(Unit {
                kind: Kind::Socket(socket),
                ..
            }) = self.load(&name)
            {
                names.insert(socket.service);
            }
        }
        names
    }

    /// The unit's last lines of output.
    pub(crate) fn last_lines(&self, unit: &UnitName, number: usize) -> Vec<String> {
        let output = fs::read(self.journal(unit)).unwrap_or_default();
        let output = String::from_utf8_lossy(&output);
        let lines: Vec<&str> = output.lines().collect();
        lines[lines.len().saturating_sub(number)..]
            .iter()
            .map(|line| (*line).to_owned())
            .collect()
    }
}

impl Record {
    /// Works out the unit's state from what is on record and from what runs.
    pub(crate) fn state(&self, name: &UnitName) -> State {
        let state = |active, sub, result: &str, main_pid| State {
            active,
            sub,
            result: result.to_owned(),
            main_pid,
        };
        match self.units.get(name) {
            Some(Entry::Started(run)) if !run.process.is_running() => {
                state("failed", "failed", "exit-code", 0)
            }
            Some(Entry::Started(run)) if run.activating => {
                state("activating", "start", "success", run.process.pid)
            }
            Some(Entry::Started(run)) => state("active", "running", "success", run.process.pid),
            Some(Entry::Exited) => state("active", "exited", "success", 0),
            Some(Entry::Failed(result)) => state("failed", "failed", result, 0),
            None if self.holder(name).is_some() => state("active", "running", "success", 0),
            None => state("inactive", "dead", "success", 0),
        }
    }
}
