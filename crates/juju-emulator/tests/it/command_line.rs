//! Wrong flags and arguments: told in Juju's words, with exit code 2, and nothing is done.

use crate::verbs::Juju;

/// Command lines, and what juju says about them.
const WRONG: &[(&str, &str)] = &[
    ("status --nope", "option provided but not defined: --nope"),
    (
        "status --nope=1 --format xml",
        "option provided but not defined: --nope",
    ),
    ("status -4", "option provided but not defined: -4"),
    ("status -42", "option provided but not defined: -4"),
    ("config tiny -x", "option provided but not defined: -x"),
    ("status --format", "option needs an argument: --format"),
    ("config tiny --reset", "option needs an argument: --reset"),
    ("add-unit tiny -n", "option needs an argument: -n"),
    (
        "add-unit tiny --num-units",
        "option needs an argument: --num-units",
    ),
    (
        "status --format xml",
        r#"invalid value "xml" for option --format: unknown format "xml""#,
    ),
    (
        "exec --format=tabular --unit tiny/0 true",
        r#"invalid value "tabular" for option --format: unknown format "tabular""#,
    ),
    (
        "deploy ./x --trust=perhaps",
        r#"invalid value "perhaps" for option --trust: strconv.ParseBool: parsing "perhaps": invalid syntax"#,
    ),
    (
        "add-unit tiny -n x",
        r#"invalid value "x" for option -n: strconv.ParseInt: parsing "x": invalid syntax"#,
    ),
    (
        "add-unit tiny --num-units=1.5",
        r#"invalid value "1.5" for option --num-units: strconv.ParseInt: parsing "1.5": invalid syntax"#,
    ),
    ("remove-machine", "no machines specified"),
    ("remove-machine x", "invalid machine id \"x\""),
    ("show-machine 0/x", "invalid machine id \"0/x\""),
    ("resources", "missing application or unit name"),
    ("ssh", "no target name specified"),
    (
        "remove-secret s --revision x",
        r#"invalid value "x" for option --revision: strconv.ParseInt: parsing "x": invalid syntax"#,
    ),
    (
        "add-machine -n x",
        r#"invalid value "x" for option -n: strconv.ParseInt: parsing "x": invalid syntax"#,
    ),
    (
        "add-unit tiny -n 0",
        "--num-units must be a positive integer",
    ),
    ("deploy ./x -n -1", "--num-units must be a positive integer"),
    ("expose tiny b", r#"unrecognized args: ["b"]"#),
    ("expose tiny b c", r#"unrecognized args: ["b" "c"]"#),
    ("add-unit tiny b", r#"unrecognized args: ["b"]"#),
    ("deploy ./x y z", r#"unrecognized args: ["z"]"#),
    ("models x", r#"unrecognized args: ["x"]"#),
    ("version x", r#"unrecognized args: ["x"]"#),
    ("add-model", "model name is required"),
    ("add-unit", "no application specified"),
    ("config", "no application name specified"),
    ("deploy", "no charm or bundle specified"),
    ("destroy-model", "no model specified"),
    ("exec --unit tiny/0", "no commands specified"),
    (
        "exec --unit tiny/0 ls -l",
        "option provided but not defined: -l",
    ),
    ("refresh tiny/0", "invalid application name \"tiny/0\""),
    ("expose", "no application name specified"),
    ("refresh", "no application specified"),
    ("remove-application", "no application specified"),
    ("remove-unit", "no units specified"),
    ("resolved", "no unit specified"),
    (
        "resolved --all tiny/0",
        "specifying unit names(s) with --all not supported",
    ),
    ("show-application", "an application name must be supplied"),
    ("show-unit", "an unit name must be supplied"),
    ("trust", "no application name specified"),
    ("unexpose", "no application name specified"),
    (
        "remove-unit tiny/0 --no-wait",
        "--no-wait without --force not valid",
    ),
    (
        "remove-application tiny --no-wait",
        "--no-wait without --force not valid",
    ),
    (
        "destroy-model emulator --no-wait",
        "--no-wait without --force not valid",
    ),
    (
        "destroy-model emulator --destroy-storage --release-storage",
        "--destroy-storage and --release-storage cannot both be specified",
    ),
    (
        "destroy-model emulator --timeout 5m",
        "--timeout can only be used with --force (dangerous)",
    ),
    (
        "destroy-model emulator --force -t soon",
        r#"invalid value "soon" for option -t: time: invalid duration "soon""#,
    ),
    (
        "exec true",
        "You must specify a target, either through --all, --machine, --application or --unit",
    ),
    (
        "exec --all --machine 0 true",
        "You cannot specify --all and individual machines",
    ),
    (
        "debug-log --tail --no-tail",
        "setting --tail and --no-tail not valid",
    ),
    (
        "debug-log --limit=x",
        r#"invalid value "x" for option --limit: strconv.ParseUint: parsing "x": invalid syntax"#,
    ),
    (
        "debug-log --level critical",
        r#"level value "critical" is not one of "TRACE", "DEBUG", "INFO", "WARNING", "ERROR""#,
    ),
    (
        "debug-log --level nope",
        r#"level value "nope" is not one of "TRACE", "DEBUG", "INFO", "WARNING", "ERROR""#,
    ),
];

#[test]
fn what_is_wrong_with_a_command_line_is_told_in_jujus_words() {
    let juju = Juju::deployed();
    let before = juju.state();
    for (line, stderr) in WRONG {
        let args: Vec<_> = line.split(' ').collect();
        let ran = juju.run(&args);
        assert_eq!(ran.stderr, format!("ERROR {stderr}\n"), "{line}");
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{line}");
    }
    assert_eq!(juju.state(), before);
}

#[test]
fn names_that_cannot_be_names_are_refused() {
    let juju = Juju::deployed();
    let before = juju.state();
    for name in [
        "tiny", "X", "tiny/", "tiny/00", "tiny/x", "-tiny/0", "tiny/0/0", "",
    ] {
        let quoted = format!("unit name \"{name}\" not valid");
        let then = [
            ("show-unit", format!("unit name {name} not valid")),
            ("resolved", quoted.clone()),
            ("remove-unit", quoted),
        ];
        for (verb, stderr) in then {
            let ran = juju.run(&[verb, "--", name]);
            assert_eq!(ran.stderr, format!("ERROR {stderr}\n"), "{verb}");
            assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{verb}");
        }
        let ran = juju.run(&["exec", &format!("--unit={name}"), "--", "true"]);
        let invalid = format!("  \"{name}\" is not a valid unit name\n");
        assert!(ran.stderr.ends_with(&invalid), "{ran:?}");
        assert_eq!(ran.code, Some(2), "{ran:?}");
    }
    for name in ["tiny/0", "Tiny", "-tiny", "a--b", "1st", "tiny-"] {
        let then = [
            (
                "show-application",
                format!("application name {name} not valid"),
            ),
            (
                "remove-application",
                format!("invalid application name \"{name}\""),
            ),
        ];
        for (verb, stderr) in then {
            let ran = juju.run(&[verb, "--", name]);
            assert_eq!(ran.stderr, format!("ERROR {stderr}\n"), "{verb}");
            assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{verb}");
        }
        let stderr = format!("ERROR \"{name}\" is not a valid application name\n");
        juju.refused_beside_empty(&["config", "--", name], &stderr);
    }
    let charm = juju.charm();
    juju.refused(
        &["deploy", "--", &charm, "-x"],
        1,
        "invalid application name \"-x\"",
    );
    juju.refused(&["add-model", "--", "-x"], 1, "\"-x\" is not a valid name");
    assert_eq!(juju.state(), before);
}

#[test]
fn what_is_not_there_is_said_and_what_is_there_is_removed() {
    let juju = Juju::deployed();
    juju.ok(&["add-unit", "tiny"]);
    let ran = juju.run(&["remove-unit", "tiny/7", "tiny/1", "other/0"]);
    assert_eq!(ran.code, Some(1));
    assert_eq!(ran.stdout, "will remove unit tiny/1\n");
    assert_eq!(
        ran.stderr,
        "ERROR removing unit tiny/7 failed: unit \"tiny/7\" not found\n\
         ERROR removing unit other/0 failed: unit \"other/0\" not found\n"
    );
    let ran = juju.run(&["remove-application", "nosuch", "tiny"]);
    assert_eq!(ran.code, Some(1));
    assert_eq!(
        ran.stderr,
        "ERROR removing application nosuch failed: application \"nosuch\" not found\n"
    );
    assert_eq!(juju.status()["applications"], serde_json::json!({}));
}

#[test]
fn switches_may_be_spelled_out_and_flags_repeated() {
    let juju = Juju::deployed();
    juju.ok(&["config", "tiny", "port=81"]);
    assert_eq!(
        juju.ok(&["status", "--relations=false", "nosuch"])
            .lines()
            .count(),
        2
    );
    let json = juju.ok(&["show-unit", "tiny/0", "--format=yaml", "--format=json"]);
    assert!(json.starts_with("{\"tiny/0\":"), "{json}");
    juju.ok(&["debug-log", "--replay=true", "--date=T"]);
    // After `--` nothing is a flag.
    let ran = juju.ok(&["exec", "--unit", "tiny/0", "--", "echo", "--all=true", "-n"]);
    assert_eq!(ran, "--all=true -n\n");
    juju.refused(
        &[
            "remove-application",
            "tiny",
            "--no-prompt",
            "--force=true",
            "--force=false",
            "--no-wait",
        ],
        2,
        "--no-wait without --force not valid",
    );
}

#[test]
fn a_controller_that_is_not_there_is_said() {
    let juju = Juju::deployed();
    let not_found = "ERROR controller nosuch not found\n";
    for args in [
        &["status", "-m", "nosuch:emulator"][..],
        &["status", "--model=nosuch:admin/emulator"],
        &["config", "tiny", "port=81", "-m", "nosuch:"],
        &["models", "-c", "nosuch"],
        &["models", "--controller=nosuch"],
        &["add-model", "m", "-c", "nosuch"],
        &["switch", "nosuch:m"],
        &["show-model", "nosuch:m"],
        &["destroy-model", "--no-prompt", "nosuch:emulator"],
    ] {
        let ran = juju.run(args);
        assert_eq!(ran.stderr, not_found, "{args:?}");
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""), "{args:?}");
    }
    for model in ["emulator:nosuch", "nosuch", "emulator:admin/nosuch"] {
        juju.refused(
            &["status", "-m", model],
            1,
            "ERROR model emulator:nosuch not found\n",
        );
    }
    let bob = "ERROR model emulator:bob/emulator not found\n";
    juju.refused(&["status", "-m", "bob/emulator"], 1, bob);
    assert!(juju.ok(&["models", "-c", "emulator"]).contains("emulator*"));
    for model in [
        "emulator",
        "admin/emulator",
        "emulator:emulator",
        "emulator:admin/emulator",
    ] {
        assert!(
            juju.ok(&["status", "-m", model]).contains("tiny/0*"),
            "{model}"
        );
    }
}
