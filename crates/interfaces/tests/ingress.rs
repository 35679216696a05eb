//! The interface `ingress`: what either side publishes and reads, byte for byte, and whom it tells what is wrong.

#![cfg(test)] // It always is; said, so that clippy lets a test's helping functions unwrap as it lets the test.

use std::collections::BTreeMap;
use std::num::NonZeroU16;
use std::path::Path;

use interfaces::ingress::{
    ApplicationData, HealthcheckParams, Provider, Requirer, Scheme, UnitData,
};
use ops::{Charm, Event, Result, Status, Unit};
use ops_testing::{Context, Outcome, Relation, State};

struct Web;

impl Charm for Web {
    fn reconcile(&mut self, unit: &Unit) -> Result<Status> {
        let Some(relation) = unit.relation("ingress")? else {
            return Ok(Status::active());
        };
        let ingress = Requirer::new(relation);
        let port = NonZeroU16::new(8000).unwrap();
        let healthcheck_params = Some(HealthcheckParams {
            path: "/health".to_owned(),
            interval: Some("30s".to_owned()),
            timeout: None,
        });
        let application = ApplicationData {
            strip_prefix: Some(true),
            scheme: Some(Scheme::Http),
            healthcheck_params,
            ..ApplicationData::new(unit, port)
        };
        ingress.publish(unit, &application)?;
        Ok(Status::active().with_message(ingress.url()?))
    }
}

/// Gives `http://here/NAME/` to all that ask, and says what they ask for.
struct Ingress;

impl Charm for Ingress {
    fn reconcile(&mut self, unit: &Unit) -> Result<Status> {
        let mut said = Vec::new();
        for relation in unit.relations("public")? {
            let ingress = Provider::new(relation);
            let request = ingress.request();
            if let Some(leader) = unit.leader()? {
                let url = request.as_ref().ok();
                let url = url.map(|request| format!("http://here/{}/", request.application.name));
                ingress.publish_url(&leader, url.as_deref())?;
            }
            let request = request?;
            said.push(format!("{:?}", request.application));
            said.extend(request.units.iter().map(|(unit, data)| {
                let ip = data.ip.as_deref().unwrap_or("no ip");
                format!("{unit} at {} ({ip})", data.host)
            }));
        }
        Ok(Status::active().with_message(said.join("; ")))
    }
}

fn metadata() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/charm"))
}

fn requirer(given: &State) -> Outcome {
    let then = Context::of_charm(metadata(), || Web).run(&Event::ConfigChanged, given);
    assert!(then.succeeded(), "{then:#?}");
    then
}

fn provider(given: &State) -> Outcome {
    let then = Context::of_charm(metadata(), || Ingress).run(&Event::ConfigChanged, given);
    assert!(then.succeeded(), "{then:#?}");
    then
}

fn status(then: &Outcome) -> String {
    then.state.unit_status.as_ref().unwrap().to_string()
}

fn to_ingress() -> Relation {
    let relation = Relation::new("ingress", 3, "proxy").with_unit("proxy/0", []);
    relation.with_unit_data([("ingress-address", "10.0.0.7")])
}

/// What today's charms in Python publish, and those before them.
const JSON: [(&str, &str); 3] = [
    ("model", "\"staging\""),
    ("name", "\"api\""),
    ("port", "8000"),
];
const PLAIN: [(&str, &str); 3] = [("model", "staging"), ("name", "api"), ("port", "8000")];

fn to_api(application: &[(&'static str, &'static str)]) -> Relation {
    let relation = Relation::new("public", 4, "api");
    relation.with_remote_application_data(application.iter().copied())
}

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let owned = |(key, text): &(&str, &str)| ((*key).to_owned(), (*text).to_owned());
    pairs.iter().map(owned).collect()
}

#[test]
fn the_requirer_publishes_json_and_waits_for_the_answer() {
    // given
    let given = State::default().with_relation(to_ingress()).as_leader();
    // when
    let then = requirer(&given);
    // then
    assert_eq!(
        status(&then),
        "waiting: for proxy to publish ingress in ingress:3"
    );
    let relation = then.state.relation("ingress", 3).unwrap();
    assert_eq!(
        relation.unit_data,
        map(&[
            ("ingress-address", "10.0.0.7"),
            ("host", "\"10.0.0.7\""),
            ("ip", "\"10.0.0.7\""),
        ])
    );
    assert_eq!(
        relation.application_data,
        map(&[
            ("model", "\"testing\""),
            ("name", "\"web\""),
            ("port", "8000"),
            ("strip-prefix", "true"),
            ("scheme", "\"http\""),
            (
                "healthcheck-params",
                r#"{"path":"/health","interval":"30s"}"#
            ),
        ])
    );
    // What is not asked for any more is taken back.
    let before = to_ingress().with_application_data([("redirect-https", "true")]);
    let then = requirer(&State::default().with_relation(before).as_leader());
    let relation = then.state.relation("ingress", 3).unwrap();
    assert!(!relation.application_data.contains_key("redirect-https"));
}

#[test]
fn a_unit_that_does_not_lead_publishes_its_own_address_alone() {
    let then = requirer(&State::default().with_relation(to_ingress()));
    let relation = then.state.relation("ingress", 3).unwrap();
    assert!(relation.application_data.is_empty());
    assert_eq!(relation.unit_data["host"], "\"10.0.0.7\"");
}

