//! The server's unit files, as systemd reads them.

use std::{env, fs, process::Command};

use hello_server::server::LIMITS;
use hello_server::systemd::Systemd;
use http_server::MAX_CLIENTS;

#[test]
fn limits_leave_room_for_all_connections() {
    let unit = include_str!("../../src/hello-server.service");
    let limit = |key: &str| -> usize {
        let value = unit.lines().find_map(|line| line.strip_prefix(key));
        value.unwrap().trim_end_matches('M').parse().unwrap()
    };
    assert!(limit("LimitNOFILE=") > MAX_CLIENTS + 20);
    assert!(limit("MemoryMax=") * 1024 * 1024 > MAX_CLIENTS * 4 * LIMITS.buffer);
}

#[test]
fn systemd_accepts_them_and_finds_them_safe() {
    // given a server in a directory whose name means something to systemd, if not written with care
    let charm_dir = tempfile::Builder::new()
        .prefix("a %i $HOME ")
        .tempdir()
        .unwrap();
    let unit_dir = charm_dir.path().join("units");
    fs::create_dir(&unit_dir).unwrap();
    let server = Systemd::new("hello-server/0", charm_dir.path(), unit_dir.clone());
    let server = server.template();
    server.write_files(&env::current_exe().unwrap()).unwrap();
    let analyze = |arguments: &[&str]| {
        Command::new("systemd-analyze")
            .args(arguments)
            .env("SYSTEMD_UNIT_PATH", format!("{}:", unit_dir.display()))
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
    let units = ["socket", "service"].map(|kind| server.unit("8000", kind));
    let verified = analyze(&["verify", &units[0], &units[1]]).unwrap();
    let service = unit_dir.join("hello-server-0@.service");
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
