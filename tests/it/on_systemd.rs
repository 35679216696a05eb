//! The charm on a machine with a real systemd: what an operator's machine does to it.

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::machine::{Machine, get};
use crate::server::wait_until;
use crate::unit::{UNIT_DIR, Unit};

fn connect(port: u16) -> TcpStream {
    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap()
}

#[test]
fn serves_on_a_low_port_without_any_privilege() {
    let Some(machine) = Machine::new() else {
        return;
    };
    // when
    let unit = Unit::deploy(&machine, "hello-server", 80);
    // then
    unit.assert_serves_on(80);
    let status = machine.run(&format!("cat /proc/{}/status", unit.pid(80)));
    let value = |key: &str| {
        status
            .lines()
            .find_map(|line| line.strip_prefix(key))
            .unwrap()
            .trim()
    };
    for key in ["CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:"] {
        assert_eq!(value(key), "0000000000000000", "{key}");
    }
    assert!(
        value("Uid:").split_whitespace().all(|uid| uid != "0"),
        "{status}"
    );
    assert_eq!(value("NoNewPrivs:"), "1");
}

#[test]
fn behind_an_ingress_it_answers_at_a_url_that_stays_when_its_port_does_not() {
    let Some(machine) = Machine::new() else {
        return;
    };
    // given
    let unit = Unit::deploy(&machine, "hello-server", 80);
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/ingress");
    ops_testing::stage_charm(&project, &machine.path("/var/lib/ingress")).unwrap();
    unit.juju(&["deploy", "/var/lib/ingress", "--to", "0"]);
    let curl = "curl --silent http://127.0.0.1:8080/emulator-hello-server/";
    for port in [80, 443] {
        // when
        assert_eq!(unit.configure(port), "active");
        if port == 80 {
            unit.juju(&["integrate", "hello-server", "ingress"]);
        }
        // then
        assert_eq!(machine.run(curl), unit.greeting(port));
    }
    let pid = machine.property("MainPID", "ingress-0@8080.service");
    let status = machine.run(&format!("cat /proc/{pid}/status"));
    assert!(status.contains("CapEff:\t0000000000000000"), "{status}");
    // when
    unit.juju(&["remove-application", "ingress", "--no-prompt"]);
    // then
    let left = machine.run("systemctl list-units --all --plain --no-legend ingress*");
    assert_eq!(left, "");
}

#[test]
fn one_of_both_ports_answers_at_every_moment_of_a_change() {
    let Some(machine) = Machine::new() else {
        return;
    };
    // given
    let unit = Unit::deploy(&machine, "hello-server", 80);
    let changed = AtomicBool::new(false);
    thread::scope(|scope| {
        let client = scope.spawn(|| {
            machine.in_network(|| {
                let mut answers = 0;
                while !changed.load(Ordering::Relaxed) {
                    // The change may happen between two questions, so the first port is asked again.
                    let answer = get(80).or_else(|_| get(443)).or_else(|_| get(80));
                    assert!(
                        answer.is_ok(),
                        "neither answers after {answers} answers: {answer:?}"
                    );
                    answers += 1;
                }
                answers
            })
        });
        // when
        for port in [443, 80, 443] {
            assert_eq!(unit.configure(port), "active");
            unit.assert_serves_on(port);
        }
        changed.store(true, Ordering::Relaxed);
        // then
        assert!(client.join().unwrap() > 10);
    });
    assert!(machine.get(80).is_err());
}

#[test]
fn a_request_under_way_is_answered_when_the_port_changes() {
    let Some(machine) = Machine::new() else {
        return;
    };
    // given
    let unit = Unit::deploy(&machine, "hello-server", 80);
    let mut client = machine.in_network(|| connect(80));
    write!(client, "GET / HTTP/1.1\r\n").unwrap();
    // when
    thread::scope(|scope| {
        scope.spawn(|| unit.configure(443));
        wait_until("the new port answers", || machine.get(443).is_ok());
        write!(client, "Host: localhost\r\n\r\n").unwrap();
    });
    // then
    let mut response = String::new();
    client.read_to_string(&mut response).unwrap();
    assert!(response.ends_with(&unit.greeting(80)), "{response}");
}

