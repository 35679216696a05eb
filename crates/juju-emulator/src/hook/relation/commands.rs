//! `relation-ids`, `relation-list`, `relation-get`, `relation-set`, `relation-model-get` and `goal-state`.

use std::collections::BTreeMap;

use serde_json::json;

use crate::charm::name::{is_name, is_unit};
use crate::controller::relation::update;
use crate::go::flags::{Flag, FlagValue};
use crate::go::keyvalues;
use crate::go::strconv::quote;
use crate::hook::command::{Call, Failure, HookCommand, TakesEffect};
use crate::hook::context::HookContext;
use crate::hook::output::{DEPRECATED_FORMAT, FORMAT, OUTPUT};
use crate::hook::relation::view::RelationData;
use crate::hook::unit_view::HookKind;

pub(crate) const RELATION: Flag = Flag {
    names: &["r", "relation"],
    value: FlagValue::Text(""),
    purpose: "The relation, by its id; unless given, the one of this hook",
};

pub(crate) const RELATION_IDS: HookCommand = HookCommand {
    name: "relation-ids",
    arguments: "[<endpoint>]",
    purpose: "Print the ids of an endpoint's relations, by default of the hook's own.",
    flags: &[FORMAT, OUTPUT],
    takes_effect: TakesEffect::Never,
    run: ids,
};

fn ids(call: &mut Call<'_>) -> Result<(), Failure> {
    let [endpoint] = call.at_most()?;
    let own = match &call.hook.unit.hook {
        HookKind::Relation { endpoint, .. } => Some(endpoint.as_str()),
        _ => None,
    };
    let Some(endpoint) = endpoint.or(own) else {
        return Err(Failure::Usage("no endpoint name specified".to_owned()));
    };
    let relations = call.hook.unit.relations.iter();
    let mut ids: Vec<_> = relations
        .filter(|(_, relation)| relation.endpoint == endpoint)
        .map(|(id, relation)| format!("{}:{id}", relation.endpoint))
        .collect();
    ids.sort();
    call.print(&ids.into())
}

const REMOTE_APPLICATION: Flag = Flag {
    names: &["app"],
    value: FlagValue::Bool,
    purpose: "Print the application on the other side rather than its units",
};

pub(crate) const RELATION_LIST: HookCommand = HookCommand {
    name: "relation-list",
    arguments: "",
    purpose: "Print the units on the other side of a relation.",
    flags: &[REMOTE_APPLICATION, FORMAT, OUTPUT, RELATION],
    takes_effect: TakesEffect::Never,
    run: list,
};

fn list(call: &mut Call<'_>) -> Result<(), Failure> {
    let relation = call.relation()?;
    let [] = call.at_most()?;
    let relation = &call.hook.unit.relations[&relation];
    let value = if call.line.is_set("app") {
        relation.remote_application.as_str().into()
    } else {
        relation.members.iter().cloned().collect()
    };
    call.print(&value)
}

const OF_APPLICATION: Flag = Flag {
    names: &["app"],
    value: FlagValue::Bool,
    purpose: "The data of the application rather than of the unit",
};

pub(crate) const RELATION_GET: HookCommand = HookCommand {
    name: "relation-get",
    arguments: "[<key> or -] [<unit> or <application>]",
    purpose: "Print what a unit or an application has published in a relation.",
    flags: &[OF_APPLICATION, FORMAT, OUTPUT, RELATION],
    takes_effect: TakesEffect::Never,
    run: get,
};

fn get(call: &mut Call<'_>) -> Result<(), Failure> {
    let relation = call.relation()?;
    let given = call.line.arguments.get(1).map(String::as_str);
    let (remote_unit, remote_application) = match &call.hook.unit.hook {
        HookKind::Relation {
            remote_unit,
            remote_application,
            ..
        } => (remote_unit.as_deref(), Some(remote_application.as_str())),
        _ => (None, None),
    };
    let of_application = call.line.is_set("app") || given.is_none() && remote_unit.is_none();
    let Some(whose) = given.or(remote_unit).or(remote_application) else {
        return Err(Failure::Usage(
            "no unit or application specified".to_owned(),
        ));
    };
    if !of_application && !is_unit(whose) {
        let whose = quote(whose);
        let why = match given {
            Some(name) if is_name(name) => "expected unit name, got application name",
            _ => "invalid unit name",
        };
        return Err(Failure::Usage(format!("{why} {whose}")));
    }
    let [key, _] = call.at_most()?;
    let key = key.filter(|key| !["", "-"].contains(key));
    let data = if of_application {
        let application = whose.split('/').next().unwrap_or_default();
        call.hook.application_data(relation, application)
    } else {
        call.hook.unit_data(relation, whose)
    }
    .map_err(Failure::Refused)?;
    let value = match key {
        Some(key) => data.get(key).map(String::as_str).into(),
        None => json!(data),
    };
    call.print(&value)
}

