//! What the README tells operators, against what the charm does.

use std::num::NonZeroU16;
use std::path::Path;

use hello_server::workload::WorkloadError;
use ops::Event;
use ops_testing::State;

use crate::levels::Unit;

const README: &str = include_str!("../../README.md");

#[test]
fn the_table_of_statuses_has_what_the_charm_sets_and_nothing_else() {
    let unit = Unit::in_process();
    let _taken = unit.other_process_on(8001);
    let wants = |port: i64| State::default().with_config("server-port", port);
    let denied = WorkloadError::PortDenied {
        port: NonZeroU16::new(80).unwrap(),
        reason: "permission denied".to_owned(),
    };
    let denied = format!("| blocked | `{}` | ", ops::Error::from(denied));
    let said = [
        wants(8000),
        wants(8005).with_opened_ports(["8000-8010/tcp"]),
        wants(22),
        wants(70_000),
        wants(8001),
        wants(8001).with_machine_ports("other/0", ["8001/tcp"]),
    ]
    .map(|given| {
        let then = unit.run(&Event::ConfigChanged, &given);
        let status = then.state.unit_status.unwrap();
        match status.message() {
            "" => format!("| {} | | ", status.name()),
            message => format!("| {} | `{message}` | ", status.name()),
        }
    });
    let mut said = said.to_vec();
    said.insert(said.len() - 1, denied);
    let table = README
        .split_once("| status | message | what to do |\n|---|---|---|\n")
        .unwrap()
        .1;
    let rows: Vec<&str> = table.split("\n\n").next().unwrap().lines().collect();
    // The last row is Juju's own.
    assert!(rows.last().unwrap().starts_with("| error | `hook failed: "));
    assert_eq!(rows.len(), said.len() + 1, "{table}");
    for (row, said) in rows.iter().zip(said) {
        assert!(row.starts_with(&said), "{row}\n{said}");
    }
}

#[test]
fn every_link_to_a_file_leads_to_one() {
    for (page, text) in [
        ("README.md", README),
        ("ARCHITECTURE.md", include_str!("../../ARCHITECTURE.md")),
        ("CONTRIBUTING.md", include_str!("../../CONTRIBUTING.md")),
    ] {
        let targets = text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next());
        for target in targets.filter(|target| !target.starts_with("http")) {
            let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(target);
            assert!(file.exists(), "{page} links to {target}");
        }
    }
}

#[test]
fn the_options_are_in_the_table_of_options() {
    let config = include_str!("../../config.yaml");
    let config: serde_json::Value = serde_yaml::from_str(config).unwrap();
    for (name, option) in config["options"].as_object().unwrap() {
        let kind = option["type"].as_str().unwrap();
        let row = format!("| `{name}` | {kind} | {} |", option["default"]);
        assert!(README.contains(&row), "{row}");
    }
}
