//! What is true in a model.

use std::collections::BTreeMap;

use juju_emulator::{InMemoryModel, RelationSide, SecretOwner, TaskState};
use ops::Status;
use serde_json::{Value, json};

use crate::context::fail;
use crate::model::application::Program;
use crate::outcome::ActionOutcome;
use crate::state::charm_status;
use crate::state::ports::{joined, write_ports};

/// What is true in a model at one moment, such as when all its units have settled.
///
/// The ids of secrets, which are others in every run, are written as `secret:OWNER/LABEL` wherever they stand.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelState {
    units: BTreeMap<String, UnitEnd>,
    applications: BTreeMap<String, ApplicationEnd>,
    relations: BTreeMap<u64, Vec<RelationSide>>,
    /// By owner and label.
    secrets: BTreeMap<String, Value>,
    /// What units that are gone have left in their workloads.
    left: BTreeMap<String, Value>,
    actions: Actions,
}

/// What actions have told, which counts for no comparison: they are run early or late.
#[derive(Clone, Debug)]
struct Actions(Vec<ActionOutcome>);

impl PartialEq for Actions {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// What is true of a unit of a model.
#[derive(Clone, Debug, PartialEq)]
pub struct UnitEnd {
    /// The status that the charm has set; none as long as it has set none.
    pub status: Option<Status>,
    /// The hook that has failed and is not made good yet, such as `config-changed`.
    pub failed_hook: Option<String>,
    /// What it has open, as `opened-ports` prints it: `["8000/tcp"]`.
    pub opened_ports: Vec<String>,
    /// Its workload, as [`Workload::snapshot`](crate::Workload::snapshot) gives it.
    pub workload: Value,
    /// What its charm has kept by `state-set`.
    pub charm_state: BTreeMap<String, String>,
}

/// What is true of an application of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplicationEnd {
    /// The unit that leads it, `hello-server/0`.
    pub leader: Option<String>,
    /// What the leader has set by `status-set --application`.
    pub status: Option<Status>,
    /// What its charm has set by `application-version-set`, or empty.
    pub workload_version: String,
}

impl ModelState {
    pub(crate) fn new(
        model: &InMemoryModel,
        programs: &mut BTreeMap<String, Box<dyn Program>>,
    ) -> Self {
        let names = SecretNames::new(model);
        let mut units = BTreeMap::new();
        for (name, unit) in model.units() {
            let workload = programs.get_mut(name).map(|it| it.workload().snapshot());
            let end = UnitEnd {
                status: charm_status(&unit.status).map(|status| names.in_status(&status)),
                failed_hook: unit.failed.map(|hook| hook.to_string()),
                opened_ports: joined(&write_ports(&unit.opened_ports)),
                workload: workload.unwrap_or_default(),
                charm_state: names.in_data(unit.charm_state),
            };
            units.insert(name.to_owned(), end);
        }
        let applications = model.applications().map(|(name, application)| {
            let status = application.status.as_ref().and_then(charm_status);
            let end = ApplicationEnd {
                leader: application.leader,
                status: status.map(|status| names.in_status(&status)),
                workload_version: application.workload_version,
            };
            (name.to_owned(), end)
        });
        let relations = model.relations().map(|(id, relation)| {
            let sides = relation.sides.into_iter().map(|side| RelationSide {
                application_data: names.in_data(side.application_data),
                unit_data: side
                    .unit_data
                    .into_iter()
                    .map(|(unit, data)| (unit, names.in_data(data)))
                    .collect(),
                ..side
            });
            (id, sides.collect())
        });
        let gone = programs
            .iter_mut()
            .filter(|(name, _)| !units.contains_key(*name));
        Self {
            applications: applications.collect(),
            relations: relations.collect(),
            secrets: secrets(model, &names),
            left: gone.filter_map(left).collect(),
            actions: Actions(model.tasks().map(outcome).collect()),
            units,
        }
    }

    /// The unit of this name, such as `hello-server/0`.
    ///
    /// # Panics
    /// When there is no such unit.
    #[track_caller]
    #[must_use]
    pub fn unit(&self, name: &str) -> &UnitEnd {
        match self.units.get(name) {
            Some(unit) => unit,
            None => fail(&format!("the model has no unit \"{name}\"")),
        }
    }

    /// All units, by name.
    pub fn units(&self) -> impl Iterator<Item = (&str, &UnitEnd)> {
        self.units.iter().map(|(name, unit)| (name.as_str(), unit))
    }

    /// The application of this name, such as `hello-server`.
    ///
    /// # Panics
    /// When there is no such application.
    #[track_caller]
    #[must_use]
    pub fn application(&self, name: &str) -> &ApplicationEnd {
        match self.applications.get(name) {
            Some(application) => application,
            None => fail(&format!("the model has no application \"{name}\"")),
        }
    }

    pub(crate) fn leader(&self, application: &str) -> Option<&String> {
        self.applications.get(application)?.leader.as_ref()
    }

    /// What an application has published at one of its endpoints, for each relation there: `("ingress", "url")`.
    #[must_use]
    pub fn application_data(
        &self,
        application: &str,
        endpoint: &str,
    ) -> Vec<&BTreeMap<String, String>> {
        let sides = self.sides(application, endpoint);
        sides.map(|side| &side.application_data).collect()
    }

