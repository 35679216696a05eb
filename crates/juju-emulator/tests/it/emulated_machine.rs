//! An emulated machine of a test's own, and the commands that a hook finds in it.

use std::{
    collections::BTreeSet,
    env, fs,
    io::Read,
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    os::unix::fs::symlink,
    path::PathBuf,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use systemd_emulator::Machine;
use tempfile::TempDir;

/// The first machine's address.
pub(crate) const HERE: [u8; 4] = [127, 0, 0, 2];

/// An emulated machine, of which nothing is left when the test ends.
pub(crate) struct Given {
    pub(crate) directory: TempDir,
    pub(crate) machine: Machine,
}

/// What a command answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

pub(crate) fn a_machine(address: [u8; 4]) -> Given {
    let directory = tempfile::tempdir().unwrap();
    let mut machine = Machine::new(directory.path(), Ipv4Addr::from(address).into());
    machine.executable = PathBuf::from(env!("CARGO_BIN_EXE_juju-emulator"));
    fs::create_dir_all(&machine.units).unwrap();
    for name in systemd_emulator::COMMANDS {
        symlink(&machine.executable, directory.path().join(name)).unwrap();
    }
    Given { directory, machine }
}

impl Drop for Given {
    fn drop(&mut self) {
        self.machine.stop_all().unwrap();
    }
}

impl Given {
    pub(crate) fn command(&self, command_line: &str) -> Command {
        let mut words = command_line.split_whitespace();
        let mut command = Command::new(self.directory.path().join(words.next().unwrap()));
        command
            .args(words)
            .env_clear()
            .env("JUJU_EMULATOR_MACHINE", &self.machine.directory)
            .env("JUJU_EMULATOR_ADDRESS", self.machine.address.to_string())
            .env("SYSTEMD_UNIT_PATH", &self.machine.units)
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, command_line: &str) -> Answer {
        let output = self.command(command_line).output().unwrap();
        Answer {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub(crate) fn succeed(&self, command_line: &str) -> String {
        let answer = self.run(command_line);
        assert_eq!(answer.code, Some(0), "{command_line}: {answer:?}");
        answer.stdout
    }

    pub(crate) fn unit(&self, name: &str, text: &str) {
        fs::write(self.machine.units.join(name), text).unwrap();
    }

    /// The units of a server that answers `name`: the socket's instance is the port, and the service needs its socket.
    pub(crate) fn server(&self, name: &str) {
        self.unit(
            &format!("{name}@.socket"),
            "[Unit]\nDescription=Port %i\n[Socket]\nListenStream=%i\n[Install]\nWantedBy=sockets.target\n",
        );
        let service = self.service(&format!("Environment=SERVE={name}"));
        self.unit(
            &format!("{name}@.service"),
            &format!(
                "[Unit]\nRequires=%p@%i.socket\nAfter=%p@%i.socket\n{service}DynamicUser=yes\n"
            ),
        );
    }

    /// A service section that runs `systemctl::act_as_a_service`.
    pub(crate) fn service(&self, settings: &str) -> String {
        format!(
            "[Service]\nExecStart={} --exact systemctl::act_as_a_service --nocapture\nEnvironment=OF_TEST={}\n{settings}\n",
            env::current_exe().unwrap().display(),
            self.directory.path().display()
        )
    }

    /// What really runs, asked of the kernel and not of the machine: the processes with this test's mark.
    pub(crate) fn processes(&self) -> BTreeSet<u32> {
        let mark = format!("OF_TEST={}", self.directory.path().display());
        let is_marked = |pid: &u32| {
            let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            environment
                .split(|byte| *byte == 0)
                .any(|variable| variable == mark.as_bytes())
        };
        let entries = fs::read_dir("/proc").unwrap().flatten();
        entries
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .filter(is_marked)
            .collect()
    }

    pub(crate) fn recorded(&self) -> BTreeSet<u32> {
        self.machine
            .running_processes()
            .unwrap()
            .into_iter()
            .map(|process| process.pid)
            .collect()
    }

    pub(crate) fn main_pid(&self, unit: &str) -> String {
        self.succeed(&format!("systemctl show -p MainPID --value {unit}"))
            .trim()
            .to_owned()
    }

    /// Kills the unit's main process, and waits until it has ended.
    pub(crate) fn kill_9(&self, unit: &str) {
        let pid = self.main_pid(unit);
        let kill = Command::new("kill").args(["-9", &pid]).status().unwrap();
        assert!(kill.success());
        eventually(|| self.main_pid(unit) == "0");
    }

    pub(crate) fn answer_of(&self, port: u16) -> String {
        let mut answer = String::new();
        TcpStream::connect(SocketAddr::new(self.machine.address, port))
            .unwrap()
            .read_to_string(&mut answer)
            .unwrap();
        answer
    }

    pub(crate) fn refuses(&self, port: u16) -> bool {
        TcpStream::connect(SocketAddr::new(self.machine.address, port)).is_err()
    }
}

pub(crate) fn eventually(condition: impl Fn() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(
            started.elapsed() < Duration::from_secs(20),
            "it did not come true"
        );
        thread::yield_now();
    }
}

pub(crate) fn free_port(address: [u8; 4]) -> u16 {
    TcpListener::bind((Ipv4Addr::from(address), 0))
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}
