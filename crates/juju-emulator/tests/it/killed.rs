//! `kill -9` of the emulator at any moment: a model is as it was before or as it is after, and no service is left alone.

use std::collections::hash_map::RandomState;
use std::fs;
use std::hash::BuildHasher;
use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::verbs::Juju;

/// Runs a service, which it leaves to its machine to stop, and keeps what its config says as its port.
const CHARM: &str = r#"#!/bin/sh
set -e
file=${SYSTEMD_UNIT_PATH%%:*}/tiny.service
case $JUJU_HOOK_NAME in
    leader-elected|start|stop|remove) exit 0 ;;
esac
port=$(config-get port)
echo "[Service]
Environment=HOME_OF_TEST=$HOME_OF_TEST PORT=$port
ExecStart=/bin/sleep 600" >"$file"
systemctl restart tiny
for open in $(opened-ports); do close-port "$open"; done
open-port "$port"
status-set active "port $port"
"#;

const ROUNDS: u32 = 200;

/// Several at once, each in a home of its own, use the time in which others wait.
const HOMES: u32 = 4;

/// Numbers as good as random; the same seed gives the same ones (`SplitMix64`).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (bits ^ (bits >> 31)) % limit
    }
}

/// What there is: the port of the application, if there is one, and the ports of the services that run.
#[derive(Debug, PartialEq)]
struct Seen {
    application: Option<u64>,
    services: Vec<u64>,
}

impl Seen {
    fn whole(application: Option<u64>) -> Self {
        Self {
            application,
            services: application.into_iter().collect(),
        }
    }

    /// What the next command finds, which first does what is still to be done.
    fn now(juju: &Juju) -> Self {
        let application = juju.application();
        let services = services_of(juju.home.path());
        let Some(units) = application["units"].as_object() else {
            assert_eq!(application, Value::Null);
            return Self {
                application: None,
                services,
            };
        };
        assert_eq!(units.len(), 1);
        let unit = units.values().next().unwrap();
        assert_eq!(unit["workload-status"]["current"], "active", "{unit}");
        let ports = &unit["open-ports"];
        let port = ports[0].as_str().unwrap().trim_end_matches("/tcp");
        assert_eq!(*ports, json!([format!("{port}/tcp")]));
        assert_eq!(unit["workload-status"]["message"], format!("port {port}"));
        Self {
            application: port.parse().ok(),
            services,
        }
    }
}

/// The ports of the services that were started from a test's home.
fn services_of(home: &Path) -> Vec<u64> {
    let home = format!("HOME_OF_TEST={}", home.display());
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let environments =
        processes.filter_map(|process| fs::read(process.path().join("environ")).ok());
    environments
        .filter_map(|environment| {
            let environment = String::from_utf8_lossy(&environment).into_owned();
            let variables: Vec<_> = environment.split('\0').collect();
            let port = variables
                .iter()
                .find_map(|variable| variable.strip_prefix("PORT="));
            port.filter(|_| variables.contains(&home.as_str()))?
                .parse()
                .ok()
        })
        .collect()
}

#[test]
fn an_emulator_killed_at_any_moment_leaves_a_whole_model_and_no_service_alone() {
    let seed = std::env::var("SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| RandomState::new().hash_one(0));
    println!("to try the same moments again: SEED={seed}");
    thread::scope(|scope| {
        for home in 0..HOMES {
            scope.spawn(move || kill_again_and_again(Random(seed ^ u64::from(home) << 60)));
        }
    });
}

#[test]
fn a_model_killed_while_it_was_destroyed_is_not_in_the_next_one_of_its_name() {
    // given
    let juju = Juju::new();
    juju.ok(&["add-model", "other"]);
    let model = juju.home.path().join("data/models/other");
    let charms = model.join("charms");
    fs::create_dir(&charms).unwrap();
    for number in 0..20_000 {
        fs::write(charms.join(number.to_string()), "").unwrap();
    }
    // when
    let mut destroy = juju
        .command(&["destroy-model", "--no-prompt", "other"])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while model.join("state.json").exists() {
        thread::yield_now();
    }
    destroy.kill().unwrap();
    destroy.wait().unwrap();
    // then
    juju.ok(&["add-model", "other"]);
    assert!(!charms.exists());
}

fn kill_again_and_again(mut random: Random) {
    let juju = Juju::new();
    let charm = CHARM.replace("$HOME_OF_TEST", &juju.home.path().display().to_string());
    juju.write_charm("dispatch", &charm);
    let mut port = None;
    // How long each command takes when nobody kills it.
    let mut patience = [Duration::from_millis(300); 3];
    for _ in 0..ROUNDS / HOMES {
        let next = 1024 + random.below(60_000);
        let option = format!("port={next}");
        let path = juju.charm();
        let deploy = ["deploy", &path, "--config", &option];
        let (kind, args, after) = match (port, random.below(5)) {
            (None, _) => (0, &deploy[..], Some(next)),
            (Some(_), 0) => (1, &["remove-application", "tiny"][..], None),
            (Some(_), _) => (2, &["config", "tiny", &option][..], Some(next)),
        };
        let started = Instant::now();
        let mut command = juju.command(args);
        let mut emulator = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let patience = &mut patience[kind];
        let moment = random.below(u64::try_from(patience.as_micros()).unwrap());
        thread::sleep(Duration::from_micros(moment));
        if emulator.try_wait().unwrap().is_some() {
            *patience = started.elapsed();
        }
        emulator.kill().unwrap();
        emulator.wait().unwrap();

        let seen = Seen::now(&juju);
        assert!(
            [port, after].map(Seen::whole).contains(&seen),
            "{args:?} killed after {moment} µs: {seen:?}, before it {port:?}\n{}",
            juju.log()
        );
        port = seen.application;
    }
    juju.ok(&["destroy-model", "--no-prompt", "emulator"]);
    assert!(services_of(juju.home.path()).is_empty());
}
