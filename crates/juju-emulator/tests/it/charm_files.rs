//! What is read and taken along of a charm's files, and of files with config.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use serde_json::{Value, json};

use crate::verbs::Juju;

/// Prints its config as its status.
const SHOWS_CONFIG: &str = "#!/bin/sh\nstatus-set active \"$(config-get --format=json --all)\"\n";

impl Juju {
    /// A user with a charm that shows its config, which has these options.
    fn with_options(options: &str) -> Self {
        let juju = Self::new();
        juju.write_charm("dispatch", SHOWS_CONFIG);
        juju.write_charm("config.yaml", options);
        juju
    }

    /// The config that the charm has been given.
    fn shown_config(&self) -> Value {
        let message = self.application()["units"]["tiny/0"]["workload-status"]["message"].clone();
        serde_json::from_str(message.as_str().unwrap()).unwrap()
    }

    /// Writes a file that is no part of the charm, and hands back its path.
    fn write_file(&self, name: &str, content: &str) -> String {
        let path = self.home.path().join(name);
        fs::write(&path, content).unwrap();
        path.display().to_string()
    }
}

#[test]
fn defaults_are_read_as_the_go_library_of_juju_reads_them() {
    let juju = Juju::with_options(
        "options:
  quoted: {type: int, default: \"3\"}
  quoted-truth: {type: boolean, default: \"true\"}
  thousands: {type: int, default: 8_000}
  untyped: {type: , default: x}
  octal: {type: int, default: 010}
  spelled: {type: boolean, default: off}
  text: {type: string, default: 2024-01-01}
  described: {type: string, description: yes}
  twice:
    type: string
    default: a
    default: b
",
    );
    juju.ok(&["deploy", &juju.charm()]);
    let then = json!({
        "quoted": 3, "quoted-truth": true, "thousands": 8000, "untyped": "x", "octal": 8, "spelled": false,
        "text": "2024-01-01", "described": null, "twice": "b",
    });
    assert_eq!(juju.shown_config(), then);
}

const OPTIONS: &str = "options:
  number: {type: int, default: 1}
  truth: {type: boolean, default: false}
  text: {type: string, default: ''}
";

#[test]
fn a_file_with_config_is_read_as_juju_reads_it_and_null_resets() {
    let juju = Juju::with_options(OPTIONS);
    let file = juju.write_file(
        "config.yaml",
        "tiny: {number: 8_000, truth: yes, text: 'on'}\nother: {}\n",
    );
    juju.ok(&[
        "deploy",
        &juju.charm(),
        "--config",
        "number=7",
        "--config",
        &file,
    ]);
    let then = json!({"number": 7, "truth": true, "text": "on"});
    assert_eq!(
        juju.shown_config(),
        then,
        "what the command line says counts more"
    );
    for (content, then) in [
        (
            "tiny: {number: '12', truth: 'False'}",
            json!({"number": 12, "truth": false, "text": "on"}),
        ),
        (
            "tiny: {number: null, text: }",
            json!({"number": 1, "truth": false, "text": ""}),
        ),
        ("tiny:", json!({"number": 1, "truth": false, "text": ""})),
    ] {
        let file = juju.write_file("config.yaml", content);
        juju.ok(&["config", "tiny", "--file", &file]);
        assert_eq!(juju.shown_config(), then, "{content}");
    }
    for (content, refusal) in [
        (
            "tiny: {number: '0x10'}",
            r#"option "number" expected int, got "0x10""#,
        ),
        ("tiny: {text: 5}", r#"option "text" expected string, got 5"#),
        ("tiny: {nothing: null}", r#"unknown option "nothing""#),
        ("tiny: [number]", "no mapping of option to value"),
        ("other: {}", r#"no settings found for "tiny""#),
        ("tiny: {number: [", "cannot parse settings data: line 2"),
        ("", "no settings found"),
    ] {
        let file = juju.write_file("config.yaml", content);
        let ran = juju.run(&["config", "tiny", "--file", &file]);
        assert_eq!(ran.code, Some(1), "{content}: {ran:?}");
        assert!(ran.stderr.contains(refusal), "{content}: {ran:?}");
    }
    let two = [
        "deploy",
        &juju.charm(),
        "two",
        "--config",
        &file,
        "--config",
        &file,
    ];
    juju.refused(
        &two,
        2,
        "only a single config YAML file can be specified, got 2",
    );
}

#[test]
fn what_config_prints_is_taken_back() {
    let juju = Juju::with_options(OPTIONS);
    juju.ok(&["deploy", &juju.charm()]);
    juju.ok(&[
        "config",
        "tiny",
        "number=5242880",
        "truth=true",
        "text=0123",
    ]);
    let before = juju.shown_config();
    for format in ["yaml", "json"] {
        let printed = juju.ok(&["config", "tiny", "--format", format]);
        juju.ok(&["config", "tiny", "--reset", "number,truth,text"]);
        let file = juju.write_file("printed.yaml", &printed);
        juju.ok(&["config", "tiny", "--file", &file]);
        assert_eq!(juju.shown_config(), before, "{printed}");
    }
}

#[test]
fn a_refresh_keeps_what_fits_the_options_of_the_new_charm_and_drops_the_rest() {
    let juju = Juju::with_options(
        "options:
  port: {type: string, default: '1'}
  size: {type: int, default: 1}
  debug: {type: string, default: 'no'}
  ratio: {type: int, default: 1}
  level: {type: float, default: 0.5}
  gone: {type: string, default: ''}
",
    );
    juju.ok(&["deploy", &juju.charm()]);
    juju.ok(&[
        "config",
        "tiny",
        "port=9000",
        "size=7",
        "debug=T",
        "ratio=3",
        "level=1.5",
        "gone=x",
    ]);
    juju.write_charm(
        "config.yaml",
        "options:
  port: {type: int, default: 1}
  size: {type: string, default: small}
  debug: {type: boolean, default: false}
  ratio: {type: float, default: 0.5}
  level: {type: int, default: 2}
",
    );
    juju.ok(&["refresh", "tiny", "--path", &juju.charm()]);
    let then = json!({"port": 9000, "size": "small", "debug": true, "ratio": 3, "level": 2});
    assert_eq!(juju.shown_config(), then);
    let all: Value = serde_json::from_str(&juju.ok(&["config", "tiny", "--format=json"])).unwrap();
    let source = |option: &str| all["settings"][option]["source"].clone();
    assert_eq!([source("port"), source("size")], ["user", "default"]);
}

#[test]
fn what_juju_does_not_pack_is_not_deployed() {
    // given a charm with a virtual environment, whose links lead out of it, and with patterns of its own
    let juju = Juju::new();
    juju.write_charm(".tox/unit/lib/x", "");
    let interpreter = juju.home.path().join("charm/.tox/unit/python");
    symlink("/usr/bin/python3", interpreter).unwrap();
    juju.write_charm(".git/HEAD", "");
    juju.write_charm(".jujuignore", "*.swp\n");
    juju.write_charm("dispatch.swp", "");
    juju.write_charm("lib/used", "");
    // when
    juju.ok(&["deploy", &juju.charm()]);
    // then
    let mut names: Vec<_> = fs::read_dir(juju.on_machine("0/agents/unit-tiny-0/charm"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    let then = [
        ".juju-charm",
        "config.yaml",
        "dispatch",
        "lib",
        "metadata.yaml",
    ];
    assert_eq!(names, then);

    juju.write_charm(".jujuignore", "lib/[\n");
    let line = r#"cannot use the pattern "lib/[" in "#;
    juju.refused(&["refresh", "tiny", "--path", &juju.charm()], 1, line);
}

#[test]
fn hooks_are_made_executable_and_other_files_are_not() {
    let juju = Juju::new();
    fs::remove_file(juju.home.path().join("charm/dispatch")).unwrap();
    juju.write_charm(
        "metadata.yaml",
        "name: tiny\nsummary: s\ndescription: d\nrequires: {db: mysql}\n",
    );
    let hook = "#!/bin/sh\nstatus-set active started\n";
    for name in [
        "start",
        "db-relation-changed",
        "other-relation-changed",
        "common.sh",
    ] {
        juju.write_charm(&format!("hooks/{name}"), hook);
        let path = juju.home.path().join("charm/hooks").join(name);
        fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
    }
    juju.ok(&["deploy", &juju.charm()]);
    assert_eq!(juju.unit("tiny/0"), r#""active" "started" null"#);
    let hooks = juju.on_machine("0/agents/unit-tiny-0/charm/hooks");
    let is_executable = |name: &str| {
        let mode = fs::metadata(hooks.join(name)).unwrap().permissions().mode();
        mode & 0o111 != 0
    };
    assert!(is_executable("start") && is_executable("db-relation-changed"));
    assert!(!is_executable("other-relation-changed") && !is_executable("common.sh"));
}

#[test]
fn what_juju_refuses_is_refused() {
    let juju = Juju::deployed();
    let before = juju.state();
    let metadata = "name: tiny\nsummary: s\ndescription: d\n";
    for (file, content, refusal) in [
        ("config.yaml", "", "its config.yaml has no options"),
        (
            "config.yaml",
            "# nothing\n",
            "its config.yaml has no options",
        ),
        ("config.yaml", "foo: 1\n", "its config.yaml has no options"),
        ("config.yaml", "[options]\n", "invalid type: sequence"),
        (
            "config.yaml",
            "options: {a: {type: text}}",
            r#"option "a" has unknown type "text""#,
        ),
        (
            "config.yaml",
            "options: {s: {type: string, default: yes}}",
            r#"option "s" expected string, got true"#,
        ),
        (
            "config.yaml",
            "options: {s: {type: string, default: 5}}",
            r#"option "s" expected string, got 5"#,
        ),
        (
            "config.yaml",
            "options: {s: {type: int, default: 1.5}}",
            r#"option "s" expected int, got 1.5"#,
        ),
        (
            "config.yaml",
            "options: {s: {type: int, default: ''}}",
            r#"option "s" expected int, got """#,
        ),
        (
            "config.yaml",
            "options: {s: {type: boolean, default: 1}}",
            r#"option "s" expected boolean, got 1"#,
        ),
        (
            "metadata.yaml",
            "name: tiny\n",
            "its metadata.yaml has no summary that is a text",
        ),
        (
            "metadata.yaml",
            "name: tiny\nsummary: s\ndescription:\n",
            "has no description that is a text",
        ),
        (
            "metadata.yaml",
            "name: tiny\nsummary: yes\ndescription: d\n",
            "has no summary that is a text",
        ),
        ("metadata.yaml", "", "its metadata has no name"),
        (
            "metadata.yaml",
            "name: tiny\nsummary: s\ndescription: d\nprovides: {juju-x: http}\n",
            r#"its metadata.yaml calls a relation "juju-x", a name that is reserved"#,
        ),
        (
            "metadata.yaml",
            "name: tiny\nsummary: s\ndescription: d\nprovides: {web: http}\nrequires: {web: http}\n",
            r#"its metadata.yaml calls two relations "web""#,
        ),
    ] {
        juju.write_charm("config.yaml", "options: {}");
        juju.write_charm("metadata.yaml", metadata);
        juju.write_charm(file, content);
        juju.refused(&["deploy", &juju.charm(), "other"], 1, refusal);
        juju.refused(&["refresh", "tiny", "--path", &juju.charm()], 1, refusal);
    }
    assert_eq!(juju.state(), before);
    juju.write_charm("metadata.yaml", metadata);
    for config in ["options: {}", "options:\nother: 1\n"] {
        juju.write_charm("config.yaml", config);
        juju.ok(&["refresh", "tiny", "--path", &juju.charm()]);
    }
}

#[test]
fn actions_that_juju_does_not_take_are_refused_with_the_charm() {
    let juju = Juju::new();
    let given_then = [
        ("Say: {}", "bad action name Say"),
        (
            "juju-say: {}",
            "cannot use action name juju-say: the \"juju-\" prefix is reserved",
        ),
        (
            "say: {description: 5}",
            "value for schema key \"description\" must be a string",
        ),
        (
            "say: {params: {text: {type: string, required: true}}, required: text}",
            "value for schema key \"required\" must be a YAML list",
        ),
        ("say: {params: [text]}", "params failed to parse as a map"),
        (
            "say: {params: {times: {type: int}}}",
            "invalid params schema for action schema say: \"int\" is not a valid type",
        ),
        (
            "say: {params: {text: {oneOf: [{}, {items: {$ref: x}}]}}}",
            "schema key \"$ref\" not compatible with this version of juju",
        ),
        (
            "say: {params: {text: {pattern: \"[\"}}}",
            "invalid params schema for action schema say: \"[\" is not a valid pattern",
        ),
    ];
    for (actions, then) in given_then {
        juju.write_charm("actions.yaml", actions);
        juju.refused(&["deploy", &juju.charm()], 1, then);
    }
    juju.write_charm(
        "actions.yaml",
        "say: {params: {text: {pattern: \"^[a-z]+$\"}}, parallel: true}",
    );
    juju.ok(&["deploy", &juju.charm()]);
    let refused = juju.ok(&["run", "tiny/0", "say", "text=A1"]);
    let then = "(root).text : does not match pattern '^[a-z]+$', given \"A1\"";
    assert!(refused.contains(then), "{refused}");
}
