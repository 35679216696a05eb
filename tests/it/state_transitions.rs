//! What the charm does at each event, at both levels: a test for each row of the table in ARCHITECTURE.md.

use std::collections::BTreeMap;

use hello_server::charm::HelloServer;
use ops::{Event, Status};
use ops_testing::{Context, Exit, Fault, FaultKind, Relation, State, Workload as _};
use serde_json::json;

use crate::levels::{FakeServer, Unit, at_each_level, free_port};

/// What a hook runs that has nothing to change, all told.
const NOTHING_TO_DO: [&str; 4] = [
    "config-get --format=json",
    "opened-ports --endpoints --format=json",
    "relation-ids ingress --format=json",
    "status-set active",
];

fn tcp(port: u16) -> String {
    format!("{port}/tcp")
}

#[test]
fn at_any_event_the_server_answers_on_the_chosen_port_and_only_that_is_open() {
    at_each_level(|unit| {
        for event in [
            Event::Install,
            Event::Start,
            Event::ConfigChanged,
            Event::UpgradeCharm,
            Event::UpdateStatus,
            Event::Other("next-years-event".to_owned()),
        ] {
            let (before, now) = (free_port(), free_port());
            let given = State::default()
                .with_config("server-port", now)
                .with_opened_ports([tcp(before), "9000-9009/udp".to_owned()]);

            let then = unit.run(&event, &given);

            assert_eq!(then.state.unit_status, Some(Status::active()), "{event}");
            assert_eq!(then.state.opened_ports, [tcp(now)], "{event}");
            assert!(unit.serves(now), "{event}");
            assert!(!unit.serves(before), "{event}");
        }
    });
}

#[test]
fn without_any_configuration_it_is_active_on_8000() {
    let unit = Unit::in_process();
    let then = unit.run(&Event::Install, &State::default());
    assert_eq!(then.state.unit_status, Some(Status::active()));
    assert_eq!(then.state.opened_ports, ["8000/tcp"]);
    assert!(unit.serves(8000));
}

#[test]
fn where_no_hook_command_works_everything_stays_as_it_is() {
    at_each_level(|unit| {
        let (port, given) = unit.installed();
        let given = given.with_config("server-port", free_port());
        for event in [Event::CollectMetrics, Event::MeterStatusChanged] {
            let then = unit.run(&event, &given);

            assert_eq!(then.exit, Exit::Code(0), "{event}");
            assert_eq!(then.hook_commands, Vec::<String>::new());
            assert_eq!(then.state, given);
            assert!(unit.serves(port));
        }
    });
}

#[test]
fn a_change_of_port_moves_the_server_and_closes_the_old_port() {
    at_each_level(|unit| {
        let (before, given) = unit.installed();
        let now = free_port();

        let then = unit.run(
            &Event::ConfigChanged,
            &given.with_config("server-port", now),
        );

        assert_eq!(then.state.opened_ports, [tcp(now)]);
        assert!(unit.serves(now));
        assert!(!unit.serves(before));
        assert_eq!(
            then.hook_commands,
            [
                "config-get --format=json".to_owned(),
                "opened-ports --endpoints --format=json".to_owned(),
                format!("open-port {now}/tcp"),
                "relation-ids ingress --format=json".to_owned(),
                format!("close-port {before}/tcp"),
                "status-set active".to_owned(),
            ]
        );
    });
}

#[test]
fn a_hook_with_nothing_to_do_runs_four_hook_commands() {
    at_each_level(|unit| {
        let (port, given) = unit.installed();

        let then = unit.run(&Event::UpdateStatus, &given);

        assert_eq!(then.hook_commands, NOTHING_TO_DO);
        assert_eq!(then.state, given);
        assert!(then.log.is_empty() && then.printed.is_empty(), "{then:#?}");
        assert!(unit.serves(port));
    });
}

#[test]
fn a_bad_port_blocks_and_changes_nothing() {
    at_each_level(|unit| {
        let (port, given) = unit.installed();
        for (bad, message) in [
            (
                22,
                "server-port: 22 is reserved for SSH; choose another port",
            ),
            (
                0,
                "server-port: 0 is not a port; choose one from 1 to 65535",
            ),
            (
                -1,
                "server-port: -1 is not a port; choose one from 1 to 65535",
            ),
            (
                70_000,
                "server-port: 70000 is not a port; choose one from 1 to 65535",
            ),
        ] {
            let given = given.clone().with_config("server-port", bad);

            let then = unit.run(&Event::ConfigChanged, &given);

            assert_eq!(then.state.unit_status, Some(Status::blocked(message)));
            assert_eq!(then.state.opened_ports, [tcp(port)]);
            assert_eq!(
                then.hook_commands.len(),
                2,
                "config-get and status-set: {then:#?}"
            );
            assert!(unit.serves(port));
        }
    });
}