impl HookContext {
    /// What a unit has published, this hook's changes included.
    fn unit_data(&self, relation: u64, unit: &str) -> Result<RelationData, String> {
        let view = &self.unit.relations[&relation];
        let Some(data) = view.unit_data.get(unit) else {
            let is_ours = unit.split('/').next() == Some(self.unit.application());
            let refusal = if is_ours && view.remote_application != self.unit.application() {
                "permission denied"
            } else {
                "relation unit not found"
            };
            return Err(refusal.to_owned());
        };
        let mut data = data.clone();
        if unit == self.unit.name
            && let Some(changes) = self.pending.relations.get(&relation)
        {
            update(&mut data, &changes.unit);
        }
        Ok(data)
    }

    /// What an application has published, this hook's changes included.
    fn application_data(&self, relation: u64, application: &str) -> Result<RelationData, String> {
        let view = &self.unit.relations[&relation];
        let is_ours = application == self.unit.application();
        // Juju 4 lets every unit read its own application's data, 3.6 only the leader and peers.
        if is_ours && !self.unit.leader && view.remote_application != application {
            return Err("permission denied".to_owned());
        }
        let data = view.application_data.get(application);
        let mut data = data.ok_or("permission denied")?.clone();
        if is_ours && let Some(changes) = self.pending.relations.get(&relation) {
            update(&mut data, &changes.application);
        }
        Ok(data)
    }
}

const FILE: Flag = Flag {
    names: &["file"],
    value: FlagValue::Text(""),
    purpose: "A file with a map of keys and texts, - for the standard input",
};

pub(crate) const RELATION_SET: HookCommand = HookCommand {
    name: "relation-set",
    arguments: "<key>=<value> [...]",
    purpose: "Publish data in a relation, once this hook has succeeded.",
    flags: &[OF_APPLICATION, FILE, DEPRECATED_FORMAT, RELATION],
    takes_effect: TakesEffect::AtTheEnd,
    run: set,
};

fn set(call: &mut Call<'_>) -> Result<(), Failure> {
    let relation = call.relation()?;
    let given = keyvalues::parse(&call.line.arguments).map_err(Failure::Usage)?;
    call.note_deprecated_format();
    let mut changes = match call.line.value("file").filter(|file| !file.is_empty()) {
        Some(file) => keyvalues::from_yaml(&call.file(file)?).map_err(Failure::Refused)?,
        None => BTreeMap::new(),
    };
    changes.extend(given);
    let hook = &mut *call.hook;
    let of_application = call.line.is_set("app");
    if of_application && !hook.unit.leader {
        return Err(Failure::Refused(
            "cannot write relation settings".to_owned(),
        ));
    }
    let pending = hook.pending.relations.entry(relation).or_default();
    if of_application {
        pending.application.extend(changes);
    } else {
        pending.unit.extend(changes);
    }
    Ok(())
}

pub(crate) const RELATION_MODEL_GET: HookCommand = HookCommand {
    name: "relation-model-get",
    arguments: "",
    purpose: "Print the model of the application on the other side of a relation.",
    flags: &[FORMAT, OUTPUT, RELATION],
    takes_effect: TakesEffect::Never,
    run: model_get,
};

fn model_get(call: &mut Call<'_>) -> Result<(), Failure> {
    call.relation()?;
    let [] = call.at_most()?;
    let uuid = json!({"uuid": call.hook.unit.model_uuid});
    call.print(&uuid)
}

impl Call<'_> {
    /// The number of the relation that the command is about: of `--relation`, else of the hook.
    pub(crate) fn relation(&self) -> Result<u64, Failure> {
        let given = self.line.value("r").filter(|text| !text.is_empty());
        let Some(text) = given else {
            return match &self.hook.unit.hook {
                HookKind::Relation { id, .. } => Ok(*id),
                _ => Err(Failure::Usage("no relation id specified".to_owned())),
            };
        };
        let number = text.rsplit(':').next().unwrap_or_default();
        let invalid = |why| Failure::Usage(self.line.invalid("r", why));
        let id = number.parse().map_err(|_| invalid("invalid relation id"))?;
        let relations = &self.hook.unit.relations;
        let exists = relations.contains_key(&id);
        exists
            .then_some(id)
            .ok_or_else(|| invalid("relation not found"))
    }
}

const YAML_OR_JSON: Flag = Flag {
    names: &["format"],
    value: FlagValue::OneOf(&["yaml", "json"]),
    purpose: "How to print the value (json|yaml)",
};

pub(crate) const GOAL_STATE: HookCommand = HookCommand {
    name: "goal-state",
    arguments: "",
    purpose: "Print the units and relations that there are to be.",
    flags: &[YAML_OR_JSON, OUTPUT],
    takes_effect: TakesEffect::Never,
    run: goal_state,
};

fn goal_state(call: &mut Call<'_>) -> Result<(), Failure> {
    let [] = call.at_most()?;
    let goal = json!(call.hook.unit.goal_state);
    call.print_struct(&goal)
}
