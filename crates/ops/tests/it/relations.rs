//! Relations: what a charm reads and publishes, who must act on what it cannot read, and how little is asked of Juju.

use std::collections::BTreeMap;
use std::path::PathBuf;

use ops::{Charm, Error, Event, Result, Status, Unit};
use ops_testing::{Context, Outcome, Relation, State};
use serde::{Deserialize, Serialize};

/// Shows its address to whoever is related, and needs a database when it is related to one.
struct Web;

#[derive(Serialize)]
struct Website<'a> {
    hostname: &'a str,
    port: u16,
    tls: Option<bool>,
}

#[derive(Deserialize)]
struct Database {
    host: String,
    port: u16,
    #[serde(with = "ops::json", default)]
    replicas: Vec<String>,
}

impl Charm for Web {
    fn reconcile(&mut self, unit: &Unit) -> Result<Status> {
        let website = Website {
            hostname: "10.0.0.1",
            port: 80,
            tls: None,
        };
        for relation in unit.relations("website")? {
            relation.set_unit_data(&website)?;
            if let Some(leader) = unit.leader()? {
                leader.set_application_data(&relation, &BTreeMap::from([("name", "web")]))?;
            }
        }
        if let Some(leader) = unit.leader()? {
            leader.set_application_status(&Status::active().with_message("the leader says so"));
        }
        let mut peers = 0;
        if let Some(cluster) = unit.relation("cluster")? {
            cluster.set_unit_data(&BTreeMap::from([("planned", unit.planned_units()?)]))?;
            peers = cluster.units()?.len();
            assert_eq!(cluster.application()?, "web");
        }
        let Some(relation) = unit.relation("db")? else {
            return Ok(Status::active().with_message(format!("{peers} peers")));
        };
        let mut database: Database = relation.application_data()?;
        database.replicas.sort();
        Ok(Status::active().with_message(format!(
            "{}:{} of {}, {:?}",
            database.host,
            database.port,
            relation.application()?,
            database.replicas
        )))
    }
}

fn web() -> Context {
    let metadata = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/related_charm");
    Context::of_charm(&metadata, || Web)
}

fn database() -> Relation {
    Relation::new("db", 7, "mysql").with_unit("mysql/0", [])
}

fn status(then: &Outcome) -> String {
    then.state.unit_status.as_ref().unwrap().to_string()
}

#[test]
fn only_what_differs_is_published_and_nothing_is_asked_twice() {
    // given
    let before = Relation::new("website", 3, "haproxy").with_unit_data([
        ("ingress-address", "10.0.0.1"),
        ("port", "8080"),
        ("tls", "true"),
    ]);
    let peers = Relation::among_peers("cluster", 4).with_unit("web/1", []);
    let given = State::default()
        .with_relation(before)
        .with_relation(peers)
        .with_planned_units(2)
        .as_leader();
    // when
    let then = web().run(&Event::ConfigChanged, &given);
    // then
    assert_eq!(
        then.hook_commands,
        [
            "relation-ids website --format=json",
            "relation-get -r website:3 - web/0 --format=json",
            "is-leader --format=json",
            "relation-get -r website:3 --app - web --format=json",
            "relation-ids cluster --format=json",
            "goal-state --format=json",
            "relation-get -r cluster:4 - web/0 --format=json",
            "relation-list -r cluster:4 --format=json",
            "relation-list -r cluster:4 --app --format=json",
            "relation-ids db --format=json",
            "relation-set -r cluster:4 --file -",
            "relation-set -r website:3 --app --file -",
            "relation-set -r website:3 --file -",
            "status-set --application active -- the leader says so",
            "status-set active -- 1 peers",
        ]
    );
    let published = then.state.relation("website", 3).unwrap();
    let expected = Relation::new("website", 3, "haproxy")
        .with_application_data([("name", "web")])
        .with_unit_data([
            ("hostname", "10.0.0.1"),
            ("ingress-address", "10.0.0.1"),
            ("port", "80"),
        ]);
    assert_eq!(*published, expected);
    assert_eq!(
        then.state.application_status,
        Some(Status::active().with_message("the leader says so"))
    );
    // and once more nothing is published
    let again = web().run(&Event::ConfigChanged, &then.state);
    let sets = again.hook_commands.iter();
    let sets: Vec<_> = sets.filter(|line| line.contains("relation-set")).collect();
    assert!(sets.is_empty(), "{sets:?}");
    assert_eq!(again.state, then.state);
}