#[test]
fn a_killed_server_answers_the_next_request() {
    let Some(machine) = Machine::new() else {
        return;
    };
    // given
    let unit = Unit::deploy(&machine, "hello-server", 80);
    let pid = unit.pid(80);
    // when
    machine.run(&format!("kill -KILL {pid}"));
    // then
    assert_eq!(machine.get(80).unwrap(), unit.greeting(80));
    assert_ne!(unit.pid(80), pid);
    assert_eq!(unit.status_after("update-status"), "active");
}

#[test]
fn a_server_that_crashes_at_every_start_is_never_called_active() {
    let Some(machine) = Machine::new() else {
        return;
    };
    // given
    let unit = Unit::deploy(&machine, "hello-server", 80);
    let (service, socket) = (
        unit.systemd_unit(80, "service"),
        unit.systemd_unit(80, "socket"),
    );
    let drop_in = machine.path(&format!("{}.d", unit.template("service")));
    let break_server = |restart_after: &str| {
        fs::create_dir_all(&drop_in).unwrap();
        let program = "ExecStart=\nExecStart=/bin/false\n";
        let text = format!("[Service]\n{program}RestartSec={restart_after}\n");
        fs::write(drop_in.join("crash.conf"), text).unwrap();
        machine.run("systemctl daemon-reload");
        machine.run(&format!("kill -KILL {}", unit.pid(80)));
    };
    let mend_server = || {
        fs::remove_dir_all(&drop_in).unwrap();
        machine.run("systemctl daemon-reload");
    };

    // when
    break_server("3s");
    wait_until("it waits for its restart", || {
        machine.property("SubState", &service) == "auto-restart"
    });
    assert_eq!(machine.property("ActiveState", &socket), "active");
    // then
    let failure = unit.failure_of("update-status");
    assert!(
        failure.contains("the server does not run on port 80"),
        "{failure}"
    );
    assert!(
        failure.contains("journalctl -u hello-server-0@80.service"),
        "{failure}"
    );
    assert_eq!(unit.refresh(), "error hook failed: \"upgrade-charm\"");
    // and when
    mend_server();
    unit.juju(&["resolved", "hello-server/0"]);
    // then
    assert_eq!(unit.status(), "active");
    unit.assert_serves_on(80);

    // when
    break_server("1ms");
    wait_until("systemd gives it up", || {
        machine.property("Result", &socket) == "service-start-limit-hit"
    });
    mend_server();
    // then
    let failure = unit.failure_of("update-status");
    assert!(
        failure.contains("systemd gave it up: service-start-limit-hit"),
        "{failure}"
    );
    assert_eq!(unit.status_after("update-status"), "active");
    unit.assert_serves_on(80);
}

#[test]
fn a_port_that_another_process_holds_is_not_taken_from_it() {
    let Some(machine) = Machine::new() else {
        return;
    };
    let unit = Unit::deploy(&machine, "hello-server", 80);
    let addresses = [
        SocketAddr::from((Ipv4Addr::UNSPECIFIED, 443)),
        SocketAddr::from((Ipv4Addr::LOCALHOST, 443)),
        SocketAddr::from((Ipv6Addr::LOCALHOST, 443)),
    ];
    for address in addresses {
        // given
        let other = machine.in_network(|| TcpListener::bind(address)).unwrap();
        // when
        let status = unit.configure(443);
        // then
        assert!(
            status.starts_with("blocked ") && status.contains("443"),
            "{address}: {status}"
        );
        unit.assert_serves_on(80);
        // and when
        drop(other);
        // then
        assert_eq!(unit.status_after("update-status"), "active", "{address}");
        unit.assert_serves_on(443);
        unit.configure(80);
    }
}

