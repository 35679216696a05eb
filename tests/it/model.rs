//! A whole model: the charm beside an ingress, whose hooks run in any order that Juju allows, and some go wrong.

use std::path::Path;

use hello_server::charm::HelloServer;
use ingress::charm::Ingress;
use ops::Status;
use ops_testing::{Application, Model, laws};
use serde_json::{Value, json};

use crate::fake_proxy::FakeProxy;
use crate::juju::Juju;
use crate::levels::{FakeServer, free_port};

/// A benchmark tries ten thousand.
const SCHEDULES: u64 = 50;

fn hello_server_and_ingress() -> Model {
    let ingress = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/ingress"));
    Model::of([
        Application::new(|server: &FakeServer| HelloServer::new(server.clone())),
        Application::of_charm(ingress, |proxy: &FakeProxy| Ingress::new(proxy.clone())),
    ])
}

#[test]
fn all_units_are_behind_the_ingress_whatever_the_order() {
    // given
    let model = hello_server_and_ingress()
        .deploy("hello-server", 3)
        .deploy("ingress", 1)
        .integrate("hello-server", "ingress")
        .settle_all()
        .configure("hello-server", "server-port", 8001)
        .add_unit("hello-server")
        .remove_unit("hello-server/1")
        .settle_all()
        .run("hello-server/leader", "url", json!({}));
    for seed in 0..10 {
        // when
        let end = model.settle(seed);
        // then
        for (name, unit) in end.units() {
            assert_eq!(unit.status, Some(Status::active()), "{name}");
        }
        let route = &end.unit("ingress/0").workload["serving"][1]["testing-hello-server"];
        let units = ["127.0.0.1:8001", "127.0.0.3:8001", "127.0.0.5:8001"];
        assert_eq!(route["units"], json!(units));
        let url = "http://127.0.0.4:8080/testing-hello-server/";
        assert_eq!(end.actions()[0].results, json!({ "url": url }));
    }
}

#[test]
fn both_charms_keep_the_laws_of_a_model() {
    let model = hello_server_and_ingress()
        .deploy("hello-server", 3)
        .deploy("ingress", 3)
        .integrate("hello-server", "ingress")
        .configure("hello-server", "server-port", 8001);
    let report = laws::of_model(model)
        .with_schedules(SCHEDULES)
        .eventually("every unit is active", |end| {
            let mut units = end.units();
            units.all(|(_, unit)| unit.status == Some(Status::active()))
        })
        .check();
    assert_eq!(report.distinct as u64, SCHEDULES, "{report}");
}

#[test]
fn they_keep_them_when_they_are_scaled_reconfigured_and_taken_apart() {
    let report = laws::of_model(hello_server_and_ingress())
        .with_schedules(SCHEDULES)
        .check();
    for application in ["hello-server", "ingress"] {
        let kinds = report.kinds.iter().filter(|(name, _)| name == application);
        let kinds: Vec<_> = kinds.map(|(_, kind)| kind.as_str()).collect();
        assert_eq!(
            kinds.join(" "),
            "config-changed ingress-relation-broken ingress-relation-changed ingress-relation-created \
             ingress-relation-departed ingress-relation-joined install leader-elected remove start stop update-status"
        );
    }
}

#[test]
fn the_emulator_ends_where_the_model_ends() {
    // given
    let [server_port, port] = [free_port(), free_port()];
    // It has the name of the other model, which is published.
    let juju = Juju::with_model("testing");
    let json = |args: &[&str]| -> Value { serde_json::from_str(&juju.run(args)).unwrap() };
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let charms = [
        ("hello-server", root.to_owned()),
        ("ingress", root.join("examples/ingress")),
    ];
    let [hello_server, ingress] = charms.map(|(name, project)| {
        let charm = juju.directory().join(name);
        ops_testing::stage_charm(&project, &charm).unwrap();
        charm.display().to_string()
    });
    let [first, other] = [server_port, port].map(|port| port.to_string());
    // when
    for args in [
        &["deploy", &hello_server, "--num-units", "2"][..],
        &["config", "hello-server", &format!("server-port={first}")],
        &["deploy", &ingress, "--config", &format!("port={other}")],
        &["integrate", "hello-server", "ingress"],
        &["add-unit", "hello-server"],
        &["remove-unit", "--no-prompt", "hello-server/0"],
    ] {
        juju.run(args);
    }
    let end = hello_server_and_ingress()
        .deploy("hello-server", 2)
        .configure("hello-server", "server-port", server_port)
        .deploy("ingress", 1)
        .configure("ingress", "port", port)
        .integrate("hello-server", "ingress")
        .add_unit("hello-server")
        .remove_unit("hello-server/0")
        .settle(1);
    // then
    let status = json(&["status", "--format=json"]);
    for (name, unit) in end.units() {
        let (application, _) = name.split_once('/').unwrap();
        let shown = &status["applications"][application]["units"][name];
        let workload = &shown["workload-status"];
        let expected = unit.status.as_ref().unwrap();
        assert_eq!(workload["current"], expected.name(), "{name}");
        assert_eq!(shown["open-ports"], json!(unit.opened_ports), "{name}");
        let leads = end.application(application).leader.as_deref() == Some(name);
        assert_eq!(shown["leader"], json!(leads.then_some(true)), "{name}");
        let shown = json(&["show-unit", name, "--format=json"]);
        let relation = &shown[name]["relation-info"][0];
        let related = relation["related-units"].as_object().unwrap();
        assert!(!related.is_empty(), "{name}");
        for (other, about) in related {
            let published = &end.unit_data(other, "ingress")[0];
            assert_eq!(about["data"], json!(published), "{other} to {name}");
        }
        let others = if application == "ingress" {
            "hello-server"
        } else {
            "ingress"
        };
        let published = &end.application_data(others, "ingress")[0];
        assert_eq!(relation["application-data"], json!(published), "{name}");
    }
}
