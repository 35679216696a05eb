//! `systemctl` as a hook meets it: a link on PATH and three variables.

use std::{
    collections::BTreeSet,
    env, fs,
    io::Write,
    net::{Ipv4Addr, TcpListener},
    os::unix::process::CommandExt,
    path::Path,
    process::Command,
};

use listenfd::ListenFd;

use crate::emulated_machine::{HERE, a_machine, eventually, free_port};

/// Not a test of its own but the program of the services above, when its variables tell it to be.
#[test]
fn act_as_a_service() {
    if env::var("IGNORE_SIGTERM").is_ok() {
        // A shell's child inherits an ignored signal, which Rust has no safe word for.
        let script = "trap '' TERM; echo ignoring; exec sleep 600";
        let error = Command::new("/bin/sh").args(["-c", script]).exec();
        panic!("{error}");
    }
    if let Ok(name) = env::var("SERVE") {
        let listener = ListenFd::from_env().take_tcp_listener(0).unwrap().unwrap();
        assert_eq!(
            fs::read_link("/proc/self/fd/0").unwrap(),
            Path::new("/dev/null")
        );
        let descriptors = fs::read_dir("/proc/self/fd").unwrap().count();
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

// The answers are recorded from systemd 252.
#[test]
fn a_socket_and_its_service_are_enabled_and_started_in_one_call() {
    let given = a_machine(HERE);
    given.server("web");
    let units = given.machine.units.display();
    let enable = |port| {
        given.run(&format!(
            "systemctl enable --now --no-reload -- web@{port}.socket web@{port}.service"
        ))
    };

    // The service has no [Install], which is complained about only when no unit has one.
    let port = free_port(HERE);
    let answer = enable(port);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    assert_eq!(
        answer.stderr,
        format!(
            "Created symlink {units}/sockets.target.wants/web@{port}.socket → {units}/web@.socket.\n"
        )
    );
    assert!(given.answer_of(port).starts_with("web "));
    assert_eq!(given.processes().len(), 1);

    let holder = TcpListener::bind((Ipv4Addr::from(HERE), 0)).unwrap();
    let port = holder.local_addr().unwrap().port();
    let answer = enable(port);
    assert_eq!(answer.code, Some(1), "{answer:?}");
    assert!(
        answer.stderr.ends_with(&format!(
            "\nA dependency job for web@{port}.service failed. See 'journalctl -xe' for details.\n"
        )),
        "{answer:?}"
    );
    assert_eq!(given.processes().len(), 1);
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
    assert!(
        given
            .run(&format!("systemctl status web@{port}.socket"))
            .stdout
            .contains("Address already in use")
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

    given.kill_9(&format!("web@{port}.service"));

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
fn a_process_that_has_cleared_its_environment_ends_with_its_service() {
    let given = a_machine(HERE);
    let [pid, script] = ["pid", "script"].map(|name| given.directory.path().join(name));
    let text = format!(
        "env -i /bin/sh -c 'echo $$ >{0}.new; mv {0}.new {0}; exec sleep 600' &\nexec sleep 600\n",
        pid.display()
    );
    fs::write(&script, text).unwrap();
    let service = format!("[Service]\nExecStart=/bin/sh {}\n", script.display());
    given.unit("bare.service", &service);
    given.succeed("systemctl start bare");
    eventually(|| pid.exists());
    let pid: u32 = fs::read_to_string(&pid).unwrap().trim().parse().unwrap();
    assert!(given.recorded().contains(&pid));

    given.succeed("systemctl stop bare");

    let command_line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    assert_eq!(command_line, b"", "it has ended, if it is still there");
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
