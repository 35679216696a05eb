//! One relation of the unit.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};
use crate::relation::data;
use crate::relation::hook_relations::{Bag, HookRelations};
use crate::relation::id::RelationId;
use crate::unit::Unit;
use crate::unit_name::UnitName;

/// A relation of the unit, such as `db:7`: with another application, or among the units of its own (`peers`).
///
/// Either side publishes data: each unit its own, and each application, by its leader. A *bag* is a flat map of texts,
/// which this crate reads into and writes from a type of the charm's own:
///
/// | a field | its text |
/// |---|---|
/// | a string, a number, a truth value, an enum without data | as it is: `10.0.0.1`, `5432`, `true`, `read-only` |
/// | an `Option` | the key is missing, or is deleted |
/// | marked `#[serde(with = "ops::json")]` | JSON, as many interfaces have it: `["a", "b"]` |
///
/// A map from strings to strings has all keys.
///
/// ```no_run
/// use ops::{Result, Status, Unit};
///
/// #[derive(serde::Deserialize)]
/// struct Database {
///     host: String,
///     port: u16,
/// }
///
/// #[derive(serde::Serialize)]
/// struct Request<'a> {
///     database: &'a str,
/// }
///
/// fn reconcile(unit: &Unit) -> Result<Status> {
///     let Some(relation) = unit.relation("db")? else {
///         return Ok(Status::blocked("integrate it with a database"));
///     };
///     if let Some(leader) = unit.leader()? {
///         leader.set_application_data(&relation, &Request { database: "web" })?;
///     }
///     // Until the database has published all of it, the unit is waiting.
///     let database: Database = relation.application_data()?;
///     Ok(Status::active().with_message(format!("uses {}:{}", database.host, database.port)))
/// }
/// ```
#[derive(Clone)]
pub struct Relation<'u> {
    unit: &'u Unit,
    id: RelationId,
}

impl<'u> Relation<'u> {
    pub(crate) fn new(unit: &'u Unit, id: RelationId) -> Self {
        Self { unit, id }
    }

