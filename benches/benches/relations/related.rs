//! A unit in a relation, by what its hook commands say.

use std::ffi::OsString;

use anyhow::{Context as _, Result};

/// A unit `provider/0`, the leader, in a relation with the application `requirer`.
#[derive(Clone, Copy)]
pub(crate) struct Related {
    /// The remote units.
    pub(crate) units: u16,
    /// Whether the unit has something to publish, or has published it before.
    pub(crate) publishes: bool,
}

impl Related {
    /// What each command prints, for the stand-in.
    pub(crate) fn answers(self) -> impl Iterator<Item = (String, OsString)> {
        let units: Vec<_> = (0..self.units)
            .map(|number| format!(r#""requirer/{number}""#))
            .collect();
        let published = |address: &str, more: &str| {
            format!(
                r#"{{"egress-subnets":"{address}/32","ingress-address":"{address}","private-address":"{address}"{more}}}"#
            )
        };
        let (of_unit, of_application) = if self.publishes {
            ("", "{}")
        } else {
            (
                r#","address":"10.0.0.0","port":"8000""#,
                r#"{"leader":"provider/0"}"#,
            )
        };
        let answers = [
            ("config_get", "{}".to_owned()),
            ("relation_ids", r#"["addresses:3"]"#.to_owned()),
            ("relation_list", format!("[{}]", units.join(","))),
            ("relation_list___app", r#""requirer""#.to_owned()),
            (
                "relation_get",
                published("10.0.1.1", r#","address":"10.0.1.1","port":"9000""#),
            ),
            ("relation_get_provider_0", published("10.0.0.1", of_unit)),
            ("relation_get_provider", of_application.to_owned()),
            ("is_leader", "true".to_owned()),
            (
                "status_get",
                r#"{"message":"","status":"active","status-data":{}}"#.to_owned(),
            ),
        ];
        answers
            .into_iter()
            .map(|(name, answer)| (name.to_owned(), answer.into()))
    }
}

/// The message of the status that a hook has set, and how often it has published: what the charms must have in common.
pub(crate) fn done(calls: &[String]) -> Result<(&str, usize)> {
    let of = |command: &str| {
        let begin = format!("{command}\t");
        calls.iter().filter(move |call| call.starts_with(&begin))
    };
    let status = of("status-set").next_back().context("no status was set")?;
    let message = status.rsplit('\t').next().unwrap_or_default();
    Ok((message, of("relation-set").count()))
}
