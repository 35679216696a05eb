//! Both charms as their operator has them: deployed, integrated, moved and removed with the commands of `juju`, while
//! clients go on asking.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use crate::http::{free_port, get};

/// The ingress is deployed first, on machine 0.
fn on_machine_0(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

/// A model of its own, with hello-server and an ingress.
struct Deployment {
    emulator: PathBuf,
    directory: TempDir,
    port: u16,
    server_port: u16,
}

impl Deployment {
    fn new() -> Self {
        let deployment = Self {
            emulator: ops_testing::emulator().unwrap(),
            directory: tempfile::tempdir().unwrap(),
            port: free_port(),
            server_port: free_port(),
        };
        let ingress = Path::new(env!("CARGO_MANIFEST_DIR"));
        let hello_server = ingress.ancestors().nth(2).unwrap();
        for (name, project, option) in [
            ("ingress", ingress, format!("port={}", deployment.port)),
            (
                "hello-server",
                hello_server,
                format!("server-port={}", deployment.server_port),
            ),
        ] {
            let charm = deployment.directory.path().join(name);
            ops_testing::stage_charm(project, &charm).unwrap();
            deployment.juju(&["deploy", charm.to_str().unwrap(), "--config", &option]);
        }
        deployment
    }

    fn try_juju(&self, args: &[&str]) -> Output {
        Command::new(&self.emulator)
            .args(args)
            .env("JUJU_EMULATOR_DATA", self.directory.path().join("data"))
            .output()
            .unwrap()
    }

    fn juju(&self, args: &[&str]) -> String {
        let output = self.try_juju(args);
        assert!(output.status.success(), "juju {args:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    #[track_caller]
    fn assert_all_active(&self) {
        let status = self.juju(&["status", "--format=json"]);
        let status: Value = serde_json::from_str(&status).unwrap();
        for name in ["ingress", "hello-server"] {
            let units = &status["applications"][name]["units"];
            for (unit, shown) in units.as_object().unwrap() {
                let current = &shown["workload-status"]["current"];
                assert_eq!(current, "active", "{unit}: {status:#}");
            }
        }
    }

    fn show(&self, unit: &str) -> Value {
        let shown = self.juju(&["show-unit", unit, "--format=json"]);
        let mut shown: Value = serde_json::from_str(&shown).unwrap();
        shown[unit].take()
    }

    /// Kills a unit's server, as the machine does when it runs out of memory.
    fn kill_server(&self, unit: &str, port: u16) {
        let service = format!("{}@{port}.service", unit.replace('/', "-"));
        let show = ["systemctl", "show", "--value", "-p", "MainPID", &service];
        let pid = self.juju(&[&["exec", "--unit", unit, "--"], &show[..]].concat());
        let pid = Pid::from_raw(pid.trim().parse().unwrap());
        kill_process(pid.unwrap(), Signal::KILL).unwrap();
    }

    /// What the ingress tells the unit of hello-server: its url, if it has one.
    fn url(&self, unit: &str) -> Option<String> {
        let relation = &self.show(unit)["relation-info"][0];
        let ingress = relation["application-data"]["ingress"].as_str()?;
        let ingress: Value = serde_json::from_str(ingress).unwrap();
        Some(ingress["url"].as_str()?.to_owned())
    }

    fn get(&self) -> (u16, String) {
        get(on_machine_0(self.port), "/emulator-hello-server/").unwrap()
    }

    /// Asks without a pause while `what` happens, and returns what was not answered well.
    fn failures_while(&self, what: impl FnOnce()) -> Vec<String> {
        let stop = Arc::new(AtomicBool::new(false));
        let asking = {
            let (stop, address) = (Arc::clone(&stop), on_machine_0(self.port));
            thread::spawn(move || {
                let mut failures = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    match get(address, "/emulator-hello-server/") {
                        Ok((200, _)) => {}
                        other => failures.push(format!("{other:?}")),
                    }
                }
                failures
            })
        };
        what();
        stop.store(true, Ordering::Relaxed);
        asking.join().unwrap()
    }
}

impl Drop for Deployment {
    fn drop(&mut self) {
        for application in ["hello-server", "ingress"] {
            let _ = self.try_juju(&["remove-application", "--no-prompt", "--force", application]);
        }
    }
}

#[test]
fn the_ingress_serves_hello_server_through_all_that_its_operator_does() {
    let deployment = Deployment::new();
    let greeting = |number: u32, port: u16| {
        let greeting = format!("hello-server/{number} is listening on port {port}\n");
        (200, greeting)
    };

    // Related, it has a url, which answers.
    assert_eq!(deployment.get().0, 404);
    deployment.juju(&["integrate", "hello-server", "ingress"]);
    let url = format!(
        "http://127.0.0.1:{}/emulator-hello-server/",
        deployment.port
    );
    assert_eq!(deployment.url("hello-server/0"), Some(url.clone()));
    let told = deployment.juju(&["run", "hello-server/leader", "url"]);
    assert_eq!(told.trim_end(), format!("url: {url}"));
    assert_eq!(deployment.get(), greeting(0, deployment.server_port));
    deployment.assert_all_active();

    // The server moves, and nobody notices.
    let moved = free_port();
    let option = format!("server-port={moved}");
    let failures = deployment.failures_while(|| {
        deployment.juju(&["config", "hello-server", &option]);
    });
    assert!(failures.is_empty(), "{failures:?}");
    assert_eq!(deployment.get(), greeting(0, moved));
    assert_eq!(deployment.url("hello-server/0"), Some(url));

    // A second unit answers in its turn.
    let failures = deployment.failures_while(|| {
        deployment.juju(&["add-unit", "hello-server"]);
        // Who asks beside us takes turns too, and may for a while take all those of one unit.
        for number in [0, 1] {
            let mut answers = (0..1_000).map(|_| deployment.get());
            assert!(answers.any(|answer| answer == greeting(number, moved)));
        }
    });
    assert!(failures.is_empty(), "{failures:?}");

    // One server is killed, and nobody notices.
    let failures = deployment.failures_while(|| {
        deployment.kill_server("hello-server/0", moved);
        for _ in 0..20 {
            assert_eq!(deployment.get(), greeting(1, moved));
        }
    });
    assert!(failures.is_empty(), "{failures:?}");

    // One unit goes, with all that it was asked for.
    let failures = deployment.failures_while(|| {
        deployment.juju(&["remove-unit", "hello-server/0", "--no-prompt"]);
    });
    assert!(failures.is_empty(), "{failures:?}");
    assert_eq!(deployment.get(), greeting(1, moved));

    // The ingress itself moves, and says so.
    let port = free_port();
    deployment.juju(&["config", "ingress", &format!("port={port}")]);
    let url = format!("http://127.0.0.1:{port}/emulator-hello-server/");
    assert_eq!(deployment.url("hello-server/1"), Some(url));
    let there = get(on_machine_0(port), "/emulator-hello-server/").unwrap();
    assert_eq!(there, greeting(1, moved));
    assert!(get(on_machine_0(deployment.port), "/").is_err());

    // Without the relation there is no path and no data any more, and both are well.
    deployment.juju(&["remove-relation", "hello-server", "ingress"]);
    let gone = get(on_machine_0(port), "/emulator-hello-server/").unwrap();
    assert_eq!(gone.0, 404);
    for unit in ["hello-server/1", "ingress/0"] {
        assert_eq!(deployment.show(unit).get("relation-info"), None);
    }
    deployment.assert_all_active();

    // Removed, it leaves nothing that listens.
    deployment.juju(&["remove-application", "--no-prompt", "ingress"]);
    assert!(get(on_machine_0(port), "/").is_err());
}