    pub(crate) fn unit(&self) -> &'u Unit {
        self.unit
    }

    /// The relation's id, such as `db:7`.
    #[must_use]
    pub fn id(&self) -> &RelationId {
        &self.id
    }

    /// The application on the other side, such as `postgresql`; among peers the unit's own: `relation-list --app`.
    ///
    /// # Errors
    /// Only those of any hook command.
    pub fn application(&self) -> Result<String> {
        self.relations()
            .application(&self.id, self.unit.event(), self.unit.hook_commands())
    }

    /// The units of the other side that have joined and not departed, sorted; among peers all but this one:
    /// `relation-list`.
    ///
    /// # Errors
    /// Only those of any hook command.
    pub fn units(&self) -> Result<Vec<UnitName>> {
        self.relations().units(&self.id, self.unit.hook_commands())
    }

    /// What the application on the other side has published, or among peers the unit's own: `relation-get --app`.
    ///
    /// # Errors
    /// [`Error::Waiting`](crate::Error::Waiting) while a key is missing, naming it; [`Error::Blocked`](crate::Error::Blocked)
    /// when a text does not fit its field. Neither shows what was published.
    pub fn application_data<T: DeserializeOwned>(&self) -> Result<T> {
        self.read(&Bag::Application(self.application()?))
    }

    /// What one unit of the relation has published, itself included: `relation-get - postgresql/0`.
    ///
    /// # Errors
    /// As [`application_data`](Self::application_data).
    pub fn unit_data<T: DeserializeOwned>(&self, unit: &UnitName) -> Result<T> {
        self.read(&Bag::Unit(unit.clone()))
    }

    /// What each of [`units`](Self::units) has published, in their order: `relation-list`, and a `relation-get` for each.
    ///
    /// With many units this takes less time than to read one after the other, since the hook commands overlap. Whether a unit
    /// has published what is needed is told for each:
    ///
    /// ```no_run
    /// #[derive(serde::Deserialize)]
    /// struct Backend {
    ///     address: String,
    ///     port: u16,
    /// }
    ///
    /// # fn reconcile(relation: &ops::Relation<'_>) -> ops::Result<()> {
    /// let mut lines = Vec::new();
    /// for (unit, backend) in relation.units_data()? {
    ///     match backend {
    ///         Ok(Backend { address, port }) => lines.push(format!("server {unit} {address}:{port}")),
    ///         // It counts once it has published.
    ///         Err(ops::Error::Waiting(_)) => {}
    ///         Err(error) => return Err(error),
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Only those of any hook command. Those of a unit are as of [`application_data`](Self::application_data).
    pub fn units_data<T: DeserializeOwned>(&self) -> Result<Vec<(UnitName, Result<T>)>> {
        let units = self.units()?;
        self.relations()
            .read_units(&self.id, &units, self.unit.hook_commands())?;
        let data = units.into_iter().map(|unit| {
            let data = self.unit_data(&unit);
            (unit, data)
        });
        Ok(data.collect())
    }

    /// Publishes data of this unit: what differs is sent when the charm has returned `Ok`, by one `relation-set`.
    ///
    /// A field that is `None`, or an empty text, deletes its key. Keys that `data` does not have stay as they are, such
    /// as `ingress-address`, which Juju publishes for every unit.
    ///
    /// # Errors
    /// When `data` is no flat map of texts, numbers and truth values.
    pub fn set_unit_data<T: Serialize + ?Sized>(&self, data: &T) -> Result<()> {
        self.write(Bag::Unit(self.unit.name().clone()), data)
    }

    pub(crate) fn set_own_application_data<T: Serialize + ?Sized>(&self, data: &T) -> Result<()> {
        let application = self.unit.name().application().to_owned();
        self.write(Bag::Application(application), data)
    }

    fn relations(&self) -> &'u HookRelations {
        &self.unit.changes().relations
    }

    fn read<T: DeserializeOwned>(&self, bag: &Bag) -> Result<T> {
        let texts = self
            .relations()
            .read(&self.id, bag, self.unit.hook_commands())?;
        data::read(&texts).map_err(|problem| problem.of(&self.id, bag))
    }

    fn write<T: Serialize + ?Sized>(&self, bag: Bag, data: &T) -> Result<()> {
        let texts = data::write(data).map_err(|why| {
            anyhow::anyhow!("cannot publish data in the relation {}: {why}", self.id)
        })?;
        self.relations()
            .write(&self.id, bag, texts, self.unit.hook_commands())
    }
}

impl fmt::Debug for Relation<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Relation({})", self.id)
    }
}

impl Unit {
    /// The relations of an endpoint, such as `db`, in the order of their numbers: `relation-ids`.
    ///
    /// A relation counts as gone in its `relation-broken`: that is the last hook that could take it into account.
    ///
    /// ```no_run
    /// # fn reconcile(unit: &ops::Unit) -> ops::Result<()> {
    /// #[derive(serde::Serialize)]
    /// #[serde(rename_all = "kebab-case")]
    /// struct Website {
    ///     hostname: String,
    ///     port: u16,
    /// }
    ///
    /// for relation in unit.relations("website")? {
    ///     relation.set_unit_data(&Website { hostname: "10.0.0.1".to_owned(), port: 80 })?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Only those of any hook command.
    pub fn relations(&self, endpoint: &str) -> Result<Vec<Relation<'_>>> {
        let ids = self
            .changes()
            .relations
            .ids(endpoint, self.event(), self.hook_commands())?;
        Ok(ids.into_iter().map(|id| Relation::new(self, id)).collect())
    }

    /// The relation of an endpoint that has at most one (`limit: 1`), or of peers; none while there is none:
    /// `relation-ids`.
    ///
    /// # Errors
    /// [`Error::Blocked`](crate::Error::Blocked) when the operator has integrated it more than once.
    pub fn relation(&self, endpoint: &str) -> Result<Option<Relation<'_>>> {
        let mut relations = self.relations(endpoint)?;
        if let [_, _, ..] = relations[..] {
            let ids: Vec<_> = relations.iter().map(|it| it.id().to_string()).collect();
            return Err(Error::blocked(format!(
                "{endpoint} takes one relation and has {}; remove all but one",
                ids.join(", ")
            )));
        }
        Ok(relations.pop())
    }
}