#[test]
fn answers_after_a_reboot_before_any_hook() {
    let Some(mut machine) = Machine::new() else {
        return;
    };
    // given
    Unit::deploy(&machine, "hello-server", 80);
    // when
    machine.reboot();
    // then
    let unit = Unit::on(&machine, "hello-server");
    unit.assert_serves_on(80);
    // and when
    let files = ["socket", "service"].map(|kind| machine.path(&unit.template(kind)));
    let inodes = || files.clone().map(|file| fs::metadata(file).unwrap().ino());
    let before = (unit.pid(80), inodes());
    let status = unit.status_after("start");
    // then
    assert_eq!(status, "active");
    assert_eq!((unit.pid(80), inodes()), before);
}

#[test]
fn two_units_on_one_machine_leave_each_other_alone() {
    let Some(machine) = Machine::new() else {
        return;
    };
    // given
    let first = Unit::deploy(&machine, "hello-server", 80);
    let second = Unit::deploy(&machine, "second", 443);
    let pid = first.pid(80);
    first.assert_serves_on(80);
    second.assert_serves_on(443);
    // when
    second.juju(&["remove-application", "--no-prompt", "second"]);
    // then
    first.assert_serves_on(80);
    assert_eq!(first.pid(80), pid);
    assert!(machine.get(443).is_err());
    assert_eq!((second.loaded(), second.enabled()), (vec![], vec![]));
    assert!(!machine.path(&second.charm_path("")).exists());
    assert!(!machine.path(&second.template("service")).exists());
}

#[test]
fn a_refresh_replaces_the_server_only_when_it_differs() {
    let Some(machine) = Machine::new() else {
        return;
    };
    // given
    let unit = Unit::deploy(&machine, "hello-server", 80);
    let pid = unit.pid(80);
    // when
    assert_eq!(unit.refresh(), "active");
    // then
    assert_eq!(unit.pid(80), pid);
    // and when
    let mut client = machine.in_network(|| connect(80));
    write!(client, "GET / HTTP/1.1\r\n").unwrap();
    unit.revise_charm();
    thread::scope(|scope| {
        let status = scope.spawn(|| unit.refresh());
        // A new client waits for the new server; the old one has been told to stop when the hook is done at the latest.
        write!(client, "Host: localhost\r\nConnection: close\r\n\r\n").unwrap();
        assert_eq!(status.join().unwrap(), "active");
    });
    // then
    let mut response = String::new();
    client.read_to_string(&mut response).unwrap();
    assert!(response.ends_with(&unit.greeting(80)), "{response}");
    unit.assert_serves_on(80);
    assert_ne!(unit.pid(80), pid);
    assert_eq!(
        machine.run("pgrep --count --exact hello-server").trim(),
        "1"
    );
}

#[test]
fn a_socket_with_the_settings_of_an_earlier_revision_is_opened_anew() {
    let Some(machine) = Machine::new() else {
        return;
    };
    // given
    let unit = Unit::deploy(&machine, "hello-server", 80);
    let template = machine.path(&unit.template("socket"));
    let text = fs::read_to_string(&template).unwrap();
    let earlier = text.replace("BindIPv6Only=both", "BindIPv6Only=ipv6-only");
    fs::write(&template, earlier).unwrap();
    machine.run("systemctl daemon-reload");
    machine.run(&format!(
        "systemctl restart {}",
        unit.systemd_unit(80, "socket")
    ));
    assert!(machine.get(80).is_err());
    let _other = machine
        .in_network(|| TcpListener::bind((Ipv4Addr::UNSPECIFIED, 443)))
        .unwrap();
    // when
    let status = unit.configure(443);
    // then
    assert!(status.starts_with("blocked "), "{status}");
    unit.assert_serves_on(80);
}

