//! What the README tells operators, against what the charm does.

use std::fs;
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};

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

/// The pages of the project, the root's first.
fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let below = |folder: &str| -> Vec<PathBuf> {
        let entries = fs::read_dir(root.join(folder)).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    };
    let crates = ["crates", "examples"]
        .iter()
        .flat_map(|folder| below(folder));
    [".", "docs"]
        .iter()
        .flat_map(|folder| below(folder))
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .chain(crates.map(|path| path.join("README.md")))
        .filter(|path| path.exists())
        .collect()
}

#[test]
fn every_link_to_a_file_leads_to_one() {
    let mut links = 0;
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        let targets = text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split([')', '#']).next());
        for target in targets.filter(|target| !target.starts_with("http")) {
            let file = page.parent().unwrap().join(target);
            assert!(file.exists(), "{} links to {target}", page.display());
            links += 1;
        }
    }
    assert!(links > 50);
}

#[test]
fn a_guide_is_short_and_in_the_index() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let index = include_str!("../../docs/README.md");
    for page in pages()
        .iter()
        .filter(|page| page.starts_with(root.join("docs")))
    {
        let lines = fs::read_to_string(page).unwrap().lines().count();
        let name = page.file_name().unwrap().display().to_string();
        // That one has figures.
        let may_be_long = name == "performance.md";
        assert!(may_be_long || lines <= 150, "docs/{name} has {lines} lines");
        assert!(
            name == "README.md" || index.contains(&format!("]({name})")),
            "{name}"
        );
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
