//! Relations in a state, and the laws for charms that are related.

use std::collections::BTreeMap;
use std::fs;

use ops::{Charm, Error, Event, Result, Status, Unit};
use ops_testing::{Context, Law, Laws, Relation, State, Violation};
use serde::Deserialize;

const METADATA: &str = "
name: web
requires: {db: {interface: database, limit: 1}}
provides: {website: {interface: http}, beside: {interface: beside, scope: container}}
peers: {cluster: {interface: cluster}}
";

#[derive(Deserialize)]
struct Database {
    host: String,
    port: u16,
}

/// What a charm does in the tests, given its unit.
type Reconcile = fn(&Unit) -> Result<Status>;

struct Web(Reconcile);

impl Charm for Web {
    fn reconcile(&mut self, unit: &Unit) -> Result<Status> {
        (self.0)(unit)
    }
}

fn web(reconcile: Reconcile) -> Context {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("charmcraft.yaml"), METADATA).unwrap();
    Context::of_charm(directory.path(), move || Web(reconcile))
}

fn database() -> Relation {
    Relation::new("db", 7, "mysql")
        .with_remote_application_data([("host", "10.0.0.9"), ("port", "3306")])
        .with_unit("mysql/0", [("up", "yes")])
}

/// Publishes an address in every relation and asks for a database; the leader publishes the name.
fn holistic(unit: &Unit) -> Result<Status> {
    let published = BTreeMap::from([("host", "10.0.0.1")]);
    for relation in unit.relations("website")? {
        relation.set_unit_data(&published)?;
        if let Some(leader) = unit.leader()? {
            leader.set_application_data(&relation, &BTreeMap::from([("name", "web")]))?;
        }
    }
    if let Some(cluster) = unit.relation("cluster")? {
        cluster.set_unit_data(&published)?;
    }
    let Some(relation) = unit.relation("db")? else {
        return Ok(Status::blocked("integrate it with a database"));
    };
    relation.set_unit_data(&BTreeMap::from([("database", "web")]))?;
    let database: Database = relation.application_data()?;
    Ok(Status::active().with_message(format!("uses {}:{}", database.host, database.port)))
}

fn broken_law(reconcile: Reconcile) -> Violation {
    let context = web(reconcile);
    let laws = Laws::of(&context, ()).with_relation(database());
    laws.with_stories(100)
        .try_check([State::default()])
        .unwrap_err()
}

#[test]
fn a_related_charm_that_is_holistic_keeps_all_laws() {
    let context = web(holistic);
    let given = [
        State::default(),
        State::default().as_leader(),
        State::default().with_relation(database()),
    ];
    // All stories take a minute in a debug build.
    Laws::of(&context, ())
        .with_relation(database())
        .with_stories(100)
        .check(given);
}

#[test]
fn who_publishes_at_one_event_only_breaks_the_law_of_order() {
    let violation = broken_law(|unit| {
        if matches!(unit.event(), Event::RelationJoined(_)) {
            for relation in unit.relations("website")? {
                relation.set_unit_data(&BTreeMap::from([("host", "10.0.0.1")]))?;
            }
        }
        Ok(Status::active())
    });
    assert_eq!(violation.law, Law::Order, "{violation}");
    assert!(violation.story.contains("data of the unit"), "{violation}");
}

#[test]
fn who_counts_on_data_that_may_be_late_does_not_end_well() {
    let violation = broken_law(|unit| {
        if let Some(relation) = unit.relation("db")? {
            let data: BTreeMap<String, String> = relation.application_data()?;
            let port = data.get("port").ok_or_else(|| anyhow::anyhow!("no port"))?;
            port.parse::<u16>().map_err(anyhow::Error::new)?;
        }
        Ok(Status::active())
    });
    assert_eq!(violation.law, Law::EndsWell, "{violation}");
}

#[test]
fn who_publishes_something_else_each_time_is_not_idempotent() {
    let violation = broken_law(|unit| {
        if let Some(relation) = unit.relation("cluster")? {
            let data: BTreeMap<String, String> = relation.unit_data(unit.name())?;
            let turn = data.get("turn").map_or(0, String::len) + 1;
            relation.set_unit_data(&BTreeMap::from([("turn", "x".repeat(turn))]))?;
        }
        Ok(Status::active())
    });
    assert_eq!(violation.law, Law::Idempotence, "{violation}");
}

