//! What `systemctl`, `reboot` and `shutdown` print, and how they end.

use systemd_emulator::Shutdown;

use crate::emulated_machine::{HERE, a_machine};

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
    for name in systemd_emulator::COMMANDS {
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
