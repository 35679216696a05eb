//! The unit's relations: what they are in a state, whether Juju could have them, and what a hook makes of them.

use std::collections::{BTreeMap, BTreeSet};

use juju_emulator::charm::metadata::{Charm, Role, Scope};
use juju_emulator::{RelationChanges, RelationView};
use ops::{Event, RelationEvent, RelationId, UnitName};
use serde::Serialize;

/// A relation of the unit under test, such as `db:7`, with what both sides have published.
///
/// ```
/// use ops_testing::{Relation, State};
///
/// let database = Relation::new("db", 7, "postgresql")
///     .with_unit("postgresql/0", [("host", "10.0.0.1"), ("port", "5432")]);
/// let given = State::default()
///     .with_relation(database.clone())
///     .with_relation(Relation::among_peers("cluster", 8).with_unit("web/1", [("id", "1")]));
/// // The event to run it with.
/// let event = database.changed("postgresql/0");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Relation {
    /// The unit's own endpoint, `db` of `db:7`.
    pub endpoint: String,
    /// The relation's number in the model, 7 of `db:7`.
    pub number: u64,
    /// The application on the other side, such as `postgresql`; none among peers.
    pub remote_application: Option<String>,
    /// What the application on the other side has published; not used among peers.
    pub remote_application_data: BTreeMap<String, String>,
    /// The units of the other side that have joined, and what they have published; among peers all but the one under test.
    pub remote_units: BTreeMap<String, BTreeMap<String, String>>,
    /// What the unit's own application has published.
    pub application_data: BTreeMap<String, String>,
    /// What the unit itself has published.
    pub unit_data: BTreeMap<String, String>,
}

fn data<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> BTreeMap<String, String> {
    let owned = |(key, text): (&str, &str)| (key.to_owned(), text.to_owned());
    pairs.into_iter().map(owned).collect()
}

impl Relation {
    /// A relation with another application that has no units yet: `Relation::new("db", 7, "postgresql")`.
    #[must_use]
    pub fn new(endpoint: &str, number: u64, remote_application: &str) -> Self {
        Self {
            remote_application: Some(remote_application.to_owned()),
            ..Self::among_peers(endpoint, number)
        }
    }

    /// The relation among the units of the application itself, of which there is no other yet.
    #[must_use]
    pub fn among_peers(endpoint: &str, number: u64) -> Self {
        Self {
            endpoint: endpoint.to_owned(),
            number,
            remote_application: None,
            remote_application_data: BTreeMap::new(),
            remote_units: BTreeMap::new(),
            application_data: BTreeMap::new(),
            unit_data: BTreeMap::new(),
        }
    }

    /// The same with a unit that has joined, and what it has published.
    #[must_use]
    pub fn with_unit<'a>(
        mut self,
        unit: &str,
        published: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        self.remote_units.insert(unit.to_owned(), data(published));
        self
    }

    /// The same with what the application on the other side has published.
    #[must_use]
    pub fn with_remote_application_data<'a>(
        mut self,
        published: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        self.remote_application_data = data(published);
        self
    }

    /// The same with what the unit's own application has published before.
    #[must_use]
    pub fn with_application_data<'a>(
        mut self,
        published: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        self.application_data = data(published);
        self
    }

    /// The same with what the unit itself has published before.
    #[must_use]
    pub fn with_unit_data<'a>(
        mut self,
        published: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        self.unit_data = data(published);
        self
    }

    /// The relation's id, such as `db:7`.
    #[must_use]
    pub fn id(&self) -> RelationId {
        RelationId::new(&self.endpoint, self.number)
    }

    /// The event `db-relation-created`.
    #[must_use]
    pub fn created(&self) -> Event {
        Event::RelationCreated(self.event(None))
    }

    /// The event `db-relation-joined` for a unit of the other side.
    #[must_use]
    pub fn joined(&self, unit: &str) -> Event {
        Event::RelationJoined(self.event(Some(unit)))
    }

    /// The event `db-relation-changed` for a unit of the other side.
    #[must_use]
    pub fn changed(&self, unit: &str) -> Event {
        Event::RelationChanged(self.event(Some(unit)))
    }

    /// The event `db-relation-changed` for the data of the application on the other side.
    #[must_use]
    pub fn application_changed(&self) -> Event {
        Event::RelationChanged(self.event(None))
    }

    /// The event `db-relation-departed` for a unit of the other side that leaves; the state does not have it any more.
    #[must_use]
    pub fn departed(&self, unit: &str) -> Event {
        let event = self.event(Some(unit));
        Event::RelationDeparted(RelationEvent {
            departing_unit: event.remote_unit.clone(),
            ..event
        })
    }

    /// The event `db-relation-broken`; the state has no units of the other side any more.
    #[must_use]
    pub fn broken(&self) -> Event {
        Event::RelationBroken(self.event(None))
    }

    fn event(&self, unit: Option<&str>) -> RelationEvent {
        RelationEvent {
            id: self.id(),
            remote_application: self.remote_application.clone(),
            remote_unit: unit.and_then(|unit| unit.parse().ok()),
            departing_unit: None,
        }
    }

    /// As a hook of `unit` finds it.
    fn view(&self, unit: &str) -> RelationView {
        let ours = application_of(unit).to_owned();
        let remote_application = self.remote_application.clone();
        let mut application_data = BTreeMap::from([(ours.clone(), self.application_data.clone())]);
        if let Some(remote) = &remote_application {
            application_data.insert(remote.clone(), self.remote_application_data.clone());
        }
        let mut unit_data = self.remote_units.clone();
        unit_data.insert(unit.to_owned(), self.unit_data.clone());
        let remote_application = remote_application.unwrap_or_else(|| ours.clone());
        RelationView {
            endpoint: self.endpoint.clone(),
            key: format!("{ours}:{} {remote_application}", self.endpoint),
            remote_application,
            members: self.remote_units.keys().cloned().collect(),
            unit_data,
            application_data,
        }
    }
}

