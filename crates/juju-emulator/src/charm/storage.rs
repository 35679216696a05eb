//! The storage that a charm declares.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One entry of a charm's `storage:` section: what every unit gets, and how many of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StorageDeclaration {
    /// A block device rather than a filesystem.
    pub block: bool,
    /// How many a unit must have, such as 1.
    pub minimum: u32,
    /// How many a unit can have; `None` is any number.
    pub maximum: Option<u32>,
    /// Where it is to be, such as `/srv/data`.
    pub location: Option<String>,
    /// How large it must be, in MiB.
    pub minimum_size: u64,
}

/// One entry as a charm writes it.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "StorageForm")]
pub(crate) struct DeclaredStorage(pub(crate) StorageDeclaration);

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct StorageForm {
    #[serde(rename = "type")]
    kind: Option<String>,
    multiple: Option<Multiple>,
    location: Option<String>,
    minimum_size: Option<Value>,
}

#[derive(Deserialize)]
struct Multiple {
    range: Option<Value>,
}

impl StorageDeclaration {
    /// Whether a unit has exactly one.
    #[must_use]
    pub fn is_singular(&self) -> bool {
        self.minimum == 1 && self.maximum == Some(1)
    }

    /// Where an instance of it is on its machine: the charm's location, below it if there can be several.
    #[must_use]
    pub fn location_of(&self, name: &str, number: u64) -> String {
        let Some(location) = &self.location else {
            return format!("/{name}/{number}");
        };
        let location = format!("/{}", location.trim_matches('/'));
        if self.maximum == Some(1) {
            location
        } else {
            format!("{location}/{number}")
        }
    }
}

impl TryFrom<StorageForm> for DeclaredStorage {
    type Error = String;

    fn try_from(form: StorageForm) -> Result<Self, String> {
        let location = form.location.filter(|location| !location.is_empty());
        if let Some(location) = &location
            && location.split('/').any(|part| part == "..")
        {
            return Err(format!(
                "a storage's location is a path without .., not {location:?}"
            ));
        }
        let block = match form.kind.as_deref() {
            Some("filesystem") => false,
            Some("block") => true,
            kind => {
                let kind = kind.unwrap_or_default();
                return Err(format!(
                    "a storage's type is filesystem or block, not {kind:?}"
                ));
            }
        };
        let (minimum, maximum) = match form.multiple.and_then(|multiple| multiple.range) {
            None => (1, Some(1)),
            Some(range) => read_range(&range)
                .ok_or_else(|| format!("a storage's range is N, N-, N+ or N-M, not {range}"))?,
        };
        let minimum_size = match &form.minimum_size {
            None => 0,
            Some(Value::String(text)) => parse_size(text)
                .ok_or_else(|| format!("a storage's minimum-size is like 5G, not {text:?}"))?,
            Some(number) => number
                .as_u64()
                .ok_or_else(|| format!("a storage's minimum-size is like 5G, not {number}"))?,
        };
        Ok(Self(StorageDeclaration {
            block,
            minimum,
            maximum,
            location,
            minimum_size,
        }))
    }
}

fn read_range(range: &Value) -> Option<(u32, Option<u32>)> {
    let text = match range {
        Value::String(text) => text.clone(),
        number => number.as_u64()?.to_string(),
    };
    if let Ok(count) = text.parse() {
        return Some((count, Some(count)));
    }
    if let Some(minimum) = text.strip_suffix(['-', '+']) {
        return Some((minimum.parse().ok()?, None));
    }
    let (minimum, maximum) = text.split_once('-')?;
    let (minimum, maximum) = (minimum.parse().ok()?, maximum.parse().ok()?);
    (minimum <= maximum).then_some((minimum, Some(maximum)))
}

/// A size as Juju reads it, in MiB: `512M`, `0.5T`, `1GiB`; mebibytes unless it says otherwise.
pub(crate) fn parse_size(text: &str) -> Option<u64> {
    let text = text
        .strip_suffix("iB")
        .or_else(|| text.strip_suffix('B'))
        .unwrap_or(text);
    let (number, unit) = match text.find(|c: char| !c.is_ascii_digit() && c != '.') {
        Some(at) => text.split_at(at),
        None => (text, "M"),
    };
    let power = ["M", "G", "T", "P", "E"]
        .iter()
        .position(|name| *name == unit)?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let mut thousandths: u64 = whole.parse().ok()?;
    thousandths = thousandths.checked_mul(1000)?;
    if !fraction.is_empty() {
        let digits: String = fraction.chars().chain("000".chars()).take(3).collect();
        thousandths = thousandths.checked_add(digits.parse().ok()?)?;
    }
    let factor = 1024u64.checked_pow(u32::try_from(power).ok()?)?;
    Some(thousandths.checked_mul(factor)?.div_ceil(1000))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::go::yaml;

    fn read(text: &str) -> Result<StorageDeclaration, String> {
        let declared: Result<DeclaredStorage, _> = yaml::read(text);
        declared
            .map(|declared| declared.0)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn how_many_a_unit_has_is_read_from_the_range() {
        for (range, minimum, maximum) in [
            ("", 1, Some(1)),
            (", multiple: {range: 3}", 3, Some(3)),
            (", multiple: {range: 0-}", 0, None),
            (", multiple: {range: 2+}", 2, None),
            (", multiple: {range: 1-4}", 1, Some(4)),
        ] {
            let storage = read(&format!("{{type: filesystem{range}}}")).unwrap();
            assert_eq!(
                (storage.minimum, storage.maximum),
                (minimum, maximum),
                "{range}"
            );
        }
        for wrong in [
            "{}",
            "{type: tape}",
            "{type: block, multiple: {range: 4-1}}",
            "{type: block, multiple: {range: many}}",
            "{type: filesystem, location: /srv/../etc}",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_instance_is_where_the_charm_wants_it() {
        for (declared, location) in [
            ("{type: filesystem}", "/data/3"),
            ("{type: filesystem, location: /srv/data}", "/srv/data"),
            (
                "{type: filesystem, location: /srv/, multiple: {range: 0-}}",
                "/srv/3",
            ),
        ] {
            assert_eq!(read(declared).unwrap().location_of("data", 3), location);
        }
    }

    #[test]
    fn sizes_are_in_mebibytes() {
        for (text, size) in [
            ("512M", Some(512)),
            ("1G", Some(1024)),
            ("0.5T", Some(512 * 1024)),
            ("7", Some(7)),
            ("1GiB", Some(1024)),
            ("1.2X", None),
            ("", None),
            ("-1M", None),
        ] {
            assert_eq!(parse_size(text), size, "{text}");
        }
    }
}
