//! What the charm does at each event, in process with a fake proxy, and the laws that it keeps.

use ingress::charm::Ingress;
use ops::{Event, Status};
use ops_testing::{Context, Laws, Outcome, Relation, State, Workload as _};
use serde_json::{Value, json};

use crate::fake_proxy::FakeProxy;

/// An application that asks for a url, with one unit that says where it is and one that does not yet.
fn web(number: u64, name: &'static str) -> Relation {
    let unit = format!("{name}/0");
    Relation::new("ingress", number, name)
        .with_remote_application_data([
            ("model", "\"staging\""),
            ("name", name),
            ("port", "8000"),
            ("strip-prefix", "true"),
        ])
        .with_unit(&unit, [("host", "\"10.0.0.7\"")])
        .with_unit(&format!("{name}/1"), [])
        .with_unit_data([("ingress-address", "10.0.0.1")])
}

fn run(given: &State) -> (Outcome, Value) {
    let proxy = FakeProxy::default();
    let fake = proxy.clone();
    let context = Context::new(move || Ingress::new(fake.clone()));
    let then = context.run(&Event::ConfigChanged, given);
    assert!(then.succeeded(), "{then:#?}");
    let serving = proxy.snapshot()["serving"].clone();
    (then, serving)
}

fn url(then: &Outcome, number: u64) -> Option<&str> {
    let relation = then.state.relation("ingress", number).unwrap();
    relation.application_data.get("ingress").map(String::as_str)
}

#[test]
fn each_application_that_has_asked_gets_a_url_from_the_leader() {
    // given
    let given = State::default()
        .with_relation(web(3, "web"))
        .with_relation(web(4, "api"));
    // when
    let (then, serving) = run(&given.clone().as_leader());
    // then
    let route = json!({"strip_prefix": true, "units": ["10.0.0.7:8000"]});
    assert_eq!(
        serving,
        json!([8080, {"staging-api": route, "staging-web": route}])
    );
    assert_eq!(then.state.unit_status, Some(Status::active()));
    assert_eq!(then.state.opened_ports, ["8080/tcp"]);
    let expected = r#"{"url":"http://10.0.0.1:8080/staging-web/"}"#;
    assert_eq!(url(&then, 3), Some(expected));
    assert_eq!(url(&then, 4), Some(&*expected.replace("web", "api")));

    // A unit that does not lead forwards just the same.
    let (of_another, serving_too) = run(&given);
    assert_eq!(serving_too, serving);
    assert_eq!(url(&of_another, 3), None);
}

#[test]
fn without_data_and_after_the_relation_there_is_no_url() {
    let mut silent = web(3, "web").with_application_data([("ingress", "{}")]);
    silent.remote_units.clear();
    let (then, serving) = run(&State::default().with_relation(silent).as_leader());
    assert_eq!(then.state.unit_status, Some(Status::active()));
    assert_eq!(serving, json!([8080, {}]));
    assert_eq!(url(&then, 3), None);
}

#[test]
fn what_is_wrong_with_one_application_is_said_and_leaves_the_others_alone() {
    let bad = |key: &str, text: &str| {
        let mut relation = web(4, "api");
        let data = &mut relation.remote_application_data;
        data.insert(key.to_owned(), text.to_owned());
        relation
    };
    for (relation, message) in [
        (
            bad("port", "0"),
            "api has published as port in ingress:4 what cannot be used, expected a nonzero u16; see whether its charm is too old or too new",
        ),
        (
            bad("name", "a/b"),
            "\"staging-a/b\" cannot be part of a url",
        ),
        (
            bad("scheme", "https"),
            "\"staging-api\" speaks https, and this ingress forwards by http alone",
        ),
        (
            bad("name", "web"),
            "\"staging-web\" is related twice; remove one of its relations",
        ),
        (
            web(4, "api").with_unit("api/0", [("host", "a b")]),
            "api/0 has published as host in ingress:4 what cannot be used, expected a name or an address such as 10.0.0.7; see whether its charm is too old or too new",
        ),
    ] {
        let given = State::default().with_relation(web(3, "web"));
        let (then, serving) = run(&given.with_relation(relation).as_leader());
        assert_eq!(then.state.unit_status, Some(Status::blocked(message)));
        let route = json!({"strip_prefix": true, "units": ["10.0.0.7:8000"]});
        assert_eq!(serving, json!([8080, {"staging-web": route}]), "{message}");
        assert!(url(&then, 3).is_some() && url(&then, 4).is_none());
    }
}

#[test]
fn the_charm_keeps_all_laws() {
    let proxy = FakeProxy::default();
    let fake = proxy.clone();
    let context = Context::new(move || Ingress::new(fake.clone()));
    Laws::of(&context, proxy)
        .with_option_values("port", [80, 8080, 0])
        .with_relation(web(3, "web"))
        .check([State::default(), State::default().as_leader()]);
}
