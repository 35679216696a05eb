//! What is published in a relation, to and from a type of the charm's own.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::Error;
use crate::relation::deserialize::{self, Problem, Texts};
use crate::relation::hook_relations::Bag;
use crate::relation::id::RelationId;

/// Reads texts into a type.
pub(crate) fn read<T: DeserializeOwned>(texts: &Texts) -> Result<T, Problem> {
    deserialize::read(texts)
}

impl Problem {
    /// The error for whoever must act: the other side, by publishing what is missing; the operator, where it has
    /// published something else.
    pub(crate) fn of(self, id: &RelationId, bag: &Bag) -> Error {
        match self {
            Self::Missing(key) => Error::waiting(format!("for {bag} to publish {key} in {id}")),
            Self::Invalid { key, expected } => {
                let key = key.map_or_else(String::new, |key| format!(" as {key}"));
                Error::blocked(format!(
                    "{bag} has published{key} in {id} what cannot be used, expected {expected}; see whether its charm is too old or too new"
                ))
            }
        }
    }
}

/// Writes the fields of a struct, or the entries of a map, as texts; what is to be deleted as an empty one.
pub(crate) fn write<T: Serialize + ?Sized>(data: &T) -> Result<Texts, String> {
    let value = serde_json::to_value(data).map_err(|error| error.to_string())?;
    let Value::Object(fields) = value else {
        return Err("it is no struct and no map".to_owned());
    };
    let texts = fields.into_iter().map(|(key, value)| {
        let text = match value {
            Value::Null => String::new(),
            Value::Bool(value) => value.to_string(),
            Value::Number(value) => value.to_string(),
            Value::String(value) => value,
            Value::Array(_) | Value::Object(_) => {
                return Err(format!(
                    "{key} is no plain text; mark it #[serde(with = \"ops::json\")]"
                ));
            }
        };
        Ok((key, text))
    });
    texts.collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::num::NonZeroU16;

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    struct Published {
        host: String,
        port: NonZeroU16,
        read_only: bool,
        load: Option<f64>,
        mode: Option<Mode>,
        #[serde(with = "crate::json", default)]
        names: Vec<String>,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    enum Mode {
        Primary,
        Standby,
    }

    fn texts(pairs: &[(&str, &str)]) -> Texts {
        let owned = |(key, text): &(&str, &str)| ((*key).to_owned(), (*text).to_owned());
        pairs.iter().map(owned).collect()
    }

    fn valid() -> Texts {
        texts(&[
            ("host", "10.0.0.1"),
            ("port", "5432"),
            ("read-only", "true"),
            ("load", "0.5"),
            ("mode", "standby"),
            ("names", r#"["a","b"]"#),
        ])
    }

    #[test]
    fn what_is_written_is_read() {
        let published = Published {
            host: "10.0.0.1".to_owned(),
            port: NonZeroU16::new(5432).unwrap(),
            read_only: true,
            load: Some(0.5),
            mode: Some(Mode::Standby),
            names: vec!["a".to_owned(), "b".to_owned()],
        };
        assert_eq!(write(&published), Ok(valid()));
        assert_eq!(read::<Published>(&valid()).unwrap(), published);
        // Keys that nobody asked for do not matter, and all of them fit a map.
        let mut more = valid();
        more.insert("ingress-address".to_owned(), "10.0.0.1".to_owned());
        assert_eq!(read::<Published>(&more).unwrap(), published);
        assert_eq!(read::<BTreeMap<String, String>>(&more).unwrap(), more);
    }

    #[test]
    fn none_deletes_the_key() {
        #[derive(Serialize)]
        struct Request {
            database: Option<&'static str>,
            users: u32,
        }
        let request = Request {
            database: None,
            users: 3,
        };
        let then = texts(&[("database", ""), ("users", "3")]);
        assert_eq!(write(&request), Ok(then));
    }

    #[test]
    fn who_must_act_is_told_what_to_do_and_not_what_was_published() {
        let id = RelationId::new("db", 7);
        let bag = Bag::Application("mysql".to_owned());
        let error = |key: &str, text: Option<&str>| {
            let mut texts = valid();
            match text {
                Some(text) => texts.insert(key.to_owned(), text.to_owned()),
                None => texts.remove(key),
            };
            read::<Published>(&texts).unwrap_err().of(&id, &bag)
        };
        let missing = error("host", None);
        assert!(matches!(&missing, Error::Waiting(_)));
        assert_eq!(missing.to_string(), "for mysql to publish host in db:7");
        for (key, text, expected) in [
            ("port", "hunter2", "a whole number from 0 to 65535"),
            ("port", "0", "a nonzero u16"),
            ("port", "70000", "a whole number from 0 to 65535"),
            ("read-only", "hunter2", "true or false"),
            ("load", "hunter2", "a number"),
            ("mode", "hunter2", "primary or standby"),
            ("names", "hunter2", "other JSON at line 1, column 1"),
            (
                "names",
                r#"["a",hunter2]"#,
                "other JSON at line 1, column 6",
            ),
        ] {
            let error = error(key, Some(text));
            assert!(matches!(&error, Error::Blocked(_)), "{key}={text}");
            let then = format!(
                "mysql has published as {key} in db:7 what cannot be used, expected {expected}; see whether its charm is too old or too new"
            );
            assert_eq!(error.to_string(), then, "{key}={text}");
            assert!(!format!("{error:?}").contains("hunter2"));
        }
    }

    #[test]
    fn what_is_no_flat_map_is_not_published() {
        #[derive(Serialize)]
        struct Nested {
            names: Vec<&'static str>,
        }
        let refusal = write(&Nested { names: vec!["a"] }).unwrap_err();
        assert!(refusal.contains("names is no plain text"), "{refusal}");
        assert!(write("text").is_err() && write(&[1]).is_err());
    }
}