    /// What a unit has published at an endpoint, for each relation there that it is in.
    #[must_use]
    pub fn unit_data(&self, unit: &str, endpoint: &str) -> Vec<&BTreeMap<String, String>> {
        let (application, _) = unit.split_once('/').unwrap_or((unit, ""));
        let sides = self.sides(application, endpoint);
        sides.filter_map(|side| side.unit_data.get(unit)).collect()
    }

    /// What the actions have told, in the order in which they were run.
    #[must_use]
    pub fn actions(&self) -> &[ActionOutcome] {
        &self.actions.0
    }

    fn sides(&self, application: &str, endpoint: &str) -> impl Iterator<Item = &RelationSide> {
        let sides = self.relations.values().flatten();
        sides.filter(move |side| side.application == application && side.endpoint == endpoint)
    }

    /// All that is true, by what it is called.
    pub(crate) fn fields(&self) -> BTreeMap<String, String> {
        let mut fields = BTreeMap::new();
        for (name, unit) in &self.units {
            let status = unit.status.as_ref();
            let status = status.map_or_else(|| "unknown".to_owned(), ToString::to_string);
            let failed = unit
                .failed_hook
                .iter()
                .map(|hook| format!(", {hook} has failed"));
            fields.insert(
                format!("{name}: status"),
                status + &failed.collect::<String>(),
            );
            fields.insert(
                format!("{name}: opened ports"),
                unit.opened_ports.join(", "),
            );
            fields.insert(format!("{name}: workload"), shown(&unit.workload));
            fields.insert(
                format!("{name}: kept state"),
                shown(&json!(unit.charm_state)),
            );
        }
        for (name, application) in &self.applications {
            let leader = application.leader.clone().unwrap_or_default();
            fields.insert(format!("{name}: leader"), leader);
            let status = application.status.as_ref().map(ToString::to_string);
            fields.insert(format!("{name}: status"), status.unwrap_or_default());
            let version = application.workload_version.clone();
            fields.insert(format!("{name}: workload version"), version);
        }
        for (id, sides) in &self.relations {
            for side in sides {
                let endpoint = &side.endpoint;
                let data = shown(&json!(side.application_data));
                let name = format!("{endpoint}:{id}: data of {}", side.application);
                fields.insert(name, data);
                for (unit, data) in &side.unit_data {
                    let name = format!("{endpoint}:{id}: data of {unit}");
                    fields.insert(name, shown(&json!(data)));
                }
            }
        }
        for (name, secret) in &self.secrets {
            fields.insert(name.clone(), shown(secret));
        }
        for (unit, workload) in &self.left {
            fields.insert(format!("{unit}, which is gone: workload"), shown(workload));
        }
        fields
    }
}

/// What a unit that is gone has left, if it has left something.
fn left((name, program): (&String, &mut Box<dyn Program>)) -> Option<(String, Value)> {
    let workload = program.workload().snapshot();
    (workload != program.untouched()).then(|| (name.clone(), workload))
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Object(map) if map.is_empty() => String::new(),
        value => value.to_string(),
    }
}

fn outcome(task: TaskState) -> ActionOutcome {
    ActionOutcome {
        results: task.results.into(),
        log: task.log,
        failure: task.failure,
    }
}

/// What is in the secrets, and who may read them, as something that tells two contents apart and shows none.
fn secrets(model: &InMemoryModel, names: &SecretNames) -> BTreeMap<String, Value> {
    let secrets = model.secrets().iter().map(|(id, secret)| {
        let latest = secret.revisions.get(&secret.latest);
        let content = latest.map(|revision| {
            let texts = revision.content.texts();
            let keys: Vec<_> = texts.keys().cloned().collect();
            json!({"keys": keys, "content": fingerprint(&texts)})
        });
        let grants: Vec<_> = secret.grants.keys().collect();
        let about = json!({"latest": content, "granted to": grants});
        (names.of(id), about)
    });
    secrets.collect()
}

/// A number that is the same for the same content.
fn fingerprint(texts: &BTreeMap<String, String>) -> String {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let mut hasher = DefaultHasher::new();
    texts.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// The ids of secrets with the names that stand for them.
struct SecretNames(Vec<(String, String)>);

impl SecretNames {
    fn new(model: &InMemoryModel) -> Self {
        let names = model.secrets().iter().map(|(id, secret)| {
            let owner = match &secret.owner {
                SecretOwner::Model => "operator",
                SecretOwner::Application(name) | SecretOwner::Unit(name) => name,
            };
            (id.clone(), format!("{owner}/{}", secret.label))
        });
        Self(names.collect())
    }

    fn of(&self, id: &str) -> String {
        let mut names = self.0.iter();
        let name = names.find(|(of, _)| of == id).map(|(_, name)| name);
        format!("secret:{}", name.map_or(id, String::as_str))
    }

    fn in_text(&self, text: String) -> String {
        let mut text = text;
        for (id, name) in &self.0 {
            if text.contains(id.as_str()) {
                text = text.replace(id, name);
            }
        }
        text
    }

    fn in_data(&self, data: BTreeMap<String, String>) -> BTreeMap<String, String> {
        if self.0.is_empty() {
            return data;
        }
        let data = data.into_iter();
        data.map(|(key, text)| (key, self.in_text(text))).collect()
    }

    fn in_status(&self, status: &Status) -> Status {
        let message = self.in_text(status.message().to_owned());
        status.clone().with_message(message)
    }
}
