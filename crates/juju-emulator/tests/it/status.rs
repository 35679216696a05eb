//! `status`: what it cuts, what it leaves out, and in which forms it comes.

use serde_json::{Value, json};

use crate::verbs::Juju;

fn in_unit(juju: &Juju, unit: &str, commands: &str) {
    juju.ok(&["exec", "--unit", unit, "--", commands]);
}

/// The line of a table that begins with a name.
fn line(table: &str, name: &str) -> String {
    let mut lines = table.lines();
    let line = lines.find(|line| line.split_whitespace().next() == Some(name));
    line.unwrap_or_default().to_owned()
}

#[test]
fn a_table_cuts_long_messages_and_versions() {
    let juju = Juju::deployed();
    for (message, version, then) in [
        (
            "x".repeat(120),
            "1.2.3~a-long-on",
            ("x".repeat(120), "1.2.3~a-long-on"),
        ),
        (
            "x".repeat(121),
            "1.2.3~a-long-one\nsecond line",
            ("x".repeat(117) + "...", "1.2.3~a-long..."),
        ),
        // 240 bytes: Juju counts bytes, here no character is cut in two.
        ("é".repeat(120), "1\n2", ("é".repeat(58) + "...", "1")),
    ] {
        let commands = format!("status-set active {message}; application-version-set '{version}'");
        in_unit(&juju, "tiny/0", &commands);
        let table = juju.ok(&["status"]);
        let (message_shown, version_shown) = then;
        let words = line(&table, "tiny");
        assert_eq!(
            words.split_whitespace().nth(1),
            Some(version_shown),
            "{table}"
        );
        for name in ["tiny", "tiny/0*"] {
            let line = line(&table, name);
            assert!(line.ends_with(&format!("  {message_shown}")), "{table}");
        }
        // What a program reads is not cut.
        let application = juju.application();
        assert_eq!(application["version"], version);
        assert_eq!(
            application["application-status"]["message"],
            message.as_str()
        );
    }
}

/// tiny/0 on machine 0 leads, tiny/1 is on machine 1 and blocked, web/0 beside it, alone/0 on machine 2 and exposed.
fn a_model() -> Juju {
    let juju = Juju::deployed();
    let charm = juju.charm();
    juju.ok(&["add-unit", "tiny"]);
    juju.ok(&["deploy", &charm, "web", "--to", "1", "--config", "port=81"]);
    juju.ok(&["deploy", &charm, "alone", "--config", "port=82"]);
    juju.ok(&["expose", "alone"]);
    in_unit(&juju, "tiny/1", "status-set blocked 'no way'");
    juju
}

#[test]
fn what_is_asked_for_is_shown_with_what_is_on_the_same_machine() {
    let juju = a_model();
    juju.ok(&["config", "alone", "do=fail"]);
    let all = "alone/0 tiny/0 tiny/1 web/0";
    let given_then = [
        (&["tiny"][..], "tiny/0 tiny/1 web/0"),
        (&["tiny/0"], "tiny/0"),
        (&["tiny/leader"], "tiny/0"),
        (&["tiny/1"], "tiny/1 web/0"),
        (&["t*/0"], "tiny/0"),
        (&["a*"], "alone/0"),
        (&["web"], "tiny/1 web/0"),
        (&["1"], "tiny/1 web/0"),
        (&["2"], "alone/0"),
        (&["blocked"], "tiny/1 web/0"),
        (&["idle"], "tiny/0 tiny/1 web/0"),
        (&["error"], "alone/0"),
        (&["exposed"], "alone/0"),
        (&["not", "exposed"], "tiny/0 tiny/1 web/0"),
        (&["82/tcp"], "alone/0"),
        (&["800"], "tiny/0 tiny/1 web/0"),
        (&["127.0.0.3"], "alone/0"),
        (&["127.0.0.2/31"], "alone/0 tiny/1 web/0"),
        (&["10.0.0.0/0"], all),
        (&["127.0.0.1/32"], "tiny/0"),
        (&["tiny/0", "alone"], "alone/0 tiny/0"),
        // As in Juju, a pattern that is no name keeps the others from being names; an application is found nevertheless.
        (&["tiny/0", "127.0.0.3"], "alone/0"),
        (&["waiting"], ""),
        (&["leader"], ""),
        (&["started"], ""),
        (&["3"], ""),
        (&["tiny/"], ""),
        (&["127.0.0.1/33"], ""),
        (&["["], ""),
        (&["-x"], ""),
    ];
    for (filters, then) in given_then {
        let ran = juju.run(&[&["status", "--format=json", "--"], filters].concat());
        let status: Value = serde_json::from_str(&ran.stdout).unwrap();
        let applications = status["applications"].as_object().unwrap();
        let units = applications.values();
        let units = units.filter_map(|application| application["units"].as_object());
        let units: Vec<_> = units.flatten().map(|(name, _)| name.as_str()).collect();
        assert_eq!(units.join(" "), then, "{filters:?}");
        let nothing = "Nothing matched specified filter.\n";
        assert_eq!(
            ran.stderr,
            if then.is_empty() { nothing } else { "" },
            "{filters:?}"
        );
    }
    let table = juju.ok(&["status", "TINY"]);
    assert!(
        table.contains("\ntiny  ") && !table.contains("tiny/0"),
        "{table}"
    );
    let ran = juju.run(&["status", "nosuch", "9"]);
    assert_eq!(ran.stderr, "Nothing matched specified filters.\n");
    assert_eq!(ran.code, Some(0));
    let ran = Juju::new().run(&["status", "--format=yaml"]);
    assert_eq!(ran.stderr, "Model \"admin/emulator\" is empty.\n");
}