#[test]
fn every_number_is_either_served_exactly_or_blocked_with_nothing_changed() {
    let server = FakeServer::default();
    let fake = server.clone();
    let context = Context::new(move || HelloServer::new(fake.clone()));
    let mut good = context.run(&Event::Install, &State::default());

    for number in -1_i64..=65_536 {
        let given = good.state.clone().with_config("server-port", number);
        let then = context.run(&Event::ConfigChanged, &given);

        assert!(then.succeeded(), "{then:#?}");
        if (1..=65_535).contains(&number) && number != 22 {
            assert_eq!(then.state.unit_status, Some(Status::active()), "{number}");
            assert_eq!(then.state.opened_ports, [format!("{number}/tcp")]);
            assert_eq!(server.serving().map(i64::from), Some(number));
            good = then;
        } else {
            let status = then.state.unit_status.as_ref().unwrap();
            assert_eq!(status.name(), "blocked", "{number}");
            assert!(
                status
                    .message()
                    .starts_with(&format!("server-port: {number} is "))
            );
            assert_eq!(then.state.opened_ports, good.state.opened_ports);
            assert_eq!(then.hook_commands.len(), 2);
        }
    }
}

#[test]
fn a_port_that_another_process_holds_blocks_and_changes_nothing() {
    at_each_level(|unit| {
        let (port, given) = unit.installed();
        let taken = free_port();
        let _other = unit.other_process_on(taken);

        let then = unit.run(
            &Event::ConfigChanged,
            &given.with_config("server-port", taken),
        );

        let message = format!(
            "server-port: {taken} is in use by another process of the machine; choose another port"
        );
        assert_eq!(then.state.unit_status, Some(Status::blocked(message)));
        assert_eq!(then.state.opened_ports, [tcp(port)]);
        assert!(unit.serves(port));
    });
}

#[test]
fn a_port_that_another_unit_has_opened_blocks_and_changes_nothing() {
    at_each_level(|unit| {
        let (port, given) = unit.installed();
        let taken = free_port();
        let given = given
            .with_machine_ports("other/0", [tcp(taken)])
            .with_config("server-port", taken);

        let then = unit.run(&Event::ConfigChanged, &given);

        let status = then.state.unit_status.unwrap();
        assert_eq!(status.name(), "blocked");
        assert!(status.message().contains(&tcp(taken)), "{status}");
        assert!(status.message().contains("other/0"), "{status}");
        assert_eq!(then.state.opened_ports, [tcp(port)]);
        assert!(unit.serves(port));
    });
}

/// A relation with a proxy that has given the application a url.
fn to_an_ingress() -> Relation {
    Relation::new("ingress", 3, "proxy")
        .with_unit("proxy/0", [])
        .with_remote_application_data([("ingress", "{\"url\": \"http://10.0.0.1/testing-web/\"}")])
        .with_unit_data([("ingress-address", "10.0.0.7")])
}

fn published(state: &State) -> (Vec<String>, Vec<String>) {
    let relation = state.relation("ingress", 3).unwrap();
    let texts = |data: &BTreeMap<String, String>| {
        let pairs = data.iter().map(|(key, text)| format!("{key}={text}"));
        pairs.collect::<Vec<_>>()
    };
    (
        texts(&relation.unit_data),
        texts(&relation.application_data),
    )
}

const ADDRESS: [&str; 3] = [
    "host=\"10.0.0.7\"",
    "ingress-address=10.0.0.7",
    "ip=\"10.0.0.7\"",
];

fn application_on(port: u16) -> [String; 4] {
    [
        "model=\"testing\"".to_owned(),
        "name=\"hello-server\"".to_owned(),
        format!("port={port}"),
        "strip-prefix=true".to_owned(),
    ]
}