#[test]
fn what_does_not_belong_to_the_port_is_cleared_away_and_what_failed_is_started() {
    let Some(machine) = Machine::new() else {
        return;
    };
    // given
    let unit = Unit::deploy(&machine, "hello-server", 80);
    let (socket, service) = (
        unit.systemd_unit(80, "socket"),
        unit.systemd_unit(80, "service"),
    );
    let enabled = unit.enabled();
    machine.run(&format!(
        "systemctl enable {}",
        unit.systemd_unit(443, "socket")
    ));
    let drop_in = machine.path(&format!("{}.d", unit.template("service")));
    fs::create_dir(&drop_in).unwrap();
    fs::write(drop_in.join("stay.conf"), "[Service]\nRestart=no\n").unwrap();
    machine.run("systemctl daemon-reload");
    machine.run(&format!("systemctl kill --signal KILL {service}"));
    wait_until("the server is gone", || {
        machine.property("ActiveState", &service) == "failed"
    });
    assert_eq!(machine.property("ActiveState", &socket), "active");
    // when
    let status = unit.status_after("update-status");
    // then
    assert_eq!(status, "active");
    assert_eq!(machine.property("ActiveState", &service), "active");
    assert_eq!(unit.enabled(), enabled);
}

#[test]
fn nothing_is_left_after_stop_and_remove() {
    let Some(machine) = Machine::new() else {
        return;
    };
    // given
    let unit = Unit::deploy(&machine, "hello-server", 80);
    // when
    assert!(unit.exec("stop").status.success());
    // then
    assert_eq!((unit.loaded(), unit.enabled()), (vec![], vec![]));
    assert!(machine.get(80).is_err());
    // and when
    assert!(unit.exec("remove").status.success());
    // then
    assert!(!machine.path(&unit.charm_path("server")).exists());
    // and when Juju, which does not know of that, does both once more
    unit.juju(&["remove-application", "--no-prompt", "hello-server"]);
    // then
    assert_eq!(unit.log(), "");
    assert_eq!(
        machine.run(&format!("find {UNIT_DIR} -name *hello-server-*")),
        ""
    );
    let service = unit.systemd_unit(80, "service");
    assert_eq!(machine.property("LoadState", &service), "not-found");
    assert_eq!(machine.run("find /run/systemd/dynamic-uid -type f"), "");
    assert_eq!(machine.run("ss --listening --tcp --no-header"), "");
    assert!(!machine.path(&unit.charm_path("")).exists());
}

#[test]
fn unit_files_that_cannot_be_written_fail_the_hook_and_not_the_server() {
    let Some(machine) = Machine::new() else {
        return;
    };
    let unit = Unit::deploy(&machine, "hello-server", 80);
    machine.run(&format!("cp -a {UNIT_DIR} /run/units"));
    for (options, filler, complaint) in [
        ("size=16k", "filler", "No space left on device"),
        ("ro", "", "Read-only file system"),
    ] {
        // given
        machine.run(&format!("mount -t tmpfs units {UNIT_DIR}"));
        machine.run(&format!("cp -a /run/units/. {UNIT_DIR}"));
        fs::write(
            machine.path(&unit.template("service")),
            "# of an earlier revision",
        )
        .unwrap();
        machine.run(&format!("mount -o remount,{options} {UNIT_DIR}"));
        if !filler.is_empty() {
            // Fails when the disk is full, as it is to be.
            let _ = fs::write(
                machine.path(&format!("{UNIT_DIR}/{filler}")),
                vec![0; 64 * 1024],
            );
        }
        // when
        let failure = unit.failure_of("update-status");
        // then
        let line = format!("cannot write {}: {complaint}", unit.template("service"));
        assert!(failure.contains(&line), "{failure}");
        assert_eq!(machine.get(80).unwrap(), unit.greeting(80));
        // and when
        machine.run(&format!("mount -o remount,rw,size=1m {UNIT_DIR}"));
        // then
        assert_eq!(unit.status_after("update-status"), "active");
        unit.assert_serves_on(80);
        machine.run(&format!("umount {UNIT_DIR}"));
        machine.run("systemctl daemon-reload");
    }
}

