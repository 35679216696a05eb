//! `config` and `model-config`: values at the edge of what Juju takes, and what they print.

use std::fs;

use serde_json::{Value, json};

use crate::verbs::Juju;

#[test]
fn a_file_with_the_value_of_an_option_has_at_most_5_mib() {
    let juju = Juju::deployed();
    let file = juju.home.path().join("value");
    let set = format!("do=@{}", file.display());
    let largest = "x".repeat(5 * 1024 * 1024);
    fs::write(&file, &largest).unwrap();
    juju.ok(&["config", "tiny", &set]);
    assert_eq!(juju.ok(&["config", "tiny", "do"]), largest.clone() + "\n");
    fs::write(&file, largest + "x").unwrap();
    let too_large = "size of option file is larger than 5M\n";
    juju.refused_beside_empty(&["config", "tiny", &set], too_large);
    juju.refused(
        &["deploy", &juju.charm(), "two", "--config", &set],
        1,
        too_large,
    );

    fs::write(&file, b"a\xff").unwrap();
    let no_text = "value for option \"do\" contains non-UTF-8 sequences\n";
    juju.refused_beside_empty(&["config", "tiny", &set], no_text);
    let directory = juju.home.path().display().to_string();
    for (set, why) in [
        (
            "do=@/nonexistent".to_owned(),
            "file \"/nonexistent\": stat /nonexistent: no such file or directory\n",
        ),
        (format!("do=@{directory}"), "is a directory\n"),
    ] {
        juju.refused_beside_empty(&["config", "tiny", &set], why);
    }
    let no_file = &["config", "tiny", "--file", "/nonexistent"];
    juju.refused_beside_empty(
        no_file,
        "ERROR open /nonexistent: no such file or directory\n",
    );
}

#[test]
fn a_file_a_reset_and_values_go_together_and_values_win() {
    let juju = Juju::deployed();
    let file = juju.home.path().join("options.yaml");
    fs::write(&file, "tiny: {port: 81, do: speak}").unwrap();
    let file = file.display().to_string();
    let before = juju.hooks().len();
    juju.ok(&["config", "tiny", "--file", &file, "port=82"]);
    assert_eq!(juju.ok(&["config", "tiny", "port"]), "82\n");
    assert_eq!(juju.ok(&["config", "tiny", "do"]), "speak\n");
    juju.ok(&[
        "config", "tiny", "port=83", "--file", &file, "--reset", "do",
    ]);
    assert_eq!(juju.ok(&["config", "tiny", "port"]), "83\n");
    assert_eq!(juju.ok(&["config", "tiny", "do"]), "nothing\n");
    assert_eq!(juju.hooks().len(), before + 2);
}

#[test]
fn what_is_no_logging_config_is_refused() {
    let juju = Juju::deployed();
    for (config, why) in [
        (
            "logging-config=nonsense",
            "ERROR config value expected '=', found \"nonsense\"\n",
        ),
        (
            "logging-config=unit=LOUD",
            "ERROR unknown severity level \"LOUD\"\n",
        ),
    ] {
        juju.refused(&["model-config", config], 1, why);
        juju.refused(&["add-model", "other", "--config", config], 1, why);
    }
    assert_eq!(
        juju.ok(&["model-config", "logging-config"]),
        "<root>=INFO\n"
    );
    juju.ok(&["model-config", "logging-config=DEBUG"]);
    juju.ok(&["config", "tiny", "do=speak"]);
    assert!(juju.log().contains("DEBUG unit.tiny/0.config-changed out"));
}

#[test]
fn a_key_of_the_model_is_shown_in_every_format() {
    let juju = Juju::new();
    let key = "update-status-hook-interval";
    let show = |format: &str| juju.ok(&["model-config", key, "--format", format]);
    assert_eq!(show("tabular"), "5m\n");
    assert_eq!(
        show("json"),
        "{\"update-status-hook-interval\":{\"Value\":\"5m\",\"Source\":\"default\"}}\n"
    );
    juju.ok(&["model-config", "update-status-hook-interval=10m"]);
    assert_eq!(
        show("yaml"),
        "update-status-hook-interval:\n  value: 10m\n  source: model\n"
    );
    let all: Value = serde_json::from_str(&juju.ok(&["model-config", "--format=json"])).unwrap();
    assert_eq!(
        all["automatically-retry-hooks"],
        json!({"Value": true, "Source": "default"})
    );
    juju.refused(
        &["model-config", "nosuch"],
        1,
        "ERROR \"nosuch\" is not a key of the currently targeted model: \"admin/emulator\"\n",
    );
    juju.refused(
        &["model-config", "a", "b"],
        2,
        "cannot specify multiple keys to get\n",
    );
    juju.refused(
        &["model-config", "a=1", "b"],
        2,
        "cannot get value and set key=value pairs simultaneously\n",
    );
    juju.refused(
        &["model-config", "=1"],
        2,
        "expected \"key=value\", got \"=1\"\n",
    );
}

#[test]
fn text_that_yaml_reads_as_something_else_is_shown_in_quotes() {
    let juju = Juju::deployed();
    for (text, yaml) in [
        ("on", "\"on\""),
        ("22:22", "\"22:22\""),
        ("1_000", "\"1_000\""),
        ("2024-01-01", "\"2024-01-01\""),
        ("", "\"\""),
        ("plain", "plain"),
        ("- a", "'- a'"),
        ("a\tb", "\"a\\tb\""),
    ] {
        juju.ok(&["config", "tiny", &format!("do={text}")]);
        let shown = juju.ok(&["config", "tiny"]);
        let line = format!("\n    value: {yaml}\n");
        assert!(shown.contains(&line), "{text}: {shown}");
    }
    juju.ok(&["config", "tiny", "do=<a&b>"]);
    let json = juju.ok(&["config", "tiny", "--format=json"]);
    assert!(json.contains(r#""value":"\u003ca\u0026b\u003e""#), "{json}");
}