#[test]
fn related_to_an_ingress_each_unit_says_where_it_is_and_the_leader_what_the_application_is() {
    at_each_level(|unit| {
        let (port, given) = unit.installed();
        let relation = to_an_ingress();
        let given = given.with_relation(relation.clone());
        for event in [
            relation.created(),
            relation.joined("proxy/0"),
            relation.application_changed(),
            Event::UpdateStatus,
        ] {
            let then = unit.run(&event, &given);
            assert_eq!(then.state.unit_status, Some(Status::active()), "{event}");
            assert_eq!(
                published(&then.state),
                (ADDRESS.map(str::to_owned).to_vec(), vec![])
            );
            assert_eq!(then.state.opened_ports, [tcp(port)]);

            let then = unit.run(&event, &given.clone().as_leader());
            assert_eq!(then.state.unit_status, Some(Status::active()), "{event}");
            let (of_unit, of_application) = published(&then.state);
            assert_eq!(of_unit, ADDRESS);
            assert_eq!(of_application, application_on(port));

            // Nothing is published twice.
            let again = unit.run(&event, &then.state);
            assert_eq!(again.state, then.state);
            let sets = |line: &String| line.starts_with("relation-set");
            assert!(!again.hook_commands.iter().any(sets), "{again:#?}");
        }
    });
}

#[test]
fn a_port_is_published_once_the_server_answers_on_it() {
    at_each_level(|unit| {
        // given
        let (before, given) = unit.installed();
        let given = given.with_relation(to_an_ingress()).as_leader();
        let given = unit.run(&Event::UpdateStatus, &given).state;
        let taken = free_port();
        let other = unit.other_process_on(taken);
        for bad in [22, i64::from(taken)] {
            // when
            let blocked = unit.run(
                &Event::ConfigChanged,
                &given.clone().with_config("server-port", bad),
            );
            // then
            let status = blocked.state.unit_status.as_ref().unwrap();
            assert_eq!(status.name(), "blocked", "{bad}");
            assert_eq!(published(&blocked.state).1, application_on(before), "{bad}");
        }
        drop(other);
        // when
        let now = free_port();
        let then = unit.run(
            &Event::ConfigChanged,
            &given.with_config("server-port", now),
        );
        // then
        assert!(unit.serves(now));
        assert_eq!(published(&then.state).1, application_on(now));
    });
}

#[test]
fn the_action_tells_the_url_or_what_is_missing() {
    at_each_level(|unit| {
        let (port, given) = unit.installed();
        let then = unit.context.run_action("url", json!({}), &given);
        let url = json!({"url": format!("http://10.0.0.1:{port}/")});
        assert_eq!(then.action.results, url);

        let mut silent = to_an_ingress();
        silent.remote_application_data.clear();
        let related = given.clone().with_relation(silent);
        let then = unit.context.run_action("url", json!({}), &related);
        assert_eq!(then.exit, Exit::Code(0));
        let failure = "for proxy to publish ingress in ingress:3";
        assert_eq!(then.action.failure.as_deref(), Some(failure));
        assert_eq!(then.state, related);

        let given = given.with_relation(to_an_ingress());
        let then = unit.context.run_action("url", json!({}), &given);
        let url = json!({"url": "http://10.0.0.1/testing-web/"});
        assert_eq!(then.action.results, url);
        assert_eq!(then.state, given);
    });
}

#[test]
fn a_relation_that_breaks_is_not_written_to_and_changes_nothing_else() {
    at_each_level(|unit| {
        let (port, given) = unit.installed();
        let mut relation = to_an_ingress();
        let departed = relation.departed("proxy/0");
        let given = given.with_relation(relation.clone()).as_leader();
        let given = unit.run(&departed, &given).state;
        relation = given.relation("ingress", 3).unwrap().clone();
        relation.remote_units.clear();
        let given = State {
            relations: vec![relation.clone()],
            ..given
        };

        let then = unit.run(&relation.broken(), &given);

        assert_eq!(then.hook_commands, NOTHING_TO_DO);
        assert_eq!(then.state, given);
        assert!(unit.serves(port));
    });
}

#[test]
fn a_range_around_the_port_takes_two_hooks_and_says_so() {
    at_each_level(|unit| {
        let port = free_port().max(2);
        let given = State::default()
            .with_config("server-port", port)
            .with_opened_ports([format!("{}-{port}/tcp", port - 1)]);

        let first = unit.run(&Event::UpdateStatus, &given);
        let waiting = Status::waiting(format!("for the next hook to open port {port}"));
        assert_eq!(first.state.unit_status, Some(waiting));

        let second = unit.run(&Event::UpdateStatus, &first.state);
        assert_eq!(second.state.unit_status, Some(Status::active()));
        assert_eq!(second.state.opened_ports, [tcp(port)]);
    });
}

#[test]
fn when_the_other_process_is_gone_one_event_is_enough() {
    let unit = Unit::dispatching();
    let (_, given) = unit.installed();
    let wanted = free_port();
    let other = unit.other_process_on(wanted);
    let given = given.with_config("server-port", wanted);
    let given = unit.run(&Event::ConfigChanged, &given).state;
    drop(other);

    let then = unit.run(&Event::UpdateStatus, &given);

    assert_eq!(then.state.unit_status, Some(Status::active()));
    assert_eq!(then.state.opened_ports, [tcp(wanted)]);
    assert!(unit.serves(wanted));
}

