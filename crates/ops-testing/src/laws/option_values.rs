//! Values for a config option, of which some may be good for the charm and some bad.

use juju_emulator::charm::config_option::{ConfigOption, OptionType};
use serde_json::Value;

/// What an operator may set the option to: its default and what lies beside it, and the bounds of its type.
pub(crate) fn values(option: &ConfigOption) -> Vec<Value> {
    let mut values: Vec<Value> = option.default.iter().cloned().collect();
    match option.kind {
        OptionType::Int => {
            let next = option.default.as_ref().and_then(Value::as_i64);
            values.extend(next.and_then(|value| value.checked_add(1)).map(Value::from));
            // The last good and the first bad of what numbers mostly are: counts, and ports.
            values.extend([1, 65_535, 0, -1, 65_536, i64::MAX].map(Value::from));
        }
        OptionType::Float => values.extend([0.0, 0.5, -1.0, f64::MAX].map(Value::from)),
        OptionType::Boolean => values.extend([true, false].map(Value::from)),
        OptionType::String => values.extend(["", "a", "two\nlines of \"text\""].map(Value::from)),
        OptionType::Secret => values.push("".into()),
    }
    distinct(values)
}

pub(crate) fn distinct<T: PartialEq>(values: impl IntoIterator<Item = T>) -> Vec<T> {
    values.into_iter().fold(Vec::new(), |mut distinct, value| {
        if !distinct.contains(&value) {
            distinct.push(value);
        }
        distinct
    })
}
