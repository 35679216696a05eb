//! What hook commands print: a value as json, yaml or smart.

use serde_json::Value;

use crate::go::flags::{Flag, FlagValue};
use crate::go::{json, yaml};

/// `--format`, of the commands that print a value.
pub(crate) const FORMAT: Flag = Flag {
    names: &["format"],
    value: FlagValue::OneOf(&["smart", "json", "yaml"]),
    purpose: "How to print the value (json|smart|yaml)",
};

/// `--format`, of the commands that accept it and print nothing.
pub(crate) const DEPRECATED_FORMAT: Flag = Flag {
    names: &["format"],
    value: FlagValue::Text(""),
    purpose: "Has no effect",
};

/// `-o` and `--output`, of the commands that print a value.
pub(crate) const OUTPUT: Flag = Flag {
    names: &["o", "output"],
    value: FlagValue::Text(""),
    purpose: "The file to print to instead of the standard output",
};

/// Writes a value in one of the words of `--format`, smart unless given.
pub(crate) fn format(value: &Value, format: Option<&str>) -> String {
    match format {
        Some("json") => {
            let mut value = value.clone();
            value.sort_all_objects();
            json::compact(&value) + "\n"
        }
        Some("yaml") => yaml::document(value),
        _ => smart(value),
    }
}

/// Writes what is a struct in Juju, with its fields in their order, in one of the words of `--format`; what is under
/// `times` are times.
pub(crate) fn format_struct(
    value: &Value,
    format: Option<&str>,
    times: &'static [&'static str],
) -> String {
    match format {
        Some("json") => json::compact(value) + "\n",
        _ => yaml::document_with_times(value, times),
    }
}

/// Strings and lists of strings as they are, truth values as Python writes them, anything else as YAML.
fn smart(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Array(items) => match items.iter().map(Value::as_str).collect::<Option<Vec<_>>>() {
            Some(lines) => lines.join("\n"),
            None => return yaml::document(value),
        },
        _ => return yaml::document(value),
    };
    if text.is_empty() { text } else { text + "\n" }
}
