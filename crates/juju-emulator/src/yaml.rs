//! YAML as Juju prints it: block style, in the very form of the Go library that Juju uses.

use serde_json::Value;

use crate::go_strconv::yaml_number;

/// Writes a value with one newline at the end; nothing at all for null.
pub(crate) fn document(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Number(number) => {
            number
                .as_f64()
                .map_or_else(|| number.to_string(), yaml_number)
                + "\n"
        }
        value => serde_yaml::to_string(value).unwrap_or_default(),
    }
}
