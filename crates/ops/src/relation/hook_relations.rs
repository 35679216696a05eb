//! The relations of the unit in the course of one hook: what has been read of them, and what is to be published.

use std::cell::{RefCell, RefMut};
use std::collections::BTreeMap;
use std::fmt;

use crate::error::Result;
use crate::event::Event;
use crate::hook_command::{HookCommand, HookCommands};
use crate::relation::deserialize::Texts;
use crate::relation::id::RelationId;
use crate::unit_name::UnitName;

/// Whose data it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Bag {
    Application(String),
    Unit(UnitName),
}

/// The relations of the unit in the course of one hook. Nothing is read twice, and nothing that is not asked for.
#[derive(Default)]
pub(crate) struct HookRelations {
    by_endpoint: RefCell<BTreeMap<String, Vec<RelationId>>>,
    relations: RefCell<BTreeMap<RelationId, HookRelation>>,
}

#[derive(Default)]
struct HookRelation {
    application: Option<String>,
    units: Option<Vec<UnitName>>,
    published: BTreeMap<Bag, Texts>,
    /// What the charm wants its own bags to have; an empty text deletes the key.
    wanted: BTreeMap<Bag, Texts>,
}

impl HookRelations {
    /// The relations of an endpoint. One that is broken is there for its last hook only, and no hook follows that could
    /// make good what a charm does with it: it counts as gone.
    pub(crate) fn ids(
        &self,
        endpoint: &str,
        event: &Event,
        hook_commands: &dyn HookCommands,
    ) -> Result<Vec<RelationId>> {
        if let Some(ids) = self.by_endpoint.borrow().get(endpoint) {
            return Ok(ids.clone());
        }
        let command = HookCommand::new("relation-ids").arg(endpoint);
        let mut ids: Vec<RelationId> = command.read_json(hook_commands)?;
        if let Event::RelationBroken(broken) = event {
            ids.retain(|id| *id != broken.id);
        }
        ids.sort();
        let mut by_endpoint = self.by_endpoint.borrow_mut();
        by_endpoint.insert(endpoint.to_owned(), ids.clone());
        Ok(ids)
    }

    pub(crate) fn application(
        &self,
        id: &RelationId,
        event: &Event,
        hook_commands: &dyn HookCommands,
    ) -> Result<String> {
        if let Some(application) = &self.relation(id).application {
            return Ok(application.clone());
        }
        let told_by_the_event = event.relation().filter(|event| event.id == *id);
        let told_by_the_event = told_by_the_event.and_then(|it| it.remote_application.clone());
        let application = if let Some(application) = told_by_the_event {
            application
        } else {
            let command = about("relation-list", id).arg("--app");
            command.read_json(hook_commands)?
        };
        self.relation(id).application = Some(application.clone());
        Ok(application)
    }

    pub(crate) fn units(
        &self,
        id: &RelationId,
        hook_commands: &dyn HookCommands,
    ) -> Result<Vec<UnitName>> {
        if let Some(units) = &self.relation(id).units {
            return Ok(units.clone());
        }
        let command = about("relation-list", id);
        let mut units: Vec<UnitName> = command.read_json(hook_commands)?;
        units.sort();
        self.relation(id).units = Some(units.clone());
        Ok(units)
    }

    /// What is published, with what this hook is to publish.
    pub(crate) fn read(
        &self,
        id: &RelationId,
        bag: &Bag,
        hook_commands: &dyn HookCommands,
    ) -> Result<Texts> {
        let mut texts = self.published(id, bag, hook_commands)?;
        if let Some(wanted) = self.relation(id).wanted.get(bag) {
            texts.extend(wanted.clone());
            texts.retain(|_, text| !text.is_empty());
        }
        Ok(texts)
    }

    /// Holds what is to be published until the charm has returned `Ok`.
    pub(crate) fn write(
        &self,
        id: &RelationId,
        bag: Bag,
        texts: Texts,
        hook_commands: &dyn HookCommands,
    ) -> Result<()> {
        self.published(id, &bag, hook_commands)?;
        let mut relation = self.relation(id);
        relation.wanted.entry(bag).or_default().extend(texts);
        Ok(())
    }

    /// The commands that publish what differs from what is published.
    pub(crate) fn held(&self) -> Vec<HookCommand> {
        let relations = self.relations.borrow();
        let commands = relations.iter().flat_map(|(id, relation)| {
            relation.wanted.iter().filter_map(|(bag, wanted)| {
                let published = relation.published.get(bag)?;
                let differs = |(key, text): &(&String, &String)| {
                    published.get(*key).map_or("", String::as_str) != text.as_str()
                };
                let changes: BTreeMap<_, _> = wanted.iter().filter(differs).collect();
                let command = about("relation-set", id);
                let command = match bag {
                    Bag::Application(_) => command.arg("--app"),
                    Bag::Unit(_) => command,
                };
                let json = serde_json::to_vec(&changes).ok()?;
                let command = command.arg("--file").arg("-").with_stdin(json);
                (!changes.is_empty()).then_some(command)
            })
        });
        commands.collect()
    }

    fn published(
        &self,
        id: &RelationId,
        bag: &Bag,
        hook_commands: &dyn HookCommands,
    ) -> Result<Texts> {
        if let Some(texts) = self.relation(id).published.get(bag) {
            return Ok(texts.clone());
        }
        let texts: Texts = get(id, bag).read_json(hook_commands)?;
        let mut relation = self.relation(id);
        relation.published.insert(bag.clone(), texts.clone());
        Ok(texts)
    }

    /// Reads what units have published and has not been read yet, in less time than one after the other.
    pub(crate) fn read_units(
        &self,
        id: &RelationId,
        units: &[UnitName],
        hook_commands: &dyn HookCommands,
    ) -> Result<()> {
        let bags = units.iter().map(|unit| Bag::Unit(unit.clone()));
        let bags: Vec<Bag> = {
            let relation = self.relation(id);
            bags.filter(|bag| !relation.published.contains_key(bag))
                .collect()
        };
        let commands = bags.iter().map(|bag| get(id, bag));
        let texts: Vec<Texts> = HookCommand::read_all_json(commands, hook_commands)?;
        self.relation(id)
            .published
            .extend(bags.into_iter().zip(texts));
        Ok(())
    }

    fn relation(&self, id: &RelationId) -> RefMut<'_, HookRelation> {
        RefMut::map(self.relations.borrow_mut(), |relations| {
            relations.entry(id.clone()).or_default()
        })
    }
}

fn get(id: &RelationId, bag: &Bag) -> HookCommand {
    let command = about("relation-get", id).with_private_output();
    match bag {
        Bag::Application(application) => command.arg("--app").arg("-").arg(application),
        Bag::Unit(unit) => command.arg("-").arg(&unit.to_string()),
    }
}

fn about(command: &'static str, id: &RelationId) -> HookCommand {
    HookCommand::new(command).arg("-r").arg(&id.to_string())
}

impl fmt::Display for Bag {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Application(application) => formatter.write_str(application),
            Self::Unit(unit) => write!(formatter, "{unit}"),
        }
    }
}
