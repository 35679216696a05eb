//! How many processes a hook starts, which is what makes it fast or slow.

use std::fs;

use crate::scripted_hook::{ScriptedHook, stderr};

#[test]
fn a_hook_with_nothing_to_do_runs_four_hook_commands_and_one_systemctl() {
    // given a unit that is installed and whose server listens
    let hook = ScriptedHook::new();
    hook.config_changed();
    let wants = hook.directory().join("sockets.target.wants");
    fs::create_dir(&wants).unwrap();
    fs::write(wants.join("hello-server-0@8000.socket"), "").unwrap();
    hook.command(
        "systemctl",
        "echo Id=hello-server-0@8000.socket; echo ActiveState=active; echo Result=success",
    );
    let before = hook.calls().len();

    // when
    let output = hook.config_changed();

    // then
    assert!(output.status.success(), "{}", stderr(&output));
    let calls = hook.calls().split_off(before);
    let commands: Vec<&str> = calls
        .iter()
        .filter_map(|call| call.split(' ').next())
        .collect();
    assert_eq!(
        commands,
        [
            "config-get",
            "opened-ports",
            "systemctl",
            "relation-ids",
            "status-set"
        ]
    );
    assert!(calls[2].starts_with("systemctl show "), "{}", calls[2]);
}
