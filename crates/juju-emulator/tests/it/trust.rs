//! Trust: given at deploy, as an option, and with `trust`.

use serde_json::{Value, json};

use crate::verbs::Juju;

fn trust(juju: &Juju) -> Value {
    let config = juju.ok(&["config", "tiny", "--format=json"]);
    let config: Value = serde_json::from_str(&config).unwrap();
    let trust = &config["application-config"]["trust"];
    let shown = juju.ok(&["config", "tiny", "trust"]);
    assert_eq!(trust["value"].to_string() + "\n", shown);
    json!([trust["value"], trust["source"]])
}

#[test]
fn an_application_is_trusted_from_the_start_when_deploy_says_so() {
    for (flags, then) in [
        (&[][..], json!([false, "default"])),
        (&["--trust"], json!([true, "user"])),
        (&["--trust=false"], json!([false, "default"])),
        (&["--config", "trust=true"], json!([true, "user"])),
        (
            &["--config", "port=81", "--config", "trust=0"],
            json!([false, "user"]),
        ),
    ] {
        let juju = Juju::new();
        juju.ok(&[&["deploy", &juju.charm()], flags].concat());
        assert_eq!(trust(&juju), then, "{flags:?}");
    }
}

#[test]
fn a_file_of_settings_can_trust() {
    for text in ["true", "\"true\"", "t"] {
        let juju = Juju::new();
        let file = juju.home.path().join("settings.yaml");
        std::fs::write(&file, format!("tiny: {{trust: {text}, port: 81}}")).unwrap();
        juju.ok(&["deploy", &juju.charm(), "--config", file.to_str().unwrap()]);
        assert_eq!(trust(&juju), json!([true, "user"]), "{text}");
        assert_eq!(juju.ok(&["config", "tiny", "port"]), "81\n");
    }
}

#[test]
fn trust_that_changes_runs_config_changed_and_only_then() {
    let juju = Juju::deployed();
    for (args, value, hooks) in [
        (&["trust", "tiny"][..], true, 1),
        (&["trust", "tiny"], true, 0),
        (&["config", "tiny", "trust=false"], false, 1),
        (&["config", "tiny", "trust=true", "port=81"], true, 1),
        (&["trust", "tiny", "--remove"], false, 1),
        (&["trust", "tiny", "--scope=cluster"], true, 1),
        (&["config", "tiny", "--reset", "trust,port"], false, 1),
    ] {
        let before = juju.hooks().len();
        assert_eq!(juju.ok(args), "");
        let now = juju.hooks();
        assert_eq!(now[before..], vec!["config-changed"; hooks], "{args:?}");
        assert_eq!(trust(&juju)[0], value, "{args:?}");
    }
    assert_eq!(trust(&juju)[1], "default");
    assert_eq!(juju.ok(&["config", "tiny", "port"]), "8000\n");
}

#[test]
fn trust_that_is_neither_true_nor_false_is_refused() {
    let juju = Juju::deployed();
    let refusal = "parsing trust setting: strconv.ParseBool: parsing \"yes\": invalid syntax\n";
    juju.refused_beside_empty(&["config", "tiny", "trust=yes", "port=81"], refusal);
    juju.refused(
        &["deploy", &juju.charm(), "two", "--config", "trust=yes"],
        1,
        refusal,
    );
    juju.refused(&["trust", "nosuch"], 1, "application \"nosuch\" not found");
    assert_eq!(juju.ok(&["config", "tiny", "port"]), "8000\n");
    let twice = &["config", "tiny", "trust=true", "trust=false"];
    juju.refused(twice, 2, "ERROR key \"trust\" specified more than once\n");
}