#[test]
fn a_unit_without_relations_asks_for_no_data() {
    let then = web().run(&Event::Start, &State::default());
    assert_eq!(
        then.hook_commands,
        [
            "relation-ids website --format=json",
            "is-leader --format=json",
            "relation-ids cluster --format=json",
            "relation-ids db --format=json",
            "status-set active -- 0 peers",
        ]
    );
}

#[test]
fn data_is_read_into_the_charms_own_type() {
    let relation = database().with_remote_application_data([
        ("host", "10.0.0.9"),
        ("port", "3306"),
        ("replicas", r#"["b", "a"]"#),
        ("password", "hunter2"),
    ]);
    let given = State::default().with_relation(relation.clone());
    let then = web().run(&relation.application_changed(), &given);
    assert_eq!(
        status(&then),
        r#"active: 10.0.0.9:3306 of mysql, ["a", "b"]"#
    );
    // The event has told which application it is.
    assert!(
        !then
            .hook_commands
            .iter()
            .any(|line| line.contains("relation-list"))
    );
}

#[test]
fn what_is_missing_is_waited_for_and_what_is_wrong_is_the_operators() {
    for (published, then_status) in [
        (
            &[("port", "3306")][..],
            "waiting: for mysql to publish host in db:7",
        ),
        (
            &[("host", "h")],
            "waiting: for mysql to publish port in db:7",
        ),
        (
            &[("host", "h"), ("port", "hunter2")],
            "blocked: mysql has published as port in db:7 what cannot be used, expected a whole number from 0 to 65535; see whether its charm is too old or too new",
        ),
        (
            &[("host", "h"), ("port", "1"), ("replicas", "[hunter2")],
            "blocked: mysql has published as replicas in db:7 what cannot be used, expected other JSON at line 1, column 2; see whether its charm is too old or too new",
        ),
    ] {
        let relation = database().with_remote_application_data(published.iter().copied());
        let given = State::default()
            .with_relation(relation)
            .with_relation(Relation::new("website", 3, "haproxy"))
            .as_leader();
        let then = web().run(&Event::UpdateStatus, &given);
        assert!(then.succeeded(), "{:?}", then.log);
        assert_eq!(status(&then), then_status);
        // Of what the hook asked for, only data is there, and only while the unit waits: the other side may wait for it.
        let published = !then
            .state
            .relation("website", 3)
            .unwrap()
            .unit_data
            .is_empty();
        assert_eq!(published, then_status.starts_with("waiting"));
        assert_eq!(then.state.application_status, None);
        // And no text that was published is told.
        assert!(!format!("{:?}{:?}", then.log, then.hook_commands).contains("hunter2"));
    }
}

#[test]
fn a_relation_is_gone_when_it_is_broken() {
    let relation = Relation::new("db", 7, "mysql")
        .with_remote_application_data([("host", "h"), ("port", "1")]);
    let given = State::default().with_relation(relation.clone());
    let then = web().run(&relation.broken(), &given);
    assert_eq!(status(&then), "active: 0 peers");
    // While it goes its data can still be read.
    let then = web().run(&relation.departed("mysql/0"), &given);
    assert_eq!(status(&then), "active: h:1 of mysql, []");
}

#[test]
fn a_second_relation_where_one_is_expected_is_the_operators_to_remove() {
    struct One;
    impl Charm for One {
        fn reconcile(&mut self, unit: &Unit) -> Result<Status> {
            unit.relation("website")?;
            Ok(Status::active())
        }
    }
    let metadata = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/related_charm");
    let context = Context::of_charm(&metadata, || One);
    let given = State::default()
        .with_relation(Relation::new("website", 10, "b"))
        .with_relation(Relation::new("website", 9, "a"));
    let then = context.run(&Event::Start, &given);
    assert_eq!(
        status(&then),
        "blocked: website takes one relation and has website:9, website:10; remove all but one"
    );
}

#[test]
fn what_a_hook_publishes_is_read_in_it_and_dropped_when_it_fails() {
    struct Fails;
    impl Charm for Fails {
        fn reconcile(&mut self, unit: &Unit) -> Result<Status> {
            let relation = unit
                .relation("db")?
                .ok_or_else(|| Error::blocked("no db"))?;
            relation.set_unit_data(&BTreeMap::from([("user", "me"), ("old", "")]))?;
            let own: BTreeMap<String, String> = relation.unit_data(unit.name())?;
            let own = format!("{own:?}");
            if own != r#"{"kept": "1", "user": "me"}"# {
                return Err(Error::blocked(own));
            }
            Err(anyhow::anyhow!("the disk is full").into())
        }
    }
    let metadata = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/related_charm");
    let context = Context::of_charm(&metadata, || Fails);
    let given =
        State::default().with_relation(database().with_unit_data([("old", "1"), ("kept", "1")]));
    let then = context.run(&Event::Start, &given);
    assert_eq!(then.errors(), ["start failed: the disk is full"]);
    assert_eq!(then.state, given);
    assert!(
        !then
            .hook_commands
            .iter()
            .any(|line| line.starts_with("relation-set"))
    );
}

