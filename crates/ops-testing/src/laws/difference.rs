//! How one end of a story differs from another.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

use crate::state::State;
use crate::state::ports::joined;
use crate::state::secret::{Owner, Secret};

/// All that is true at one point of a story.
#[derive(Clone, Debug)]
pub(super) struct Situation {
    pub(super) state: State,
    pub(super) workload: Value,
}

impl Situation {
    /// A text that is the same for the same situation.
    pub(super) fn key(&self) -> String {
        let mut state = State {
            opened_ports: joined(&self.state.opened_ports),
            secrets: self.state.secrets.iter().map(Secret::settled).collect(),
            ..self.state.clone()
        };
        // What operators do, and Juju for the charm.
        state.storages.clear();
        if !state.leader {
            // What another unit does by now.
            state.application_status = None;
            for relation in &mut state.relations {
                relation.application_data.clear();
            }
            state
                .secrets
                .retain(|secret| secret.owner != Owner::Application);
        }
        serde_json::json!([state, self.workload]).to_string()
    }

    fn fields(&self) -> BTreeMap<String, String> {
        let State {
            opened_ports,
            unit_status,
            workload_version,
            application_status,
            relations,
            secrets,
            ..
        } = &self.state;
        let status = unit_status
            .as_ref()
            .map_or_else(|| "unknown".to_owned(), ToString::to_string);
        let mut fields = BTreeMap::from([
            ("opened ports".to_owned(), opened_ports.join(", ")),
            ("unit status".to_owned(), status),
            ("workload version".to_owned(), workload_version.clone()),
        ]);
        if let Some(status) = application_status {
            fields.insert("application status".to_owned(), status.to_string());
        }
        for relation in relations {
            let id = relation.id();
            fields.insert(
                format!("{id}: data of the unit"),
                format!("{:?}", relation.unit_data),
            );
            fields.insert(
                format!("{id}: data of the application"),
                format!("{:?}", relation.application_data),
            );
        }
        for secret in secrets {
            fields.insert(
                format!("{}: secret {}", secret.id(), secret.label),
                serde_json::json!(secret.settled()).to_string(),
            );
        }
        match &self.workload {
            Value::Object(workload) => fields.extend(
                workload
                    .iter()
                    .map(|(name, value)| (format!("workload: {name}"), value.to_string())),
            ),
            workload => {
                fields.insert("workload".to_owned(), workload.to_string());
            }
        }
        fields
    }
}

/// What is open counts, not in which ranges Juju happens to hold it: those depend on what was open before.
impl PartialEq for Situation {
    fn eq(&self, other: &Self) -> bool {
        (&self.state, &self.workload) == (&other.state, &other.workload)
            || self.key() == other.key()
    }
}

/// The fields in which the two differ, one under the other.
pub(super) fn difference(expected: &Situation, is: &Situation) -> String {
    let same_ports = joined(&expected.state.opened_ports) == joined(&is.state.opened_ports);
    let (mut expected, mut is) = (expected.fields(), is.fields());
    if same_ports {
        expected.remove("opened ports");
        is.remove("opened ports");
    }
    difference_of(&expected, &is)
}

/// The fields in which two ends differ, one under the other.
pub(crate) fn difference_of(
    expected: &BTreeMap<String, String>,
    is: &BTreeMap<String, String>,
) -> String {
    let mut names: Vec<&String> = expected.keys().chain(is.keys()).collect();
    names.sort();
    names.dedup();
    let mut text = String::new();
    for name in names {
        let (expected, is) = (expected.get(name), is.get(name));
        if expected != is {
            let shown = |value: Option<&String>| match value.map(String::as_str) {
                None | Some("") => "nothing".to_owned(),
                Some(value) => value.to_owned(),
            };
            let _ = write!(
                text,
                "{name}\n  should be: {}\n  is:        {}\n",
                shown(expected),
                shown(is)
            );
        }
    }
    text
}
