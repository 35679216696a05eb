//! What an action has told so far, and the nested maps that its parameters and results are.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What an action has told by `action-set` and `action-fail`; it is kept whatever the action exits with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ActionOutcome {
    /// The results: texts, and maps of them where a key has dots.
    pub results: Map<String, Value>,
    /// The message, if it says that it has failed.
    pub failure: Option<String>,
}

/// The value at a key such as `backup.size`; null where there is none.
pub(crate) fn value_at(map: &Map<String, Value>, key: &str) -> Value {
    let mut keys = key.split('.');
    let first = keys.next().and_then(|key| map.get(key));
    let value = keys.fold(first, |value, key| value?.as_object()?.get(key));
    value.cloned().unwrap_or_default()
}

/// Sets the value at a key such as `backup.size`; what is in the way on the path to it is replaced.
pub(crate) fn insert_at(map: &mut Map<String, Value>, key: &str, value: Value) {
    match key.split_once('.') {
        None => {
            map.insert(key.to_owned(), value);
        }
        Some((first, rest)) => {
            let mut inner = match map.remove(first) {
                Some(Value::Object(inner)) => inner,
                _ => Map::new(),
            };
            insert_at(&mut inner, rest, value);
            map.insert(first.to_owned(), inner.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn dots_nest_and_a_later_value_replaces_an_earlier_one() {
        let mut map = Map::new();
        for (key, value) in [("a", "1"), ("b.c.d", "2"), ("b.e", "3"), ("a.f", "4")] {
            insert_at(&mut map, key, value.into());
        }
        let then = json!({"a": {"f": "4"}, "b": {"c": {"d": "2"}, "e": "3"}});
        assert_eq!(Value::from(map.clone()), then);
        assert_eq!(value_at(&map, "b.c"), json!({"d": "2"}));
        assert_eq!(value_at(&map, "b.c.d.e"), Value::Null);
    }
}
