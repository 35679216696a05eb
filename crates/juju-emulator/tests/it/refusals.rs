//! What the emulator refuses, and what it says then.

use std::fs;

use crate::verbs::Juju;

#[test]
fn a_verb_that_there_is_not_is_none_of_jujus() {
    let juju = Juju::new();
    for args in [
        &["frobnicate"][..],
        &["help", "frobnicate"],
        &["-m", "x", "frobnicate", "--now"],
    ] {
        let ran = juju.run(args);
        assert_eq!(
            (ran.code, ran.stdout.as_str()),
            (Some(2), ""),
            "{args:?}: {ran:?}"
        );
        let then = "ERROR juju: \"frobnicate\" is not a juju command. See \"juju --help\".\nIf juju has it, ";
        assert!(ran.stderr.starts_with(then), "{args:?}: {ran:?}");
    }
}

#[test]
fn what_the_emulator_lacks_is_said_and_nothing_else_is_suggested() {
    let juju = Juju::deployed();
    let given = [
        &["import-filesystem", "rootfs", "x"][..],
        &["deploy", "./tiny", "--dry-run"],
        &["status", "--retry-count", "3"],
    ];
    for args in given {
        let ran = juju.run(args);
        assert_eq!(ran.code, Some(2), "{args:?}: {ran:?}");
        assert!(
            ran.stderr.contains("the emulator lacks it: `juju help`"),
            "{args:?}: {ran:?}"
        );
        for suggestion in ["similar", "to pass"] {
            assert!(!ran.stderr.contains(suggestion), "{args:?}: {ran:?}");
        }
    }
}

#[test]
fn what_the_emulator_lacks_is_refused_with_2() {
    let juju = Juju::new();
    let charm = juju.charm();
    let bundle = juju.home.path().join("bundle.yaml");
    fs::write(&bundle, "applications: {}\n").unwrap();
    let bundle = bundle.display().to_string();
    let no_key = "\"foo\" is not part of the emulated model config";
    let given_then = [
        (&["model-config", "foo=bar"][..], no_key),
        (&["model-config", "--reset", "foo"], no_key),
        (&["add-model", "other", "--config", "foo=bar"], no_key),
        (&["deploy", "ubuntu"], "the emulator has no Charmhub"),
        (&["deploy", &bundle], "is a bundle"),
    ];
    for (args, stderr) in given_then {
        juju.refused(args, 2, stderr);
    }
    for needs_kubernetes in [
        "containers: {web: {}}",
        "assumes: [juju >= 3.1, k8s-api]",
        "assumes: [{all-of: [k8s-api]}]",
    ] {
        juju.write_charm(
            "metadata.yaml",
            &format!("name: tiny\nsummary: s\ndescription: d\n{needs_kubernetes}"),
        );
        juju.refused(&["deploy", &charm], 2, "is a charm for Kubernetes");
    }
    juju.write_charm(
        "metadata.yaml",
        "name: tiny\nsummary: s\ndescription: d\nassumes: [{any-of: [k8s-api, juju >= 3]}]",
    );
    juju.ok(&["deploy", &charm]);
}

#[test]
fn a_key_is_not_set_and_reset_at_once() {
    let juju = Juju::deployed();
    let retries = "automatically-retry-hooks";
    for args in [
        &["config", "tiny", "port=7", "--reset", "port"][..],
        &[
            "model-config",
            &format!("{retries}=false"),
            "--reset",
            retries,
        ],
    ] {
        juju.refused(args, 2, "simultaneously");
    }
    assert_eq!(juju.ok(&["config", "tiny", "port"]), "8000\n");
    assert_eq!(juju.ok(&["model-config", retries]), "True\n");
}

#[test]
fn a_model_whose_config_is_refused_is_not_added() {
    let juju = Juju::new();
    let before = juju.ok(&["models"]);
    for (config, code, stderr) in [
        ("foo=bar", 2, "is not part of"),
        ("foo", 2, "expected \"key=value\""),
        ("automatically-retry-hooks=perhaps", 1, "expected bool"),
    ] {
        juju.refused(&["add-model", "other", "--config", config], code, stderr);
    }
    assert_eq!(juju.ok(&["models"]), before);
    let off = "automatically-retry-hooks=false";
    juju.ok(&["add-model", "other", "--config", off]);
    let retries = juju.ok(&["model-config", "automatically-retry-hooks"]);
    assert_eq!(retries, "False\n");
}

#[test]
fn a_model_with_a_unit_in_error_is_destroyed_by_force_only() {
    let juju = Juju::new();
    juju.ok(&["add-model", "other"]);
    juju.ok(&["model-config", "automatically-retry-hooks=false"]);
    let application = &["deploy", &juju.charm(), "web", "--config", "do=fail"];
    juju.ok(application);
    let destroy = &["destroy-model", "--no-prompt", "other"];
    juju.refused(
        destroy,
        1,
        "model other is not destroyed, for it still has: web;",
    );
    juju.ok(&["status"]);
    juju.ok(&[&destroy[..], &["--force"]].concat());
    juju.refused(
        &["status", "-m", "other"],
        1,
        "model emulator:other not found",
    );
}

#[test]
fn a_data_directory_in_which_no_hook_could_run_is_refused_and_not_made() {
    let juju = Juju::new();
    let deep = "d".repeat(76);
    for (name, refusal) in [
        (
            "a:b",
            "a:b has a colon, which a directory on PATH cannot have; set JUJU_EMULATOR_DATA",
        ),
        (
            &deep,
            "and the sockets in it allow 76; set JUJU_EMULATOR_DATA",
        ),
    ] {
        let data = juju.home.path().join(name);
        for args in [&["deploy", &juju.charm()][..], &["status"]] {
            let ran = juju
                .command(args)
                .env("JUJU_EMULATOR_DATA", &data)
                .output()
                .unwrap();
            let said = String::from_utf8(ran.stderr).unwrap();
            assert_eq!(ran.status.code(), Some(1), "{said}");
            assert!(said.contains(refusal), "{said}");
        }
        assert!(!data.exists());
    }
    // the longest that will do
    let home = juju.home.path().as_os_str().len();
    let data = juju.home.path().join("d".repeat(76 - home - 1));
    let deploy = ["deploy", &juju.charm()];
    let ran = juju
        .command(&deploy)
        .env("JUJU_EMULATOR_DATA", &data)
        .output()
        .unwrap();
    assert!(ran.status.success(), "{ran:?}");
    let state = fs::read_to_string(data.join("models/emulator/state.json")).unwrap();
    assert!(state.contains("port 8000"), "{state}");
}
