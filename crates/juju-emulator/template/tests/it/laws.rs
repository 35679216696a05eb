//! Whatever comes, how often and in which order, the unit ends as its configuration asks for.

use charm::MyCharm;
use ops_testing::{Context, Laws, Relation, State};

#[test]
fn the_charm_is_holistic() {
    let context = Context::new(|| MyCharm::new(|| Ok("made up".to_owned())));
    let there = [("hostname", "10.0.0.9"), ("port", "80")];

    Laws::of(&context, ())
        .with_relation(Relation::new("backend", 4, "api").with_unit("api/0", there))
        .with_relation(Relation::new("website", 3, "proxy").with_unit("proxy/0", []))
        .with_stories(100)
        .check([
            State::default().as_leader(),
            State::default()
                .with_config("port", 0)
                .with_opened_ports(["9000/udp"]),
        ]);
}
