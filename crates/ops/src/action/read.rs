//! An action with its parameters as a variant of the charm's own enum.

use serde::de::value::{Error as Problem, StrDeserializer};
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer,
    VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::{Map, Value};
use serde_path_to_error::Track;

/// Reads an action into an enum: the variant of its name, whose fields are its parameters. The error is for the operator.
pub(crate) fn action<T: DeserializeOwned>(
    name: &str,
    params: Map<String, Value>,
) -> Result<T, String> {
    let named = Named { name, params };
    T::deserialize(named).map_err(|problem| problem.to_string())
}

struct Named<'a> {
    name: &'a str,
    params: Map<String, Value>,
}

impl<'de> Deserializer<'de> for Named<'_> {
    type Error = Problem;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        visitor.visit_enum(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de> EnumAccess<'de> for Named<'_> {
    type Error = Problem;
    type Variant = Params;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Params), Problem> {
        let name: StrDeserializer<'_, Problem> = self.name.into_deserializer();
        let variant = seed.deserialize(name).map_err(|problem| {
            let name = self.name;
            Problem::custom(format!(
                "the charm does not carry out the action {name}: {problem}"
            ))
        })?;
        Ok((variant, Params(self.params)))
    }
}

struct Params(Map<String, Value>);

impl Params {
    /// Reads the parameters; an error says which.
    fn read<T>(
        self,
        read: impl FnOnce(
            serde_path_to_error::Deserializer<'_, '_, Value>,
        ) -> Result<T, serde_json::Error>,
    ) -> Result<T, Problem> {
        let mut track = Track::new();
        let params = Value::Object(self.0);
        let read = read(serde_path_to_error::Deserializer::new(params, &mut track));
        read.map_err(|error| {
            let path = track.path().to_string();
            let path = if path == "." {
                String::new()
            } else {
                format!(" {path}:")
            };
            Problem::custom(format!("parameter{path} {error}"))
        })
    }
}

impl<'de> VariantAccess<'de> for Params {
    type Error = Problem;

    fn unit_variant(self) -> Result<(), Problem> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Problem> {
        self.read(|params| seed.deserialize(params))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Problem> {
        self.read(|params| params.deserialize_any(visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        self.read(|params| params.deserialize_struct("", fields, visitor))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    enum Given {
        Backup { target: String, parts: Option<u8> },
        Restore(Restore),
        RotatePassword,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Restore {
        from: String,
    }

    fn read(name: &str, params: Value) -> Result<Given, String> {
        let Value::Object(params) = params else {
            return Err("no parameters".to_owned());
        };
        action(name, params)
    }

    #[test]
    fn each_action_is_a_variant() {
        let target = "a".to_owned();
        let backup = Given::Backup {
            target,
            parts: None,
        };
        assert_eq!(
            read("backup", json!({"target": "a", "more": 1})),
            Ok(backup)
        );
        let restore = Restore {
            from: "b".to_owned(),
        };
        assert_eq!(
            read("restore", json!({"from": "b"})),
            Ok(Given::Restore(restore))
        );
        assert_eq!(
            read("rotate-password", json!({})),
            Ok(Given::RotatePassword)
        );
    }

    #[test]
    fn what_is_wrong_is_said_of_the_parameter_or_the_action() {
        let given_then = [
            (
                "backup",
                json!({"target": 1}),
                "parameter target: invalid type: integer `1`, expected a string",
            ),
            (
                "backup",
                json!({"target": "a", "parts": 300}),
                "parameter parts: invalid value: integer `300`, expected u8",
            ),
            ("restore", json!({}), "parameter missing field `from`"),
            (
                "nosuch",
                json!({}),
                "the charm does not carry out the action nosuch: unknown variant `nosuch`, expected one of `backup`, `restore`, `rotate-password`",
            ),
        ];
        for (name, params, then) in given_then {
            assert_eq!(read(name, params), Err(then.to_owned()));
        }
    }
}
