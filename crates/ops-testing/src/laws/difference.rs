//! How one end of a story differs from another.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

use crate::state::State;

/// All that is true at one point of a story.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Situation {
    pub(super) state: State,
    pub(super) workload: Value,
}

impl Situation {
    /// A text that is the same for the same situation.
    pub(super) fn key(&self) -> String {
        serde_json::json!([self.state, self.workload]).to_string()
    }

    fn fields(&self) -> BTreeMap<String, String> {
        let State {
            opened_ports,
            unit_status,
            workload_version,
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

/// The fields in which the two differ, one under the other.
pub(super) fn difference(expected: &Situation, is: &Situation) -> String {
    let (expected, is) = (expected.fields(), is.fields());
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
