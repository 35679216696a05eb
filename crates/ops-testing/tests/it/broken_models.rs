//! Charms that go wrong in a model only, each by one mistake that charms in the field have made, and charms that do not.

#![expect(
    clippy::unnecessary_wraps,
    reason = "each is a charm's reconcile, which may fail"
)]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use ops::{Charm, Error, Event, Result, SecretContent, SecretId, Status, Unit};
use ops_testing::Workload;
use serde::Deserialize;
use serde_json::{Value, json};

type Data = BTreeMap<String, String>;

fn text(key: &str, text: &dyn ToString) -> (String, String) {
    (key.to_owned(), text.to_string())
}

/// What a charm keeps between its hooks, as by a `StoredState`; clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Memory(Arc<Mutex<Data>>);

impl Memory {
    fn lock(&self) -> MutexGuard<'_, Data> {
        self.0.lock().unwrap()
    }

    pub(crate) fn set(&self, key: &str, value: &dyn ToString) {
        self.lock().insert(key.to_owned(), value.to_string());
    }

    fn get(&self, key: &str) -> Option<String> {
        self.lock().get(key).cloned()
    }

    fn number(&self, key: &str) -> i64 {
        let number = self.get(key).and_then(|text| text.parse().ok());
        number.unwrap_or_default()
    }
}

impl Workload for Memory {
    fn snapshot(&self) -> Value {
        json!(*self.lock())
    }

    fn reset(&mut self) {
        self.lock().clear();
    }
}

/// A charm that is what its function does at every event.
pub(crate) struct Reconciled {
    pub(crate) memory: Memory,
    pub(crate) reconcile: fn(&Memory, &Unit) -> Result<Status>,
}

impl Charm for Reconciled {
    fn reconcile(&mut self, unit: &Unit) -> Result<Status> {
        (self.reconcile)(&self.memory, unit)
    }
}

/// Publishes where each unit is, and by the leader what the application is called.
pub(crate) fn provider(_: &Memory, unit: &Unit) -> Result<Status> {
    let leader = unit.leader()?;
    for relation in unit.relations("db")? {
        relation.set_unit_data(&Data::from([text("host", unit.name())]))?;
        if let Some(leader) = &leader {
            leader.set_application_data(&relation, &Data::from([text("database", &"records")]))?;
        }
    }
    Ok(Status::active())
}

/// Says what it knows of the other side.
pub(crate) fn requirer(_: &Memory, unit: &Unit) -> Result<Status> {
    let Some(relation) = unit.relation("db")? else {
        return Err(Error::blocked("db: not related"));
    };
    let data: Data = relation.application_data()?;
    let Some(database) = data.get("database") else {
        return Err(Error::waiting("db: no database yet"));
    };
    let mut hosts = Vec::new();
    for remote in relation.units()? {
        hosts.extend(relation.unit_data::<Data>(&remote)?.remove("host"));
    }
    Ok(Status::active().with_message(format!("{database} on {}", hosts.join(", "))))
}

/// Looks at the units of the other side when they join, and never again.
pub(crate) fn follows_only_joined(memory: &Memory, unit: &Unit) -> Result<Status> {
    if let Event::RelationJoined(event) = unit.event()
        && let Some(remote) = &event.remote_unit
        && let Some(relation) = unit.relation("db")?
    {
        let mut data: Data = relation.unit_data(remote)?;
        let host = data.remove("host").unwrap_or_default();
        memory.set(&remote.to_string(), &host);
    }
    Ok(Status::active())
}

/// Takes itself for the leader since it was elected.
pub(crate) fn remembers_its_leader(memory: &Memory, unit: &Unit) -> Result<Status> {
    if let Event::LeaderElected = unit.event() {
        memory.set("leads", &true);
    }
    Ok(Status::active().with_message(memory.get("leads").unwrap_or_default()))
}