#[test]
fn the_url_is_read_however_it_is_written_and_anything_else_blocks() {
    let told = |ingress: &'static str| {
        let answered = to_ingress().with_remote_application_data([("ingress", ingress)]);
        status(&requirer(&State::default().with_relation(answered)))
    };
    for ingress in [
        r#"{"url": "http://10.0.0.1:8080/staging-web/"}"#,
        r#""http://10.0.0.1:8080/staging-web/""#,
        "http://10.0.0.1:8080/staging-web/",
    ] {
        assert_eq!(told(ingress), "active: http://10.0.0.1:8080/staging-web/");
    }
    for ingress in [
        "hunter2",
        r#"{"url": "hunter2"}"#,
        r#"{"uri": "http://hunter2"}"#,
        "[1]",
    ] {
        assert_eq!(
            told(ingress),
            "blocked: proxy has published as ingress in ingress:3 what cannot be used, expected a url such as http://10.0.0.1/web/; see whether its charm is too old or too new",
        );
    }
}

#[test]
fn the_provider_reads_json_and_plain_text_and_answers_in_json() {
    let application = r#"ApplicationData { model: "staging", name: "api", port: 8000, strip_prefix: None, redirect_https: None, scheme: None, healthcheck_params: None }"#;
    for (published, host, ip) in [
        (JSON, "\"api.lxd\"", "\"10.0.0.8\""),
        (PLAIN, "api.lxd", "10.0.0.8"),
    ] {
        // given
        let relation = to_api(&published)
            .with_unit("api/0", [("host", host), ("ip", ip)])
            .with_unit("api/1", [("host", host), ("ip", "null")])
            .with_unit("api/2", []);
        // when
        let then = provider(&State::default().with_relation(relation).as_leader());
        // then
        assert_eq!(
            status(&then),
            format!("active: {application}; api/0 at api.lxd (10.0.0.8); api/1 at api.lxd (no ip)")
        );
        assert_eq!(
            then.state.relation("public", 4).unwrap().application_data,
            map(&[("ingress", r#"{"url":"http://here/api/"}"#)])
        );
    }
}

#[test]
fn what_is_optional_is_read_too() {
    let relation = to_api(&JSON).with_unit("api/0", [("host", "\"10.0.0.8\"")]);
    let mut relation = relation;
    relation.remote_application_data.extend(map(&[
        ("strip-prefix", "true"),
        ("redirect-https", "null"),
        ("scheme", "https"),
        ("healthcheck-params", r#"{"path": "/health"}"#),
    ]));
    let then = provider(&State::default().with_relation(relation));
    let said = status(&then);
    let expected = r#"strip_prefix: Some(true), redirect_https: None, scheme: Some(Https), healthcheck_params: Some(HealthcheckParams { path: "/health", interval: None, timeout: None })"#;
    assert!(said.contains(expected), "{said}");
}

#[test]
fn without_the_application_and_one_of_its_units_there_is_no_url() {
    let answered = [("ingress", r#"{"url":"http://here/api/"}"#)];
    let unit = [("host", "\"10.0.0.8\"")];
    for (relation, expected) in [
        (
            to_api(&[]).with_unit("api/0", unit),
            "waiting: for api to publish model in public:4",
        ),
        (
            to_api(&JSON[..2]).with_unit("api/0", unit),
            "waiting: for api to publish port in public:4",
        ),
        (
            to_api(&JSON),
            "waiting: for a unit of the application in public:4",
        ),
        (
            to_api(&JSON).with_unit("api/0", []),
            "waiting: for api/0 to publish host in public:4",
        ),
    ] {
        let given = relation.with_application_data(answered);
        let then = provider(&State::default().with_relation(given).as_leader());
        assert_eq!(status(&then), expected);
        let relation = then.state.relation("public", 4).unwrap();
        assert!(relation.application_data.is_empty(), "{expected}");
    }
}

#[test]
fn what_cannot_be_used_is_named_by_its_key() {
    for (key, text, expected) in [
        ("port", "0", "a nonzero u16"),
        ("port", "\"hunter2\"", "a nonzero u16"),
        ("strip-prefix", "hunter2", "a boolean"),
        ("scheme", "hunter2", "http or https"),
        ("name", "[hunter2", ""),
    ] {
        let mut relation = to_api(&JSON).with_unit("api/0", [("host", "\"10.0.0.8\"")]);
        relation.remote_application_data.extend(map(&[(key, text)]));
        let then = provider(&State::default().with_relation(relation));
        let said = status(&then);
        if expected.is_empty() {
            // Any text is a name.
            assert!(said.starts_with("active"), "{said}");
            continue;
        }
        let blocked = format!(
            "blocked: api has published as {key} in public:4 what cannot be used, expected {expected}; see whether its charm is too old or too new"
        );
        assert_eq!(said, blocked);
    }
}

#[test]
fn a_host_is_a_name_or_an_address() {
    for host in ["web.lxd", "10.0.0.8", "fd00::7", "a_b-1"] {
        let relation = to_api(&JSON).with_unit("api/0", [("host", host)]);
        let then = provider(&State::default().with_relation(relation));
        assert!(status(&then).contains(&format!("api/0 at {host} (")));
    }
    for host in [
        "\"\"",
        "a b",
        "10.0.0.8:80",
        "user@web",
        "[::1]",
        "web/",
        "::1%eth0",
    ] {
        let relation = to_api(&JSON).with_unit("api/0", [("host", host)]);
        let then = provider(&State::default().with_relation(relation));
        let blocked = "blocked: api/0 has published as host in public:4 what cannot be used, expected a name or an address such as 10.0.0.7; see whether its charm is too old or too new";
        assert_eq!(status(&then), blocked, "{host}");
    }
}

#[test]
fn an_address_is_written_as_urls_have_it() {
    let port = NonZeroU16::new(8000).unwrap();
    for (host, authority) in [
        ("10.0.0.7", "10.0.0.7:8000"),
        ("web.lxd", "web.lxd:8000"),
        ("fd00::7", "[fd00::7]:8000"),
    ] {
        let (host, ip) = (host.to_owned(), None);
        assert_eq!(UnitData { host, ip }.authority(port), authority);
    }
}