#[test]
fn ten_thousand_idle_clients_keep_nobody_out() {
    let Some(machine) = Machine::new() else {
        return;
    };
    // given
    let unit = Unit::deploy(&machine, "hello-server", 80);
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(
        Resource::Nofile,
        Rlimit {
            current: maximum,
            maximum,
        },
    )
    .unwrap();
    let crowd = maximum.map_or(10_000, |files| files.saturating_sub(500).min(10_000));
    machine.in_network(|| {
        let mut clients: Vec<_> = (0..crowd).map(|_| connect(80)).collect();
        for client in clients.iter_mut().step_by(2) {
            // The oldest have been sent away already.
            let _ = client.write_all(b"GET / HTTP/1.1\r\nHost: ");
        }
        // when
        let started = std::time::Instant::now();
        let answer = get(80);
        // then
        assert_eq!(answer.unwrap(), unit.greeting(80));
        assert!(started.elapsed().as_secs() < 1, "{:?}", started.elapsed());
    });
    let status = machine.run(&format!("cat /proc/{}/status", unit.pid(80)));
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    let kibibytes: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    let limit = machine.property("MemoryMax", &unit.systemd_unit(80, "service"));
    assert!(
        kibibytes * 1024 < limit.parse().unwrap(),
        "{peak} of {limit}"
    );
}

/// Lets its caller have some calls, and kills it at the end of the last one, or at once if it is to have none.
const FATAL_SYSTEMCTL: &str = r#"#!/bin/sh
read -r calls < /run/calls
[ "$calls" = 0 ] || /usr/bin/systemctl "$@"
code=$?
echo $((calls - 1)) > /run/calls
[ "$calls" -gt 1 ] && exit $code
rm "$0"
kill -KILL $PPID
"#;

#[test]
fn a_hook_killed_at_any_systemctl_is_completed_by_the_next() {
    let Some(machine) = Machine::new() else {
        return;
    };
    let unit = Unit::deploy(&machine, "hello-server", 80);
    let systemctl = machine.path("/usr/local/bin/systemctl");
    let mut port = 80;
    // On another port a new server is started, on the same one the running server is replaced, or its socket too.
    for (moves, changed, expected_kills) in [
        (true, &["service", "socket"][..], 7),
        (false, &["service"], 5),
        (false, &["service", "socket"], 6),
    ] {
        let mut kills = 0;
        loop {
            // given
            for kind in changed {
                let template = machine.path(&unit.template(kind));
                fs::write(template, "# of an earlier revision").unwrap();
            }
            machine.run("systemctl reset-failed");
            fs::write(machine.path("/run/calls"), format!("{kills}\n")).unwrap();
            fs::write(&systemctl, FATAL_SYSTEMCTL).unwrap();
            fs::set_permissions(&systemctl, fs::Permissions::from_mode(0o755)).unwrap();
            // when
            let mut status = if moves {
                unit.append_byte(&unit.charm_path("bin/hello-server"));
                port = if port == 80 { 443 } else { 80 };
                unit.configure(port)
            } else {
                unit.revise_charm();
                unit.refresh()
            };
            let killed = !systemctl.exists();
            let _ = fs::remove_file(&systemctl);
            if killed {
                status = unit.status_after_the_killed_hook();
            }
            // then
            assert_eq!(status, "active", "{}", unit.log());
            unit.assert_serves_on(port);
            let running = machine.run(&format!("stat -L -c %i /proc/{}/exe", unit.pid(port)));
            let installed = machine.run(&format!(
                "stat -c %i {}",
                unit.charm_path("server/hello-server")
            ));
            assert_eq!(
                running, installed,
                "port {port}, killed after {kills} calls"
            );
            if !killed {
                break;
            }
            kills += 1;
        }
        assert_eq!(kills, expected_kills, "moves: {moves}");
    }
}