#[test]
fn status_comes_in_short_forms() {
    let juju = a_model();
    in_unit(&juju, "alone/0", "open-port 90/udp; open-port 91/udp");
    let lines = "- alone/0: 127.0.0.3 (agent:idle, workload:active) 82/tcp 90/udp 91/udp
- tiny/0: 127.0.0.1 (agent:idle, workload:active) 8000/tcp
- tiny/1: 127.0.0.2 (agent:idle, workload:blocked) 8000/tcp
- web/0: 127.0.0.2 (agent:idle, workload:active) 81/tcp
";
    for format in ["oneline", "line", "short"] {
        assert_eq!(juju.ok(&["status", "--format", format]), lines);
    }
    let summary = "Running on subnets:  127.0.0.1/8               \n Utilizing ports:    81-82,8000/tcp 90-91/udp  
      # Machines:  (3)
         started:   3 
                 
         # Units:  (4)
          active:   3 
         blocked:   1 
                 
  # Applications:  (3)
            alone  1/1  exposed
             tiny  0/1  exposed
              web  0/1  exposed
                 
        # Remote:  (0)
";
    assert_eq!(juju.ok(&["status", "--format=summary"]), summary);
    let table = juju.ok(&["status", "alone"]);
    assert!(
        line(&table, "alone/0*").contains("  82/tcp 90-91/udp  "),
        "{table}"
    );
}

#[test]
fn times_are_as_in_iso_8601_when_asked_for_as_utc() {
    let juju = Juju::deployed();
    let status: Value =
        serde_json::from_str(&juju.ok(&["status", "--utc", "--format=json"])).unwrap();
    let since = status["model"]["model-status"]["since"].as_str().unwrap();
    let since: String = since
        .chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect();
    assert_eq!(since, "0000-00-00 00:00:00Z");
    let timestamp = status["controller"]["timestamp"].as_str().unwrap();
    assert_eq!(timestamp.len(), "00:00:00".len());
}

#[test]
fn what_goes_says_so_in_its_life() {
    let juju = Juju::deployed();
    juju.ok(&["model-config", "automatically-retry-hooks=false"]);
    juju.ok(&["config", "tiny", "do=fail"]);
    assert_eq!(juju.application()["life"], "alive");
    juju.ok(&["remove-application", "tiny"]);
    assert_eq!(juju.application()["life"], "dying");
    let unit = &juju.application()["units"]["tiny/0"];
    assert_eq!(unit["juju-status"]["life"], "dying");
    let shown: Value =
        serde_json::from_str(&juju.ok(&["show-unit", "tiny/0", "--format=json"])).unwrap();
    assert_eq!(shown["tiny/0"]["life"], "dying");
    assert_eq!(
        juju.application()["endpoint-bindings"],
        json!({"": "alpha", "admin": "alpha", "juju-info": "alpha"})
    );
}

#[test]
fn units_are_shown_in_the_order_of_their_numbers() {
    let juju = Juju::deployed();
    juju.ok(&["add-unit", "tiny", "-n", "10"]);
    let yaml = juju.ok(&["status", "--format=yaml"]);
    let at = |text: &str| yaml.find(text).unwrap_or_else(|| panic!("{text}: {yaml}"));
    assert!(at("\n      tiny/2:\n") < at("\n      tiny/10:\n"));
    assert!(at("\n  \"2\":\n") < at("\n  \"10\":\n"));
    let table = juju.ok(&["status"]);
    assert!(table.find("tiny/2 ").unwrap() < table.find("tiny/10 ").unwrap());
}
