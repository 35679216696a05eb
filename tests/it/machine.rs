//! A throw-away machine with a systemd of its own, in namespaces of this one: nothing that happens there stays.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Once;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use tempfile::TempDir;

const STEPS: &str = include_str!("machine.sh");
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A machine that is running; it is gone, with all that it wrote, when dropped.
pub(crate) struct Machine {
    dir: TempDir,
    /// Keeps the machine's disk while the machine is off.
    holder: Child,
    unshare: Child,
    /// The machine's process 1, as this machine numbers it.
    pid: i32,
}

impl Machine {
    /// Switches a new machine on; none where this one does not allow it, and then standard error says why.
    ///
    /// With `REQUIRE_SYSTEMD` set that is a failure.
    pub(crate) fn new() -> Option<Self> {
        static SAID: Once = Once::new();
        match Self::try_new() {
            Ok(machine) => Some(machine),
            Err(reason) => {
                let required = std::env::var_os("REQUIRE_SYSTEMD").is_some();
                assert!(!required, "no machine with systemd: {reason}");
                // Not println: of a test that passes, that would be swallowed.
                SAID.call_once(|| {
                    let _ = writeln!(
                        io::stderr(),
                        "skipped, all on_systemd: no machine with systemd: {reason}"
                    );
                });
                None
            }
        }
    }

    fn try_new() -> Result<Self, String> {
        if !Path::new("/lib/systemd/systemd").exists() {
            return Err("systemd is not installed".to_owned());
        }
        let dir = tempfile::Builder::new()
            .prefix("hello-server-machine-")
            .tempdir()
            .unwrap();
        let mut holder = Command::new("unshare")
            .args(["--mount", "--propagation", "private"])
            .args(["sh", "-c", STEPS, "machine.sh", "hold"])
            .arg(dir.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot run unshare: {error}"))?;
        let mut ready = String::new();
        let mut stdout = BufReader::new(holder.stdout.take().unwrap());
        stdout.read_line(&mut ready).unwrap();
        if ready.is_empty() {
            return Err(complaint(holder));
        }
        let unshare = power_on(&holder, dir.path());
        let mut machine = Self {
            dir,
            holder,
            unshare,
            pid: 0,
        };
        machine.wait_until_booted().map(|()| machine)
    }

    fn wait_until_booted(&mut self) -> Result<(), String> {
        let started = Instant::now();
        let children = format!("/proc/{0}/task/{0}/children", self.unshare.id());
        loop {
            if self.unshare.try_wait().unwrap().is_some() {
                self.pid = 0;
                let mut console = String::new();
                self.unshare
                    .stderr
                    .take()
                    .unwrap()
                    .read_to_string(&mut console)
                    .unwrap();
                return Err(console.trim().replace('\n', "; "));
            }
            self.pid = fs::read_to_string(&children)
                .ok()
                .and_then(|pid| pid.trim().parse().ok())
                .unwrap_or_default();
            if self.pid != 0 {
                let output = self
                    .command("systemctl")
                    .args(["is-system-running", "--wait"])
                    .output()
                    .unwrap();
                if matches!(output.stdout.trim_ascii(), b"running" | b"degraded") {
                    return Ok(());
                }
            }
            assert!(
                started.elapsed() < Duration::from_secs(50),
                "the machine does not boot"
            );
            thread::yield_now();
        }
    }

    /// Shuts the machine down in good order, and switches it on again.
    pub(crate) fn reboot(&mut self) {
        // What it answers depends on who is quicker.
        let _ = self.command("systemctl").arg("poweroff").output().unwrap();
        self.unshare.wait().unwrap();
        self.pid = 0;
        self.unshare = power_on(&self.holder, self.dir.path());
        self.wait_until_booted().unwrap();
    }

    /// `program`, to be run in the machine, for a minute at most.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command
            .args(["--target", &self.pid.to_string()])
            .args([
                "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--", "timeout", "60",
                program,
            ])
            .env_clear()
            .env("PATH", PATH);
        command
    }

    /// Runs a command line without quotes in it, such as `systemctl list-units`, and returns what it prints.
    pub(crate) fn run(&self, command_line: &str) -> String {
        let mut words = command_line.split_whitespace();
        let output = self
            .command(words.next().unwrap())
            .args(words)
            .output()
            .unwrap();
        assert!(output.status.success(), "{command_line}: {}", text(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// A property of a systemd unit, such as `ActiveState`, in the words of `systemctl show`.
    pub(crate) fn property(&self, property: &str, unit: &str) -> String {
        let shown = self.run(&format!(
            "systemctl show --property={property} --value {unit}"
        ));
        shown.trim().to_owned()
    }

    /// Where a file of the machine, such as `/etc/hostname`, is to be found from outside.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        format!("/proc/{}/root{path}", self.pid).into()
    }

    /// Does something in the machine's network.
    pub(crate) fn in_network<T: Send>(&self, action: impl FnOnce() -> T + Send) -> T {
        let network = File::open(format!("/proc/{}/ns/net", self.pid)).unwrap();
        thread::scope(|scope| {
            let inside = scope.spawn(|| {
                move_into_link_name_space(network.as_fd(), Some(LinkNameSpaceType::Network))
                    .unwrap();
                action()
            });
            inside.join().unwrap()
        })
    }

    /// What `GET /` answers on `port`, after the headers.
    pub(crate) fn get(&self, port: u16) -> io::Result<String> {
        self.in_network(|| get(port))
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        match Pid::from_raw(self.pid) {
            Some(pid) => kill_process(pid, Signal::KILL).unwrap(),
            None => self.unshare.kill().unwrap(),
        }
        // Everything in the machine ends with its process 1, for which unshare waits.
        self.unshare.wait().unwrap();
        drop(self.holder.stdin.take());
        self.holder.wait().unwrap();
    }
}

fn power_on(holder: &Child, dir: &Path) -> Child {
    // However the test ends, the machine ends with it.
    Command::new("setpriv")
        .args(["--pdeathsig", "KILL", "nsenter"])
        .arg(format!("--mount=/proc/{}/ns/mnt", holder.id()))
        .args(["sh", "-c", STEPS, "machine.sh", "power-on"])
        .arg(dir)
        .env("STEPS", STEPS)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn complaint(child: Child) -> String {
    let output = child.wait_with_output().unwrap();
    String::from_utf8_lossy(&output.stderr)
        .trim()
        .replace('\n', "; ")
}

/// What `GET /` answers on `port` of this network's loopback, after the headers.
pub(crate) fn get(port: u16) -> io::Result<String> {
    let mut client = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    client.set_read_timeout(Some(Duration::from_secs(20)))?;
    client.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut response = String::new();
    client.read_to_string(&mut response)?;
    response
        .split_once("\r\n\r\n")
        .map(|(_, body)| body.to_owned())
        .ok_or_else(|| io::Error::new(io::ErrorKind::UnexpectedEof, "the answer is cut off"))
}

/// Both streams and the exit status, for a failure's message.
pub(crate) fn text(output: &Output) -> String {
    format!(
        "{}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}