#[test]
fn stop_and_remove_leave_nothing_and_set_no_status() {
    at_each_level(|unit| {
        let (port, given) = unit.installed();

        let stopped = unit.run(&Event::Stop, &given);
        assert!(stopped.state.opened_ports.is_empty());
        assert!(stopped.status_history.is_empty());
        assert!(!unit.serves(port) && unit.is_installed());

        for _ in ["remove", "remove again, as after a hook that was killed"] {
            let removed = unit.run(&Event::Remove, &stopped.state);
            assert!(removed.state.opened_ports.is_empty());
            assert!(removed.status_history.is_empty());
            assert!(removed.log.is_empty());
            assert!(!unit.is_installed());
        }
    });
}

#[test]
fn a_hook_command_that_goes_wrong_fails_the_hook_and_the_retry_converges() {
    at_each_level(|unit| {
        let (before, given) = unit.installed();
        let now = free_port();
        let given = given.with_config("server-port", now);
        for kind in FaultKind::ALL {
            // config-get, opened-ports, open-port, relation-ids, close-port, status-set
            for command in 0..6 {
                let fault = Fault { command, kind };

                let then = unit
                    .context
                    .run_with_fault(&Event::ConfigChanged, &given, fault);

                let exit = match kind {
                    FaultKind::CharmKilled => Exit::Signal(9),
                    _ => Exit::Code(1),
                };
                assert_eq!(then.exit, exit, "{fault:?}");
                assert_eq!(then.state.opened_ports, [tcp(before)], "{fault:?}");
                let retried = unit.run(&Event::ConfigChanged, &then.state);
                assert_eq!(retried.state.opened_ports, [tcp(now)], "{fault:?}");
                assert_eq!(retried.state.unit_status, Some(Status::active()));
                assert!(unit.serves(now), "{fault:?}");
                let _ = unit.run(
                    &Event::ConfigChanged,
                    &given.clone().with_config("server-port", before),
                );
            }
        }
    });
}

#[test]
fn a_refused_command_is_named_in_one_line_of_the_log() {
    at_each_level(|unit| {
        let (_, given) = unit.installed();
        let then = unit
            .context
            .run_with_fault(&Event::UpdateStatus, &given, Fault::refused(1));
        assert_eq!(
            then.errors(),
            [
                "update-status failed: hook command `opened-ports --endpoints --format=json` failed (exit status: 1): \
                 ERROR the agent is going down"
            ]
        );
        assert_eq!(then.log.len(), 1);
    });
}

#[test]
fn a_server_that_cannot_be_started_fails_the_hook() {
    let mut server = FakeServer::default();
    let fake = server.clone();
    let context = Context::new(move || HelloServer::new(fake.clone()));
    server.set_fault(Some("the server cannot start"));

    let then = context.run(&Event::Install, &State::default());

    assert_eq!(then.exit, Exit::Code(1));
    assert_eq!(then.errors(), ["install failed: the server cannot start"]);
    assert_eq!(then.rolled_back, ["open-port 8000/tcp"]);
    assert!(then.state.opened_ports.is_empty());
    assert_eq!(then.state.unit_status, None);

    server.set_fault(None);
    assert_eq!(
        context.run(&Event::Install, &then.state).state.opened_ports,
        ["8000/tcp"]
    );
}

#[test]
fn both_levels_give_the_same_outcome() {
    let (in_process, dispatching) = (Unit::in_process(), Unit::dispatching());
    let (one, other) = (free_port(), free_port());
    let given = State::default().with_config("server-port", one);
    let story = [
        (Event::Install, given.clone()),
        (Event::Start, given.clone().with_opened_ports([tcp(one)])),
        (
            Event::ConfigChanged,
            given.clone().with_config("server-port", 22),
        ),
        (
            Event::UpdateStatus,
            given.clone().with_config("server-port", other),
        ),
        (
            Event::ConfigChanged,
            given.clone().with_machine_ports("other/0", [tcp(one)]),
        ),
        (Event::Stop, given.clone().with_opened_ports([tcp(one)])),
        (Event::Remove, given),
    ];
    for (event, given) in story {
        let fast = in_process.context.run(&event, &given);
        let mut real = dispatching.context.run(&event, &given);
        // What a process prints, Juju logs; in process there is no such thing.
        real.printed.clear();
        assert_eq!(fast, real, "{event}");
    }
}