fn application_of(unit: &str) -> &str {
    unit.split('/').next().unwrap_or_default()
}

/// The relations of a state as a hook of `unit` finds them.
pub(crate) fn views(
    relations: &[Relation],
    unit: &str,
    event: &Event,
) -> BTreeMap<u64, RelationView> {
    let views = relations.iter().map(|relation| {
        let mut view = relation.view(unit);
        // Its data can still be read.
        if let Event::RelationDeparted(event) = event
            && event.id == relation.id()
            && let Some(gone) = &event.remote_unit
        {
            let gone = gone.to_string();
            view.members.remove(&gone);
            view.unit_data.entry(gone).or_default();
        }
        (relation.number, view)
    });
    views.collect()
}

/// Publishes what a hook that ended well has asked for.
pub(crate) fn publish(relations: &mut [Relation], changes: &BTreeMap<u64, RelationChanges>) {
    for relation in relations {
        if let Some(changes) = changes.get(&relation.number) {
            changes.apply(&mut relation.unit_data, &mut relation.application_data);
        }
    }
}

/// Names what Juju would never have.
pub(crate) fn check(
    relations: &[Relation],
    event: &Event,
    charm: &Charm,
    unit: &str,
    reasons: &mut Vec<String>,
) {
    let mut numbers = BTreeSet::new();
    for relation in relations {
        let id = relation.id();
        if !numbers.insert(relation.number) {
            reasons.push(format!(
                "{id}: another relation has the number {} too",
                relation.number
            ));
        }
        check_endpoint(relation, charm, reasons);
        for name in relation.remote_units.keys() {
            let application = relation.remote_application.as_deref();
            let application = application.unwrap_or(application_of(unit));
            if name == unit {
                reasons.push(format!("{id}: {unit} is the unit itself, see unit_data"));
            } else if !name
                .parse::<UnitName>()
                .is_ok_and(|name| name.application() == application)
            {
                reasons.push(format!("{id}: {name} is no unit of {application}"));
            }
        }
        let is_peer = relation.remote_application.is_none();
        if is_peer && !relation.remote_application_data.is_empty() {
            reasons.push(format!(
                "{id}: peers have one application, see application_data"
            ));
        }
        let data = relation.remote_units.values();
        let data = data.chain([
            &relation.remote_application_data,
            &relation.application_data,
            &relation.unit_data,
        ]);
        for (key, _) in data.flatten().filter(|(_, text)| text.is_empty()) {
            reasons.push(format!(
                "{id}: {key} has an empty text, which Juju takes for none"
            ));
        }
    }
    for (name, endpoint) in &charm.endpoints {
        let of_endpoint = relations.iter().filter(|it| it.endpoint == *name);
        let count = of_endpoint.count();
        let limit = match endpoint.role {
            Role::Peer => Some(1),
            Role::Provider | Role::Requirer => endpoint.limit,
        };
        if let Some(limit) = limit.filter(|limit| count > *limit as usize) {
            reasons.push(format!("{name} has {count} relations and at most {limit}"));
        }
    }
    if let Some(event) = event.relation() {
        check_event(relations, event, charm, reasons);
    }
}

fn check_endpoint(relation: &Relation, charm: &Charm, reasons: &mut Vec<String>) {
    let id = relation.id();
    let Some(endpoint) = charm.endpoints.get(&relation.endpoint) else {
        reasons.push(format!(
            "{id}: the charm has no endpoint {:?}",
            relation.endpoint
        ));
        return;
    };
    let is_peer = endpoint.role == Role::Peer;
    match &relation.remote_application {
        Some(_) if is_peer => reasons.push(format!(
            "{id}: {} is among peers, see Relation::among_peers",
            relation.endpoint
        )),
        None if !is_peer => reasons.push(format!(
            "{id}: {} is not among peers, see Relation::new",
            relation.endpoint
        )),
        _ => {}
    }
    if endpoint.scope == Scope::Container && relation.remote_units.len() > 1 {
        reasons.push(format!(
            "{id}: a subordinate and its principal have one another only, and there are {} units",
            relation.remote_units.len()
        ));
    }
}

fn check_event(
    relations: &[Relation],
    event: &RelationEvent,
    charm: &Charm,
    reasons: &mut Vec<String>,
) {
    let id = &event.id;
    if !charm.endpoints.contains_key(id.endpoint()) {
        reasons.push(format!(
            "the event is about {id}, and the charm has no endpoint {:?}",
            id.endpoint()
        ));
        return;
    }
    let Some(relation) = relations.iter().find(|it| it.id() == *id) else {
        reasons.push(format!(
            "the event is about {id}, which the state does not have"
        ));
        return;
    };
    if relation.remote_application.is_some()
        && event.remote_application != relation.remote_application
    {
        reasons.push(format!(
            "the event is about {:?} in {id}, which is a relation with {:?}",
            event.remote_application.as_deref().unwrap_or_default(),
            relation.remote_application.as_deref().unwrap_or_default(),
        ));
    }
}