/// Keeps what was published first, whoever led then.
pub(crate) fn writes_as_whoever_is_first(_: &Memory, unit: &Unit) -> Result<Status> {
    if let Some(leader) = unit.leader()?
        && let Some(peers) = unit.relation("cluster")?
    {
        let published: Data = peers.application_data()?;
        if published.is_empty() {
            let primary = unit.name().to_string();
            leader.set_application_data(&peers, &Data::from([text("primary", &primary)]))?;
        }
    }
    Ok(Status::active())
}

/// Publishes one more at every change of the other side.
pub(crate) fn answers_every_change(memory: &Memory, unit: &Unit) -> Result<Status> {
    if let Event::RelationChanged(_) = unit.event()
        && let Some(relation) = unit.relations("db")?.first()
    {
        let count = memory.number("changes") + 1;
        memory.set("changes", &count);
        relation.set_unit_data(&Data::from([text("seen", &count)]))?;
    }
    Ok(Status::active())
}

/// Reads what the other side has published when the relation is made, and never again.
pub(crate) fn reads_at_created(memory: &Memory, unit: &Unit) -> Result<Status> {
    if let Event::RelationCreated(_) = unit.event()
        && let Some(relation) = unit.relation("db")?
    {
        let mut data: Data = relation.application_data()?;
        let database = data.remove("database").unwrap_or_default();
        memory.set("database", &database);
    }
    Ok(Status::active())
}

/// Tidies up in `cluster-relation-broken`, which no unit has of its peers.
pub(crate) fn tidies_up_when_broken(memory: &Memory, unit: &Unit) -> Result<Status> {
    match unit.event() {
        Event::RelationCreated(event) if event.id.endpoint() == "cluster" => {
            memory.set("registered", &true);
        }
        Event::RelationBroken(event) if event.id.endpoint() == "cluster" => memory.lock().clear(),
        _ => {}
    }
    Ok(Status::active())
}

/// Gives its password away to who asks for it, and takes it back once they have it.
pub(crate) fn revokes_what_it_gave(_: &Memory, unit: &Unit) -> Result<Status> {
    let Some(leader) = unit.leader()? else {
        return Ok(Status::active());
    };
    let password = SecretContent::from([("password", "hunter2")]);
    let secret = leader.keep_secret("password", &password)?;
    for relation in unit.relations("db")? {
        let data: Data = relation.application_data()?;
        if data.contains_key("done") {
            secret.revoke(&relation)?;
        } else {
            secret.grant(&relation)?;
            let id = secret.id()?.to_string();
            leader.set_application_data(&relation, &Data::from([text("password", &id)]))?;
        }
    }
    Ok(Status::active())
}

/// What who gives away a password publishes.
#[derive(Deserialize)]
struct Offer {
    password: SecretId,
}

/// Reads the password that it is given at every event, and says that it has.
pub(crate) fn reads_the_password(_: &Memory, unit: &Unit) -> Result<Status> {
    let Some(relation) = unit.relation("db")? else {
        return Err(Error::blocked("db: not related"));
    };
    let Offer { password } = relation.application_data()?;
    unit.secret(&password).refresh()?;
    if let Some(leader) = unit.leader()? {
        leader.set_application_data(&relation, &Data::from([text("done", &"true")]))?;
    }
    Ok(Status::active())
}

/// Publishes how many peers each unit knows, which is of interest to nobody.
pub(crate) fn publishes_for_nobody(_: &Memory, unit: &Unit) -> Result<Status> {
    let peers = unit.relation("cluster")?;
    let count = peers.map_or(Ok(0), |peers| peers.units().map(|units| units.len()))?;
    for relation in unit.relations("db")? {
        relation.set_unit_data(&Data::from([text("peers", &count)]))?;
    }
    Ok(Status::active())
}

/// Counts who has joined and who has departed, and not who is there.
pub(crate) fn counts_joined_and_departed(memory: &Memory, unit: &Unit) -> Result<Status> {
    let change = match unit.event() {
        Event::RelationJoined(_) => 1,
        Event::RelationDeparted(_) => -1,
        _ => 0,
    };
    let count = memory.number("units") + change;
    memory.set("units", &count);
    Ok(Status::active().with_message(format!("{count} units")))
}