#[test]
fn what_is_no_flat_map_fails_the_hook_and_is_not_shown() {
    #[derive(Serialize)]
    struct Nested {
        password: Vec<&'static str>,
    }
    struct Publishes;
    impl Charm for Publishes {
        fn reconcile(&mut self, unit: &Unit) -> Result<Status> {
            let relation = unit
                .relation("db")?
                .ok_or_else(|| Error::blocked("no db"))?;
            let password = vec!["hunter2"];
            relation.set_unit_data(&Nested { password })?;
            Ok(Status::active())
        }
    }
    let given = State::default().with_relation(database());
    let metadata = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/related_charm");
    let then = Context::of_charm(&metadata, || Publishes).run(&Event::Start, &given);
    assert_eq!(
        then.errors(),
        [
            "start failed: cannot publish data in the relation db:7: password is no plain text; mark it #[serde(with = \"ops::json\")]"
        ]
    );
}

#[test]
fn the_data_of_all_units_come_in_the_order_of_the_units_each_read_once() {
    // given
    struct Backends;
    impl Charm for Backends {
        fn reconcile(&mut self, unit: &Unit) -> Result<Status> {
            let mut told = Vec::new();
            if let Some(relation) = unit.relation("db")? {
                let second: Database = relation.unit_data(&"mysql/2".parse().unwrap())?;
                told.push(format!("port {}", second.port));
                for (unit, data) in relation.units_data::<Database>()? {
                    let text = data.map_or_else(|error| error.to_string(), |data| data.host);
                    told.push(format!("{unit} {text}"));
                }
            }
            Ok(Status::active().with_message(told.join("; ")))
        }
    }
    let metadata = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/related_charm");
    let context = Context::of_charm(&metadata, || Backends);
    let relation = Relation::new("db", 7, "mysql")
        .with_unit("mysql/10", [("host", "c"), ("port", "3")])
        .with_unit("mysql/2", [("host", "b"), ("port", "2")])
        .with_unit("mysql/1", [("host", "a")]);
    // when
    let given = State::default().with_relation(relation);
    let then = context.run(&Event::ConfigChanged, &given);
    // then
    assert_eq!(
        status(&then),
        "active: port 2; mysql/1 for mysql/1 to publish port in db:7; mysql/2 b; mysql/10 c"
    );
    assert_eq!(
        then.hook_commands[1..5],
        [
            "relation-get -r db:7 - mysql/2 --format=json",
            "relation-list -r db:7 --format=json",
            "relation-get -r db:7 - mysql/1 --format=json",
            "relation-get -r db:7 - mysql/10 --format=json",
        ]
    );
}
