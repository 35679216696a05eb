//! Settings as Juju's commands take them: `key=value` arguments, or a YAML map in a file.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::go::strconv::quote;
use crate::go::yaml;

/// Reads `key=value` arguments, without the white space round keys and values. The error is Juju's text.
pub(crate) fn parse(arguments: &[String]) -> Result<BTreeMap<String, String>, String> {
    let mut settings = BTreeMap::new();
    for argument in arguments {
        let (key, value) = argument
            .split_once('=')
            .map(|(key, value)| (key.trim(), value.trim()))
            .filter(|(key, _)| !key.is_empty())
            .ok_or_else(|| format!("expected \"key=value\", got {}", quote(argument)))?;
        if settings.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(format!("key {} specified more than once", quote(key)));
        }
    }
    Ok(settings)
}

/// Reads a map of texts, in YAML or JSON.
pub(crate) fn from_yaml(text: &[u8]) -> Result<BTreeMap<String, String>, String> {
    let text = std::str::from_utf8(text).map_err(|error| error.to_string())?;
    let map: Option<BTreeMap<String, Value>> =
        yaml::read(text).map_err(|error| error.to_string())?;
    let texts = map.unwrap_or_default().into_iter().map(|(key, value)| {
        let text = match value {
            Value::Null => String::new(),
            Value::Bool(value) => value.to_string(),
            Value::Number(value) => value.to_string(),
            Value::String(value) => value,
            Value::Array(_) | Value::Object(_) => {
                return Err(format!(
                    "cannot unmarshal the value of {} into string",
                    quote(&key)
                ));
            }
        };
        Ok((key, text))
    });
    texts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_as_juju_reads_them() {
        let read = |arguments: &[&str]| {
            let arguments: Vec<_> = arguments.iter().map(|text| (*text).to_owned()).collect();
            parse(&arguments).map(|settings| format!("{settings:?}"))
        };
        let given_then: [(&[&str], Result<&str, &str>); 5] = [
            (&["a=1", " b = x y "], Ok(r#"{"a": "1", "b": "x y"}"#)),
            (&["a=b=c", "d="], Ok(r#"{"a": "b=c", "d": ""}"#)),
            (&["haha"], Err(r#"expected "key=value", got "haha""#)),
            (&["=1"], Err(r#"expected "key=value", got "=1""#)),
            (&["x=1", "x=2"], Err(r#"key "x" specified more than once"#)),
        ];
        for (given, then) in given_then {
            let then = then.map(str::to_owned).map_err(str::to_owned);
            assert_eq!(read(given), then, "{given:?}");
        }
    }

    #[test]
    fn a_file_may_hold_numbers_but_no_lists() {
        let read = |text: &str| from_yaml(text.as_bytes()).map(|settings| format!("{settings:?}"));
        let then = r#"{"a": "1", "b": "x", "c": ""}"#;
        assert_eq!(read("{a: 1, b: x, c: null}").as_deref(), Ok(then));
        assert_eq!(read("").as_deref(), Ok("{}"));
        assert!(read("{a: [1]}").is_err() && read("[1]").is_err() && read("a: b: c").is_err());
    }
}
