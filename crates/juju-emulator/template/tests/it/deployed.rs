//! The charm as its operator has it, twice in one model: deployed and related with the commands of `juju`.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

/// A model of its own, on this machine.
struct Model {
    juju: PathBuf,
    data: TempDir,
}

impl Model {
    fn new() -> Self {
        Self {
            juju: ops_testing::emulator().unwrap(),
            data: tempfile::tempdir().unwrap(),
        }
    }

    fn juju(&self, arguments: &[&str]) -> String {
        let output = Command::new(&self.juju)
            .args(arguments)
            .env("JUJU_EMULATOR_DATA", self.data.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "juju {arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn status_of(&self, application: &str) -> Value {
        let status: Value = serde_json::from_str(&self.juju(&["status", "--format=json"])).unwrap();
        status["applications"][application]["application-status"].clone()
    }
}

#[test]
fn one_website_is_the_backend_of_another() {
    // given
    let model = Model::new();
    let charm = model.data.path().join("charm");
    ops_testing::stage_charm(Path::new(env!("CARGO_MANIFEST_DIR")), &charm).unwrap();
    let charm = charm.to_str().unwrap();
    model.juju(&["deploy", charm, "front"]);
    model.juju(&["deploy", charm, "api", "--config", "port=8081"]);
    assert_eq!(model.status_of("front")["current"], "active");
    // when
    model.juju(&["integrate", "front:backend", "api:website"]);
    // then
    assert_eq!(
        model.status_of("front")["message"],
        "backend is 127.0.0.2:8081"
    );
    let told = model.juju(&["run", "front/leader", "get-password", "--format=json"]);
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(
        told["front/0"]["results"]["password"]
            .as_str()
            .unwrap()
            .len(),
        32
    );
}
