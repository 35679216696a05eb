//! `--constraints`: read and shown as Juju does. Here every machine is this one.

use std::io::{self, Write};

use anyhow::Result;
use serde_json::{Map, Value};

use crate::charm::storage::parse_size;
use crate::go::strconv::quote;

/// What `--constraints` asks for, by Juju's names.
#[derive(Clone, Debug)]
pub(crate) struct Constraints(pub(crate) Map<String, Value>);

/// How the value of a constraint is read.
enum Kind {
    Text,
    Number,
    Size,
    List,
    Bool,
}

/// In the order in which Juju shows them.
const KNOWN: [(&str, Kind); 15] = [
    ("allocate-public-ip", Kind::Bool),
    ("arch", Kind::Text),
    ("container", Kind::Text),
    ("cores", Kind::Number),
    ("cpu-power", Kind::Number),
    ("image-id", Kind::Text),
    ("instance-role", Kind::Text),
    ("instance-type", Kind::Text),
    ("mem", Kind::Size),
    ("root-disk", Kind::Size),
    ("root-disk-source", Kind::Text),
    ("spaces", Kind::List),
    ("tags", Kind::List),
    ("virt-type", Kind::Text),
    ("zones", Kind::List),
];

impl Constraints {
    /// Reads `mem=1G cores=2`. The error is Juju's text.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut constraints = Map::new();
        for constraint in text.split_whitespace() {
            let Some((name, value)) = constraint.split_once('=') else {
                return Err(format!("malformed constraint {}", quote(constraint)));
            };
            let name = if name == "cpu-cores" { "cores" } else { name };
            let Some((_, kind)) = KNOWN.iter().find(|(known, _)| *known == name) else {
                return Err(format!("unknown constraint {}", quote(name)));
            };
            let bad = |why: &str| format!("bad {} constraint: {why}", quote(name));
            let value = match kind {
                Kind::Text => value.into(),
                Kind::List => value.split(',').map(Value::from).collect(),
                Kind::Bool => {
                    let is_true = value.parse::<bool>();
                    is_true
                        .map_err(|_| bad("must be 'true' or 'false'"))?
                        .into()
                }
                Kind::Number => {
                    let number = value.parse::<u64>();
                    number
                        .map_err(|_| bad("must be a non-negative integer"))?
                        .into()
                }
                Kind::Size => parse_size(value)
                    .ok_or_else(|| {
                        bad("must be a non-negative float with optional M/G/T/P suffix")
                    })?
                    .into(),
            };
            if constraints.insert(name.to_owned(), value).is_some() {
                return Err(bad("already set"));
            }
        }
        Ok(Self(constraints))
    }

    /// Says it once, where constraints are asked for.
    pub(crate) fn say_that_they_mean_nothing() -> io::Result<()> {
        let note = "--constraints: every machine is this one; they are shown, and mean nothing";
        writeln!(io::stderr(), "{note}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn constraints_are_read_and_refused_as_juju_does() {
        let read = Constraints::parse("mem=1G cores=2 tags=a,b").unwrap();
        let then = json!({"mem": 1024, "cores": 2, "tags": ["a", "b"]});
        assert_eq!(Value::Object(read.0), then);
        for (text, refusal) in [
            ("nosuch=1", "unknown constraint \"nosuch\""),
            ("mem", "malformed constraint \"mem\""),
            (
                "cores=x",
                "bad \"cores\" constraint: must be a non-negative integer",
            ),
            ("mem=1 mem=2", "bad \"mem\" constraint: already set"),
        ] {
            assert_eq!(Constraints::parse(text).unwrap_err(), refusal, "{text}");
        }
    }
}
