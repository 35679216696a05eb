//! `systemctl` as a hook meets it: a link on PATH and three variables.

use std::{
    collections::BTreeSet,
    env, fs,
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use juju_emulator::systemctl::{Machine, Shutdown};
use listenfd::ListenFd;
use tempfile::TempDir;

/// An emulated machine, of which nothing is left when the test ends.
struct Given {
    directory: TempDir,
    machine: Machine,
}

/// What a command answered.
#[derive(Debug)]
struct Answer {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

fn a_machine(address: [u8; 4]) -> Given {
    let directory = tempfile::tempdir().unwrap();
    let mut machine = Machine::new(directory.path(), Ipv4Addr::from(address).into());
    machine.executable = PathBuf::from(env!("CARGO_BIN_EXE_juju-emulator"));
    fs::create_dir_all(&machine.units).unwrap();
    for name in ["systemctl", "reboot", "shutdown"] {
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
    fn command(&self, command_line: &str) -> Command {
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

    fn run(&self, command_line: &str) -> Answer {
        let output = self.command(command_line).output().unwrap();
        Answer {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    fn succeed(&self, command_line: &str) -> String {
        let answer = self.run(command_line);
        assert_eq!(answer.code, Some(0), "{command_line}: {answer:?}");
        answer.stdout
    }

    fn unit(&self, name: &str, text: &str) {
        fs::write(self.machine.units.join(name), text).unwrap();
    }

    /// The units of a server that answers `name`: the socket's instance is the port, and the service needs its socket.
    fn server(&self, name: &str) {
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

    /// A service section that runs `act_as_a_service` below.
    fn service(&self, settings: &str) -> String {
        format!(
            "[Service]\nExecStart={} --exact systemctl::act_as_a_service --nocapture\nEnvironment=OF_TEST={}\n{settings}\n",
            env::current_exe().unwrap().display(),
            self.directory.path().display()
        )
    }

    /// What really runs, asked of the kernel and not of the machine: the processes with this test's mark.
    fn processes(&self) -> BTreeSet<u32> {
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

    fn recorded(&self) -> BTreeSet<u32> {
        self.machine
            .running_processes()
            .unwrap()
            .into_iter()
            .map(|process| process.pid)
            .collect()
    }

    fn main_pid(&self, unit: &str) -> String {
        self.succeed(&format!("systemctl show -p MainPID --value {unit}"))
            .trim()
            .to_owned()
    }

    fn kill_9(&self, pid: &str) {
        assert!(
            Command::new("kill")
                .args(["-9", pid])
                .status()
                .unwrap()
                .success()
        );
        eventually(|| !self.processes().contains(&pid.parse().unwrap()));
    }

    fn answer_of(&self, port: u16) -> String {
        let mut answer = String::new();
        TcpStream::connect(SocketAddr::new(self.machine.address, port))
            .unwrap()
            .read_to_string(&mut answer)
            .unwrap();
        answer
    }

    fn refuses(&self, port: u16) -> bool {
        TcpStream::connect(SocketAddr::new(self.machine.address, port)).is_err()
    }
}

/// Not a test of its own but the program of the services above, when its variables tell it to be.
#[test]
fn act_as_a_service() {
    if env::var("IGNORE_SIGTERM").is_ok() {
        // A shell's child inherits an ignored signal, which Rust has no safe word for.
        let error = std::os::unix::process::CommandExt::exec(
            Command::new("/bin/sh").args(["-c", "trap '' TERM; echo ignoring; exec sleep 600"]),
        );
        panic!("{error}");
    }
    if let Ok(name) = env::var("SERVE") {
        let listener = ListenFd::from_env().take_tcp_listener(0).unwrap().unwrap();
        assert_eq!(
            fs::read_link("/proc/self/fd/0").unwrap(),
            Path::new("/dev/null")
        );
        let descriptors = fs::read_dir("/proc/self/fd").unwrap().count();
        println!("serving");
        for connection in listener.incoming() {
            write!(
                connection.unwrap(),
                "{name} {descriptors} {}",
                env::var("LISTEN_FDNAMES").unwrap()
            )
            .unwrap();
        }
    }
    assert!(env::var("OF_TEST").is_err(), "this service fails");
}

fn eventually(condition: impl Fn() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(
            started.elapsed() < Duration::from_secs(20),
            "it did not come true"
        );
        thread::yield_now();
    }
}

fn free_port(address: [u8; 4]) -> u16 {
    TcpListener::bind((Ipv4Addr::from(address), 0))
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

const HERE: [u8; 4] = [127, 0, 0, 2];

#[test]
fn a_socket_that_is_enabled_now_is_answered_by_its_service() {
    let given = a_machine(HERE);
    given.server("web");
    let port = free_port(HERE);

    let answer = given.run(&format!("systemctl enable --now web@{port}.socket"));

    let units = given.machine.units.display();
    assert_eq!(answer.code, Some(0), "{answer:?}");
    assert_eq!(
        answer.stderr,
        format!(
            "Created symlink {units}/sockets.target.wants/web@{port}.socket → {units}/web@.socket.\n"
        )
    );
    let descriptors_of_the_service_alone = given.answer_of(port);
    assert!(descriptors_of_the_service_alone.ends_with(&format!(" web@{port}.socket")));
    assert_eq!(
        given.succeed(&format!(
            "systemctl is-active web@{port}.socket web@{port}.service"
        )),
        "active\nactive\n"
    );
    assert_eq!(
        given.succeed(&format!("systemctl is-enabled web@{port}.socket")),
        "enabled\n"
    );
    assert_eq!(given.recorded(), given.processes());
}

#[test]
fn show_prints_blocks_for_patterns_over_loaded_units() {
    let given = a_machine(HERE);
    given.server("web");
    let port = free_port(HERE);
    let show = "systemctl show --property=Id,ActiveState,SubState,Result,UnitFileState web@*.socket web@*.service";
    assert_eq!(given.succeed(show), "");
    given.succeed(&format!("systemctl enable --now web@{port}.socket"));

    let shown = given.succeed(show);

    let expected = format!(
        "Result=success\nId=web@{port}.socket\nActiveState=active\nSubState=running\nUnitFileState=enabled\n\n\
         Result=success\nId=web@{port}.service\nActiveState=active\nSubState=running\nUnitFileState=static\n"
    );
    assert_eq!(shown, expected);
}

#[test]
fn a_taken_port_fails_the_socket_and_leaves_the_service_alone() {
    let given = a_machine(HERE);
    given.server("web");
    let holder = TcpListener::bind((Ipv4Addr::from(HERE), 0)).unwrap();
    let port = holder.local_addr().unwrap().port();

    let answer = given.run(&format!("systemctl enable --now web@{port}.socket"));

    assert_eq!(answer.code, Some(1));
    assert!(
        answer
            .stderr
            .contains("Job failed. See \"journalctl -xe\" for details.\n"),
        "{answer:?}"
    );
    assert!(
        answer.stderr.contains(&format!("127.0.0.2:{port}")),
        "{answer:?}"
    );
    let shown = given.succeed("systemctl show -p Id,ActiveState,Result web@*");
    assert!(
        shown.contains(&format!(
            "Result=resources\nId=web@{port}.socket\nActiveState=failed\n"
        )),
        "{shown}"
    );
    assert!(
        shown.contains(&format!("Id=web@{port}.service\nActiveState=inactive\n")),
        "{shown}"
    );
    let of_service = given.run(&format!("systemctl start web@{port}.service"));
    assert_eq!(
        of_service.stderr,
        format!(
            "A dependency job for web@{port}.service failed. See 'journalctl -xe' for details.\n"
        )
    );
    assert_eq!(given.processes(), BTreeSet::new());

    // The holder goes away.
    drop(holder);
    given.succeed(&format!("systemctl start web@{port}.socket"));
    assert!(given.answer_of(port).starts_with("web "));
}

#[test]
fn disable_now_leaves_no_process_no_port_and_no_link() {
    let given = a_machine(HERE);
    given.server("web");
    let port = free_port(HERE);
    given.succeed(&format!("systemctl enable --now web@{port}.socket"));

    let answer = given.run(&format!("systemctl disable --now web@{port}.socket"));

    let link = given
        .machine
        .units
        .join(format!("sockets.target.wants/web@{port}.socket"));
    assert_eq!(answer.stderr, format!("Removed \"{}\".\n", link.display()));
    assert_eq!(given.processes(), BTreeSet::new());
    assert!(given.refuses(port));
    assert!(!given.machine.units.join("sockets.target.wants").exists());
    assert_eq!(given.succeed("systemctl show -p Id web@*"), "");
    given.succeed(&format!("systemctl disable --now web@{port}.socket"));
}

#[test]
fn a_service_whose_unit_files_are_gone_is_still_stopped_with_its_socket() {
    let given = a_machine(HERE);
    given.server("web");
    let port = free_port(HERE);
    given.succeed(&format!("systemctl enable --now web@{port}.socket"));
    fs::remove_file(given.machine.units.join("web@.socket")).unwrap();
    fs::remove_file(given.machine.units.join("web@.service")).unwrap();

    given.succeed(&format!("systemctl disable --now web@{port}.socket"));

    assert_eq!(given.processes(), BTreeSet::new());
}

#[test]
fn a_killed_server_is_not_active_and_starts_again() {
    let given = a_machine(HERE);
    given.server("web");
    let port = free_port(HERE);
    given.succeed(&format!("systemctl enable --now web@{port}.socket"));
    let pid = given.main_pid(&format!("web@{port}.service"));

    given.kill_9(&pid);

    let states = given.run(&format!(
        "systemctl is-active web@{port}.socket web@{port}.service"
    ));
    assert_eq!(
        (states.code, states.stdout.as_str()),
        (Some(3), "inactive\nfailed\n")
    );
    assert!(given.refuses(port));
    given.succeed(&format!("systemctl start web@{port}.socket"));
    assert!(given.answer_of(port).starts_with("web "));
    assert_ne!(given.main_pid(&format!("web@{port}.service")), pid);
}

#[test]
fn restarting_a_service_gives_it_its_socket_again() {
    let given = a_machine(HERE);
    given.server("web");
    let port = free_port(HERE);
    let service = format!("web@{port}.service");
    given.succeed(&format!("systemctl try-restart {service}"));
    assert_eq!(given.processes(), BTreeSet::new());
    given.succeed(&format!("systemctl start {service}"));
    let before = given.main_pid(&service);

    given.succeed(&format!("systemctl try-restart {service}"));

    assert_ne!(given.main_pid(&service), before);
    assert!(given.answer_of(port).starts_with("web "));
    assert_eq!(given.processes().len(), 1);
}

#[test]
fn two_machines_use_the_same_port() {
    let (one, other) = (a_machine(HERE), a_machine([127, 0, 0, 3]));
    one.server("one");
    other.server("other");
    let port = free_port(HERE);

    one.succeed(&format!("systemctl start one@{port}.socket"));
    other.succeed(&format!("systemctl start other@{port}.socket"));

    assert!(one.answer_of(port).starts_with("one "));
    assert!(other.answer_of(port).starts_with("other "));
    one.succeed(&format!("systemctl stop one@{port}.socket"));
    assert!(other.answer_of(port).starts_with("other "));
}

#[test]
fn a_service_inherits_nothing_but_its_socket() {
    let given = a_machine(HERE);
    given.server("web");
    let (plain, inheriting) = (free_port(HERE), free_port(HERE));
    given.succeed(&format!("systemctl start web@{plain}.socket"));
    let systemctl = given.directory.path().join("systemctl");

    // The shell leaves descriptor 9 open to systemctl; output() below returns only when nobody holds its pipes.
    let script = format!(
        "exec 9</dev/null; exec {} start web@{inheriting}.socket",
        systemctl.display()
    );
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", &script]);
    for (name, value) in given.command("systemctl").get_envs() {
        shell.env(name, value.unwrap());
    }
    assert!(shell.output().unwrap().status.success());

    let count = |port| {
        given
            .answer_of(port)
            .split_whitespace()
            .nth(1)
            .unwrap()
            .to_owned()
    };
    assert_eq!(count(inheriting), count(plain));
}

#[test]
fn a_process_that_ignores_sigterm_is_killed_after_its_time() {
    let given = a_machine(HERE);
    given.unit(
        "stubborn.service",
        &given.service("Environment=IGNORE_SIGTERM=1\nTimeoutStopSec=200ms"),
    );
    given.succeed("systemctl start stubborn");
    eventually(|| {
        given
            .run("systemctl status stubborn")
            .stdout
            .contains("ignoring")
    });

    given.succeed("systemctl stop stubborn");

    assert_eq!(given.processes(), BTreeSet::new());
    assert_eq!(
        given.run("systemctl is-active stubborn").stdout,
        "inactive\n"
    );
}

#[test]
fn a_oneshot_is_waited_for_and_its_failure_told() {
    let given = a_machine(HERE);
    given.unit("fails.service", &given.service("Type=oneshot"));
    given.unit("works.service", "[Service]\nType=oneshot\nExecStart=/bin/true\nExecStart=-/bin/false\nRemainAfterExit=yes\n");

    let fails = given.run("systemctl start fails");
    let works = given.run("systemctl start works");

    assert_eq!(fails.code, Some(1));
    assert!(
        fails.stderr.starts_with(
            "Job for fails.service failed because the control process exited with error code.\n"
        ),
        "{fails:?}"
    );
    assert_eq!(given.run("systemctl is-failed fails").stdout, "failed\n");
    given.succeed("systemctl reset-failed fails");
    assert_eq!(given.run("systemctl is-failed fails").stdout, "inactive\n");
    assert_eq!(works.code, Some(0), "{works:?}");
    assert_eq!(
        given.succeed("systemctl show -p SubState works"),
        "SubState=exited\n"
    );
    given.succeed("systemctl stop works");
    assert_eq!(given.run("systemctl is-active works").code, Some(3));
}

#[test]
fn a_program_that_does_not_exist_is_told_of() {
    let given = a_machine(HERE);
    given.unit("simple.service", "[Service]\nExecStart=/nowhere/server\n");
    given.unit(
        "exec.service",
        "[Service]\nType=exec\nExecStart=/nowhere/server\n",
    );
    given.unit("web.service", "[Service]\nExecStart=/nowhere/server\n");
    given.unit(
        "web.socket",
        &format!("[Socket]\nListenStream={}\n", free_port(HERE)),
    );

    // As with systemd, which by then has not tried to execute it.
    given.succeed("systemctl start simple");
    assert_eq!(given.run("systemctl start exec").code, Some(1));
    assert_eq!(given.run("systemctl start web.socket").code, Some(1));

    let status = given.run("systemctl status simple");
    assert_eq!(status.code, Some(3));
    assert!(
        status
            .stdout
            .contains("failed to execute /nowhere/server: No such file or directory"),
        "{status:?}"
    );
    assert_eq!(
        given
            .run("systemctl is-active simple exec web.socket")
            .stdout,
        "failed\nfailed\nfailed\n"
    );
}

#[test]
fn the_machine_boots_with_what_is_enabled_and_shuts_down_completely() {
    let given = a_machine(HERE);
    given.server("web");
    given.server("other");
    let (port, other) = (free_port(HERE), free_port(HERE));
    given.succeed(&format!("systemctl enable --now web@{port}.socket"));
    given.succeed(&format!("systemctl start other@{other}.socket"));
    assert_eq!(given.processes().len(), 2);

    given.machine.stop_all().unwrap();
    assert_eq!(given.processes(), BTreeSet::new());
    let failed = given.machine.start_enabled().unwrap();

    assert_eq!(failed, Vec::<String>::new());
    assert!(given.answer_of(port).starts_with("web "));
    assert!(given.refuses(other));
}

#[test]
fn a_wish_to_reboot_is_left_for_the_agent() {
    let given = a_machine(HERE);
    for (command_line, wish) in [
        ("reboot", Some(Shutdown::Reboot)),
        ("systemctl reboot", Some(Shutdown::Reboot)),
        ("shutdown -r now", Some(Shutdown::Reboot)),
        ("shutdown -h now", Some(Shutdown::PowerOff)),
        ("systemctl poweroff", Some(Shutdown::PowerOff)),
        ("systemctl is-active x", None),
    ] {
        given.run(command_line);
        assert_eq!(
            given.machine.take_shutdown_request().unwrap(),
            wish,
            "{command_line}"
        );
        assert_eq!(
            given.machine.take_shutdown_request().unwrap(),
            None,
            "{command_line}"
        );
    }
}

// Recorded from systemd 252, but for the last rows, which are the stand-in's own.
#[test]
#[expect(clippy::too_many_lines, reason = "it is a table")]
fn answers_and_exit_codes_are_those_of_systemctl() {
    let given = a_machine(HERE);
    given.unit("plain.service", "[Service]\nExecStart=/bin/sleep 600\n");
    given.unit(
        "wanted.service",
        "[Service]\nExecStart=/bin/sleep 600\n[Install]\nWantedBy=multi-user.target\n",
    );
    given.unit("bad.service", "[Service]\nType=simple\n");
    given.unit(
        "needs.service",
        "[Unit]\nRequires=missing.service\n[Service]\nExecStart=/bin/sleep 600\n",
    );
    given.server("web");
    let file = given.machine.units.join("plain.service");
    let rows = [
        ("is-active nope", 3, "inactive\n", ""),
        ("is-active -q plain", 3, "", ""),
        ("is-failed plain", 1, "inactive\n", ""),
        (
            "is-enabled nope",
            1,
            "",
            "Failed to get unit file state for nope.service: No such file or directory\n",
        ),
        ("is-enabled wanted", 1, "disabled\n", ""),
        ("is-enabled plain wanted", 0, "static\ndisabled\n", ""),
        (
            "start nope",
            5,
            "",
            "Failed to start nope.service: Unit nope.service not found.\n",
        ),
        (
            "stop nope",
            5,
            "",
            "Failed to stop nope.service: Unit nope.service not loaded.\n",
        ),
        (
            "try-restart nope",
            5,
            "",
            "Failed to try-restart nope.service: Unit nope.service not found.\n",
        ),
        ("try-restart plain", 0, "", ""),
        (
            "start needs",
            5,
            "",
            "Failed to start needs.service: Unit missing.service not found.\n",
        ),
        (
            "start web@.service",
            1,
            "",
            "Failed to start web@.service: Unit name web@.service is missing the instance name.\n",
        ),
        (
            "enable nope",
            1,
            "",
            "Failed to enable unit: Unit file nope.service does not exist.\n",
        ),
        (
            "enable web@.socket",
            1,
            "",
            "Failed to enable unit: Destination unit sockets.target is a non-template unit.\n",
        ),
        (
            "disable nope",
            1,
            "",
            "Failed to disable unit: Unit file nope.service does not exist.\n",
        ),
        ("disable -- plain", 0, "", ""),
        (
            "reset-failed nope",
            1,
            "",
            "Failed to reset failed state of unit nope.service: Unit nope.service not loaded.\n",
        ),
        ("reset-failed zz*", 0, "", ""),
        (
            "show -p Id,LoadState,ActiveState nope",
            0,
            "Id=nope.service\nLoadState=not-found\nActiveState=inactive\n",
            "",
        ),
        (
            "show -p LoadState,UnitFileState --value plain wanted",
            0,
            "loaded\nstatic\n\nloaded\ndisabled\n",
            "",
        ),
        ("show -p LoadState bad", 0, "LoadState=bad-setting\n", ""),
        (
            "status nope",
            4,
            "",
            "Unit nope.service could not be found.\n",
        ),
        ("cat nope", 1, "", "No files found for nope.service.\n"),
        (
            "cat plain",
            0,
            &format!(
                "# {}\n[Service]\nExecStart=/bin/sleep 600\n",
                file.display()
            ),
            "",
        ),
        ("start", 1, "", "Too few arguments.\n"),
        ("--no-pager daemon-reload --system", 0, "", ""),
        (
            "edit plain",
            2,
            "",
            "edit is not part of the emulated systemctl\n",
        ),
        (
            "show plain",
            0,
            &format!(
                "Type=simple\nMainPID=0\nResult=success\nId=plain.service\nNames=plain.service\nDescription=plain.service\nLoadState=loaded\n\
             ActiveState=inactive\nSubState=dead\nFragmentPath={}\nUnitFileState=static\nNeedDaemonReload=no\n",
                file.display()
            ),
            "",
        ),
    ];
    for (arguments, code, stdout, stderr) in rows {
        let answer = given.run(&format!("systemctl {arguments}"));
        assert_eq!(
            (answer.code, answer.stdout.as_str(), answer.stderr.as_str()),
            (Some(code), stdout, stderr),
            "{arguments}"
        );
    }
    assert_eq!(
        given.run("systemctl start --frobnicate plain").code,
        Some(2)
    );
    assert_eq!(
        given.run("systemctl show -p Frobnication plain").code,
        Some(2)
    );
    let bad = given.run("systemctl start bad");
    assert_eq!(bad.code, Some(1));
    assert!(
        bad.stderr.starts_with(
            "Failed to start bad.service: Unit bad.service has a bad unit file setting.\n"
        ),
        "{bad:?}"
    );
    assert!(bad.stderr.contains("expected one ExecStart="), "{bad:?}");
}

#[test]
fn outside_a_machine_it_says_so() {
    let given = a_machine(HERE);
    for name in ["systemctl", "reboot", "shutdown"] {
        let output = given
            .command(name)
            .env_remove("JUJU_EMULATOR_MACHINE")
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(
            String::from_utf8(output.stderr)
                .unwrap()
                .contains("JUJU_EMULATOR_MACHINE is not set")
        );
    }
}

#[test]
fn a_state_file_that_is_cut_in_half_is_a_sentence_and_stays() {
    let given = a_machine(HERE);
    given.unit("plain.service", "[Service]\nExecStart=/bin/sleep 600\n");
    given.succeed("systemctl start plain");
    let path = given.machine.directory.join("systemd/state.json");
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();

    let answer = given.run("systemctl stop plain");

    assert_eq!(answer.code, Some(1));
    assert!(answer.stderr.contains("state.json"), "{answer:?}");
    assert_eq!(fs::read(&path).unwrap(), whole[..whole.len() / 2]);
    fs::write(&path, whole).unwrap();
}

#[test]
fn a_systemctl_killed_at_any_moment_leaves_no_process_off_record() {
    let given = a_machine(HERE);
    given.server("web");
    let port = free_port(HERE);
    let started = Instant::now();
    given.succeed(&format!("systemctl start web@{port}.socket"));
    let whole = started.elapsed();

    for moment in 0..40 {
        let verb = if moment % 4 == 3 { "stop" } else { "restart" };
        let mut systemctl = given
            .command(&format!("systemctl {verb} web@{port}.socket"))
            .spawn()
            .unwrap();
        let started = Instant::now();
        while started.elapsed() < whole * moment / 40 {
            thread::yield_now();
        }
        systemctl.kill().unwrap();
        systemctl.wait().unwrap();

        eventually(|| given.processes().is_subset(&given.recorded()));
        assert!(given.processes().len() <= 1);
    }
    given.succeed(&format!("systemctl restart web@{port}.socket"));
    assert!(given.answer_of(port).starts_with("web "));
}

#[test]
fn concurrent_commands_take_turns() {
    let given = a_machine(HERE);
    given.server("web");
    let ports: Vec<u16> = (0..6).map(|_| free_port(HERE)).collect();

    let children: Vec<_> = ports
        .iter()
        .map(|port| {
            given
                .command(&format!("systemctl start web@{port}.socket"))
                .spawn()
                .unwrap()
        })
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }

    assert_eq!(given.recorded(), given.processes());
    assert_eq!(given.processes().len(), ports.len());
    for port in ports {
        assert!(
            given
                .answer_of(port)
                .ends_with(&format!("web@{port}.socket"))
        );
    }
}
