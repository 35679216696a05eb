//! The charm keeps the laws of a holistic charm, at both levels.

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;

use hello_server::charm::HelloServer;
use ops::{Event, Status};
use ops_testing::{Context, Laws, Relation, State, Workload};
use serde_json::{Value, json};

use crate::levels::{FakeServer, free_port, http_get};

fn to_an_ingress() -> Relation {
    Relation::new("ingress", 3, "proxy")
        .with_unit("proxy/0", [])
        .with_unit_data([("ingress-address", "10.0.0.7")])
}

#[test]
fn the_charm_keeps_all_laws_in_process() {
    let server = FakeServer::default();
    let fake = server.clone();
    let context = Context::new(move || HelloServer::new(fake.clone()));

    Laws::of(&context, server)
        .with_relation(to_an_ingress())
        .check([
            State::default(),
            // As an earlier version of the charm may have left it; Juju needs two hooks to get from there to 8000 alone.
            State::default()
                .with_opened_ports(["7990-8010/tcp", "9000/udp"])
                .with_unit_status(Status::active()),
            State::default()
                .with_config("server-port", 22)
                .with_machine_ports("other/0", ["8001/tcp"])
                .as_leader(),
        ]);
}

#[test]
fn the_charm_keeps_the_laws_through_its_real_binary() {
    let context = Context::dispatching(Path::new(env!("CARGO_MANIFEST_DIR")));
    let ports = [free_port(), free_port()];
    let server = RealServer {
        context: &context,
        ports,
        others: Vec::new(),
    };

    Laws::of(&context, server)
        .with_option_values("server-port", [ports[0], ports[1], 22])
        .with_relation(to_an_ingress())
        .with_stories(5)
        .check([State::default()
            .with_config("server-port", ports[0])
            .as_leader()]);
}

/// The server that the charm's binary starts on the emulated machine.
struct RealServer<'a> {
    context: &'a Context,
    /// The ports that it may be on.
    ports: [u16; 2],
    /// Other processes that listen there.
    others: Vec<TcpListener>,
}

impl Workload for RealServer<'_> {
    fn snapshot(&self) -> Value {
        let serves =
            |port: &&u16| http_get(**port).is_some_and(|answer| answer.contains("hello-server/0"));
        json!({ "serving": self.ports.iter().filter(serves).collect::<Vec<_>>() })
    }

    fn reset(&mut self) {
        let removed = self.context.run(&Event::Remove, &State::default());
        assert!(removed.succeeded(), "{removed:#?}");
    }

    fn faults(&self) -> &'static [&'static str] {
        &["all ports are taken"]
    }

    fn set_fault(&mut self, fault: Option<&'static str>) {
        self.others.clear();
        if fault.is_some() {
            // Those that the server has itself stay its own.
            let bind = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).ok();
            self.others.extend(self.ports.iter().filter_map(bind));
        }
    }
}
