//! What the README tells operators, against what the charm does.

use std::path::Path;

use ops::Event;
use ops_testing::State;

use crate::levels::Unit;

const README: &str = include_str!("../../README.md");

#[test]
fn every_message_that_blocks_a_unit_is_in_the_table_of_statuses() {
    let unit = Unit::in_process();
    let _taken = unit.other_process_on(8001);
    let in_use = State::default().with_config("server-port", 8001);
    let held = in_use.clone().with_machine_ports("other/0", ["8001/tcp"]);
    for given in [
        State::default().with_config("server-port", 22),
        State::default().with_config("server-port", 70_000),
        in_use,
        held,
    ] {
        let status = unit
            .run(&Event::ConfigChanged, &given)
            .state
            .unit_status
            .unwrap();
        let row = format!("| {} | `{}` |", status.name(), status.message());
        assert!(README.contains(&row), "{row}");
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