#[test]
fn who_leaves_published_what_is_no_longer_true_breaks_the_law_of_order() {
    let violation = broken_law(|unit| {
        let database = unit.relation("db")?;
        for relation in unit.relations("website")? {
            if database.is_some() {
                relation.set_unit_data(&BTreeMap::from([("database", "yes")]))?;
            }
        }
        Ok(Status::active())
    });
    assert_eq!(violation.law, Law::Order, "{violation}");
}

#[test]
fn a_state_that_juju_never_has_is_refused_with_every_reason() {
    // given
    let state = State::default()
        .with_relation(Relation::new("db", 1, "mysql").with_unit("postgresql/0", []))
        .with_relation(Relation::new("db", 2, "mysql").with_unit_data([("empty", "")]))
        .with_relation(Relation::new("dc", 2, "mysql"))
        .with_relation(Relation::new("cluster", 4, "mysql"))
        .with_relation(Relation::among_peers("website", 5))
        .with_relation(Relation::among_peers("cluster", 6).with_unit("web/0", []))
        .with_relation(
            Relation::new("beside", 8, "sub")
                .with_unit("sub/0", [])
                .with_unit("sub/1", []),
        )
        .with_planned_units(0);
    let event = Relation::new("db", 9, "mysql").created();
    // when
    let refusal = web(holistic).try_run(&event, &state).unwrap_err();
    // then
    assert_eq!(
        refusal.reasons,
        [
            "db:1: postgresql/0 is no unit of mysql",
            "db:2: empty has an empty text, which Juju takes for none",
            "dc:2: another relation has the number 2 too",
            "dc:2: the charm has no endpoint \"dc\"",
            "cluster:4: cluster is among peers, see Relation::among_peers",
            "website:5: website is not among peers, see Relation::new",
            "cluster:6: web/0 is the unit itself, see unit_data",
            "beside:8: a subordinate and its principal have one another only, and there are 2 units",
            "cluster has 2 relations and at most 1",
            "db has 2 relations and at most 1",
            "the event is about db:9, which the state does not have",
            "planned-units: the unit itself is one",
        ]
    );
    let relation = Relation::new("db", 1, "mysql");
    let other = Relation::new("db", 1, "postgresql").created();
    let given = State::default().with_relation(relation);
    let refusal = web(holistic).try_run(&other, &given).unwrap_err();
    assert_eq!(
        refusal.reasons,
        ["the event is about \"postgresql\" in db:1, which is a relation with \"mysql\""]
    );
}

#[test]
fn what_a_hook_leaves_when_it_fails_or_blocks_is_what_juju_leaves() {
    for (ending, published) in [
        (ok as Reconcile, true),
        (waits, true),
        (blocks, false),
        (fails, false),
    ] {
        let given = State::default().with_relation(database()).as_leader();
        let then = web(ending).run(&Event::UpdateStatus, &given);
        let relation = then.state.relation("db", 7).unwrap();
        assert_eq!(!relation.unit_data.is_empty(), published, "{then:?}");
        assert_eq!(!relation.application_data.is_empty(), published, "{then:?}");
    }
}

fn publish(unit: &Unit) -> Result<()> {
    let relation = unit
        .relation("db")?
        .ok_or_else(|| Error::blocked("no relation"))?;
    relation.set_unit_data(&BTreeMap::from([("a", "1")]))?;
    if let Some(leader) = unit.leader()? {
        leader.set_application_data(&relation, &BTreeMap::from([("a", "1")]))?;
    }
    Ok(())
}

fn ok(unit: &Unit) -> Result<Status> {
    publish(unit)?;
    Ok(Status::active())
}

fn waits(unit: &Unit) -> Result<Status> {
    publish(unit)?;
    Err(Error::waiting("for something"))
}

fn blocks(unit: &Unit) -> Result<Status> {
    publish(unit)?;
    Err(Error::blocked("by something"))
}

fn fails(unit: &Unit) -> Result<Status> {
    publish(unit)?;
    Err(anyhow::anyhow!("something fails").into())
}
