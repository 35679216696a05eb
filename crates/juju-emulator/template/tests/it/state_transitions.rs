//! Given a state, when an event comes, then the charm has made it another: in this process, and through the real binary.

use std::path::Path;

use charm::MyCharm;
use ops::{Event, Status};
use ops_testing::{Context, Relation, Secret, State};
use serde_json::json;

fn in_process() -> Context {
    Context::new(|| MyCharm::new(|| Ok("made up".to_owned())))
}

#[test]
fn the_port_of_the_config_is_open_and_no_other() {
    // given
    let given = State::default()
        .with_config("port", 8081)
        .with_opened_ports(["8080/tcp"]);
    // when
    let then = in_process().run(&Event::ConfigChanged, &given);
    // then
    assert_eq!(then.state.opened_ports, ["8081/tcp"]);
    assert_eq!(then.state.unit_status, Some(Status::active()));
}

#[test]
fn a_port_that_is_none_blocks_the_unit() {
    // given
    let given = State::default()
        .with_config("port", 0)
        .with_opened_ports(["8080/tcp"]);
    // when
    let then = in_process().run(&Event::ConfigChanged, &given);
    // then
    let blocked = Status::blocked("port: 0 is not a whole number from 1 to 65535");
    assert_eq!(then.state.unit_status, Some(blocked));
    assert_eq!(then.state.opened_ports, ["8080/tcp"]);
}

#[test]
fn whoever_is_related_is_told_where_the_website_is() {
    // given
    let website = Relation::new("website", 3, "proxy").with_unit("proxy/0", []);
    let given = State::default().with_relation(website.clone());
    // when
    let then = in_process().run(&website.joined("proxy/0"), &given);
    // then
    let published = &then.state.relation("website", 3).unwrap().unit_data;
    assert_eq!(
        json!(published),
        json!({"hostname": "10.0.0.1", "port": "8080"})
    );
}

#[test]
fn the_backend_is_waited_for_and_then_known() {
    // given
    let silent = Relation::new("backend", 4, "api").with_unit("api/0", []);
    let there = [("hostname", "10.0.0.9"), ("port", "80")];
    let there = Relation::new("backend", 4, "api").with_unit("api/0", there);
    for (backend, expected) in [
        (
            silent,
            Status::waiting("for api/0 to publish hostname in backend:4"),
        ),
        (
            there,
            Status::active().with_message("backend is 10.0.0.9:80"),
        ),
    ] {
        // when
        let given = State::default().with_relation(backend.clone());
        let then = in_process().run(&backend.changed("api/0"), &given);
        // then
        assert_eq!(then.state.unit_status, Some(expected));
    }
}

#[test]
fn the_leader_tells_the_password_that_it_has_kept() {
    // given
    let kept = Secret::of_application("admin", [("password", "hunter2")]);
    let given = State::default().as_leader().with_secret(kept);
    // when
    let then = in_process().run_action("get-password", json!({}), &given);
    // then
    assert_eq!(then.action.results, json!({"password": "hunter2"}));
}

#[test]
fn the_real_binary_does_the_same() {
    // given
    let context = Context::dispatching(Path::new(env!("CARGO_MANIFEST_DIR")));
    let given = State::default().as_leader().with_config("port", 8081);
    // when
    let then = context.run(&Event::ConfigChanged, &given);
    // then
    assert_eq!(then.state.opened_ports, ["8081/tcp"]);
    let secret = then.state.secret("admin").unwrap();
    assert_eq!(secret.content().unwrap().get("password").unwrap().len(), 32);
}
