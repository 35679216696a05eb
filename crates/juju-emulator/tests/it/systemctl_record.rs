//! What a machine has on record is true, whatever becomes of the commands that write it.

use std::{fs, thread, time::Instant};

use crate::emulated_machine::{HERE, a_machine, eventually, free_port};

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
