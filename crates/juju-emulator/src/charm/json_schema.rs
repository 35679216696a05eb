//! Whether a value fits a JSON schema, in the words of Juju's library, `gojsonschema`.
//!
//! It knows the keywords of draft 4, but for `format`, and but for references, which Juju refuses.

use regex::Regex;
use serde_json::{Map, Value};

use crate::go::json;
use crate::go::strconv::{json_number, quote};

/// What is wrong with a value, such as `(root).times : must be of type integer, given "x"`.
pub(crate) fn errors(schema: &Value, value: &Value) -> Vec<String> {
    let mut errors = Vec::new();
    check(schema, value, "(root)", &mut errors);
    errors
}

/// Refuses what is no schema: a type that there is not, a pattern that cannot be read, a reference.
pub(crate) fn check_schema(schema: &Value) -> Result<(), String> {
    let types = schema.get("type");
    let patterns = schema["patternProperties"].as_object();
    let patterns = patterns.into_iter().flat_map(Map::keys).map(String::as_str);
    for pattern in patterns.chain(schema["pattern"].as_str()) {
        Regex::new(pattern).map_err(|_| format!("{} is not a valid pattern", quote(pattern)))?;
    }
    for name in types.into_iter().flat_map(names) {
        if !TYPES.contains(&name.as_str().unwrap_or_default()) {
            return Err(format!("{} is not a valid type", json::compact(name)));
        }
    }
    for key in ["$ref", "$schema"] {
        if schema.get(key).is_some() {
            let key = quote(key);
            return Err(format!(
                "schema key {key} not compatible with this version of juju"
            ));
        }
    }
    let maps = ["properties", "patternProperties"].map(|key| schema[key].as_object());
    let in_maps = maps.into_iter().flatten().flat_map(Map::values);
    let lists = ["allOf", "anyOf", "oneOf", "items"].map(|key| schema[key].as_array());
    let in_lists = lists.into_iter().flatten().flatten();
    let single = ["items", "additionalItems", "additionalProperties", "not"];
    let single = single.iter().filter_map(|key| schema.get(key));
    in_maps
        .chain(in_lists)
        .chain(single)
        .filter(|inner| inner.is_object())
        .try_for_each(check_schema)
}

/// What a schema's `type` may be.
const TYPES: [&str; 7] = [
    "array", "boolean", "integer", "null", "number", "object", "string",
];

/// One name, or several in a list.
fn names(value: &Value) -> &[Value] {
    match value {
        Value::Array(names) => names,
        name => std::slice::from_ref(name),
    }
}

/// The parameters with the schema's defaults where they are not given, in nested maps too.
pub(crate) fn with_defaults(schema: &Value, params: &Map<String, Value>) -> Map<String, Value> {
    let mut params = params.clone();
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let given = params.get(name).and_then(Value::as_object);
        let inner = with_defaults(property, given.unwrap_or(&Map::new()));
        let given_is_map = params.get(name).is_none_or(Value::is_object);
        if given_is_map && !inner.is_empty() {
            params.insert(name.clone(), inner.into());
        } else if let Some(default) = property.get("default") {
            params.entry(name).or_insert_with(|| default.clone());
        }
    }
    params
}

fn check(schema: &Value, value: &Value, context: &str, errors: &mut Vec<String>) {
    let types: Vec<_> = names(&schema["type"])
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let mut wrong = |why: String| {
        let mut given = value.clone();
        given.sort_all_objects();
        errors.push(format!(
            "{context} : {why}, given {}",
            json::compact(&given)
        ));
    };
    if !types.is_empty() && !types.iter().any(|name| is_of_type(value, name)) {
        let types = match types.as_slice() {
            [one] => (*one).to_owned(),
            types => format!("[{}]", types.join(",")),
        };
        wrong(format!("must be of type {types}"));
        return;
    }
    if let Some(values) = schema["enum"].as_array()
        && !values.iter().any(|allowed| is_equal(allowed, value))
    {
        let values: Vec<_> = values.iter().map(json::compact).collect();
        wrong(format!(
            "must match one of the enum values [{}]",
            values.join(",")
        ));
    }
    combinations(schema, value).for_each(|why| wrong(why.to_owned()));
    match value {
        Value::Number(number) => {
            let number = number.as_f64().unwrap_or_default();
            limits_of_number(schema, number).for_each(wrong);
        }
        Value::String(text) => {
            let limits = [
                ("minLength", "string length must be greater or equal to"),
                ("maxLength", "string length must be lower or equal to"),
            ];
            limits_of_length(schema, text.chars().count(), limits)
                .for_each(|(why, limit)| wrong(format!("{why} {limit}")));
            if let Some(pattern) = schema["pattern"].as_str()
                && !matches(pattern, text)
            {
                wrong(format!("does not match pattern '{pattern}'"));
            }
        }
        Value::Array(items) => {
            let limits = [
                ("minItems", "array must have at least"),
                ("maxItems", "array must have at the most"),
            ];
            limits_of_length(schema, items.len(), limits)
                .for_each(|(why, limit)| wrong(format!("{why} {limit} items")));
            let is_doubled =
                |(at, item): (usize, &Value)| items[..at].iter().any(|other| is_equal(other, item));
            if schema["uniqueItems"] == true && items.iter().enumerate().any(is_doubled) {
                wrong("array items must be unique".to_owned());
            }
            if schema["additionalItems"] == false
                && let Some(declared) = schema["items"].as_array()
                && declared.len() < items.len()
            {
                wrong("no additional item allowed on array".to_owned());
            }
            for (number, (item, schema)) in items.iter().zip(schemas_of_items(schema)).enumerate() {
                check(schema, item, &format!("{context}.{number}"), errors);
            }
        }
        Value::Object(fields) => {
            let limits = [
                ("minProperties", "must have at least"),
                ("maxProperties", "must have at the most"),
            ];
            limits_of_length(schema, fields.len(), limits)
                .for_each(|(why, limit)| wrong(format!("{why} {limit} properties")));
            surplus_and_missing(schema, fields).for_each(&mut wrong);
            missing_dependencies(schema, fields).for_each(&mut wrong);
            for (name, field) in fields {
                for schema in schemas_of_field(schema, name) {
                    check(schema, field, &format!("{context}.{name}"), errors);
                }
            }
        }
        Value::Null | Value::Bool(_) => {}
    }
}

/// What is wrong with a value by the schemas that a schema combines.
fn combinations(schema: &Value, value: &Value) -> impl Iterator<Item = &'static str> {
    let count = |key: &str| {
        let schemas = schema[key].as_array()?;
        let fitting = schemas.iter().filter(|schema| fits(schema, value));
        Some((fitting.count(), schemas.len()))
    };
    let one = count("oneOf").filter(|(fitting, _)| *fitting != 1);
    let any = count("anyOf").filter(|(fitting, _)| *fitting == 0);
    let all = count("allOf").filter(|(fitting, all)| fitting < all);
    let not = schema.get("not").filter(|schema| fits(schema, value));
    let wrong = [
        one.map(|_| "must validate one and only one schema (oneOf)"),
        any.map(|_| "must validate at least one schema (anyOf)"),
        all.map(|_| "must validate all the schemas (allOf)"),
        not.map(|_| "must not validate the schema (not)"),
    ];
    wrong.into_iter().flatten()
}

fn fits(schema: &Value, value: &Value) -> bool {
    errors(schema, value).is_empty()
}

/// Whether a text has the pattern in it; one that cannot be read, which Juju refuses with the charm, is in none.
fn matches(pattern: &str, text: &str) -> bool {
    Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(text))
}

/// The schemas of the items of a list, one after the other; those that may follow them have `additionalItems`.
fn schemas_of_items(schema: &Value) -> impl Iterator<Item = &Value> {
    let (first, others) = match &schema["items"] {
        Value::Array(first) => (first.as_slice(), &schema["additionalItems"]),
        others => (&[][..], others),
    };
    let others = Some(others).filter(|schema| schema.is_object());
    first.iter().chain(others.into_iter().cycle())
}

/// The schemas that the value under a name has to fit.
fn schemas_of_field<'a>(schema: &'a Value, name: &'a str) -> impl Iterator<Item = &'a Value> {
    let property = schema["properties"].get(name);
    let patterns = schema["patternProperties"].as_object();
    let of_patterns = patterns.into_iter().flatten();
    let mut declared = property
        .into_iter()
        .chain(
            of_patterns
                .filter(move |(pattern, _)| matches(pattern, name))
                .map(|(_, it)| it),
        )
        .peekable();
    let is_declared = declared.peek().is_some();
    let others = &schema["additionalProperties"];
    let of_others = (!is_declared && others.is_object()).then_some(others);
    declared.chain(of_others)
}

/// The names, or schemas, that are wanted with other names.
fn missing_dependencies(
    schema: &Value,
    fields: &Map<String, Value>,
) -> impl Iterator<Item = String> {
    let dependencies = schema["dependencies"].as_object().into_iter().flatten();
    let given = dependencies.filter(|(name, _)| fields.contains_key(*name));
    given.filter_map(|(_, wanted)| {
        if wanted.is_object() {
            let value = Value::from(fields.clone());
            return errors(wanted, &value).into_iter().next();
        }
        let missing = names(wanted).iter().filter_map(Value::as_str);
        let missing = missing.filter(|name| !fields.contains_key(*name));
        let missing = missing.map(|name| format!("has a dependency on {name}"));
        missing.into_iter().next()
    })
}

fn is_of_type(value: &Value, name: &str) -> bool {
    match value {
        Value::Null => name == "null",
        Value::Bool(_) => name == "boolean",
        Value::String(_) => name == "string",
        Value::Array(_) => name == "array",
        Value::Object(_) => name == "object",
        Value::Number(number) => {
            let is_integer = number.as_f64().is_some_and(|number| number.fract() == 0.0);
            name == "number" || name == "integer" && is_integer
        }
    }
}

/// Whether two values are the same in JSON, where 1 is 1.0.
fn is_equal(one: &Value, other: &Value) -> bool {
    one == other || one.is_number() && one.as_f64() == other.as_f64()
}

fn limits_of_number(schema: &Value, number: f64) -> impl Iterator<Item = String> {
    let is_exclusive = |key: &str| schema[key] == true;
    let (above, below) = (
        is_exclusive("exclusiveMinimum"),
        is_exclusive("exclusiveMaximum"),
    );
    let too_high = schema["maximum"].as_f64().and_then(|limit| {
        let why = if below {
            "lower than"
        } else {
            "lower than or equal to"
        };
        (number > limit || below && number >= limit).then_some((why, limit))
    });
    let too_low = schema["minimum"].as_f64().and_then(|limit| {
        let why = if above {
            "greater than"
        } else {
            "greater than or equal to"
        };
        (number < limit || above && number <= limit).then_some((why, limit))
    });
    let is_multiple = |factor: &f64| (number / factor).fract() == 0.0;
    let factor = schema["multipleOf"].as_f64();
    let no_multiple = factor.filter(|factor| !is_multiple(factor));
    let no_multiple = no_multiple.map(|factor| ("a multiple of", factor));
    let wrong = too_high.into_iter().chain(too_low).chain(no_multiple);
    wrong.map(|(why, limit)| format!("must be {why} {}", json_number(limit)))
}

/// The limits, least and most, that a length does not keep.
fn limits_of_length<'a>(
    schema: &'a Value,
    length: usize,
    [least, most]: [(&'a str, &'static str); 2],
) -> impl Iterator<Item = (&'static str, u64)> {
    let length = length as u64;
    let limit = |key: &str| schema[key].as_u64();
    let too_short = limit(least.0).filter(|limit| length < *limit);
    let too_long = limit(most.0).filter(|limit| length > *limit);
    let too_short = too_short.map(|limit| (least.1, limit));
    let too_long = too_long.map(|limit| (most.1, limit));
    too_short.into_iter().chain(too_long)
}

fn surplus_and_missing(
    schema: &Value,
    fields: &Map<String, Value>,
) -> impl Iterator<Item = String> {
    let required = schema["required"].as_array().into_iter().flatten();
    let missing = required
        .filter_map(Value::as_str)
        .filter(|name| !fields.contains_key(*name))
        .map(|name| format!("{} property is missing and required", quote(name)));
    let is_closed = schema["additionalProperties"] == false;
    let surplus = fields
        .keys()
        .filter(move |name| is_closed && schemas_of_field(schema, name).next().is_none())
        .map(|name| format!("additional property {} is not allowed", quote(name)));
    missing.chain(surplus)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_does_not_fit_is_said_in_jujus_words() {
        let schema = json!({
            "type": "object", "required": ["name"], "additionalProperties": false,
            "properties": {
                "name": {"type": "string", "minLength": 2, "maxLength": 3},
                "times": {"type": "integer", "minimum": 1, "maximum": 9},
                "share": {"type": ["number", "null"], "minimum": 0, "exclusiveMinimum": true},
                "kind": {"type": "string", "enum": ["full", "quick"]},
                "tags": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 2},
                "file": {"type": "object", "properties": {"size": {"type": "integer"}}},
            },
        });
        let given_then = [
            (
                json!({"name": "abc", "times": 2.0, "share": null, "kind": "full", "tags": ["a"]}),
                "",
            ),
            (
                json!({}),
                r#"(root) : "name" property is missing and required, given {}"#,
            ),
            (
                json!({"name": "ab", "bad": 1}),
                r#"(root) : additional property "bad" is not allowed, given {"bad":1,"name":"ab"}"#,
            ),
            (
                json!({"name": "a"}),
                r#"(root).name : string length must be greater or equal to 2, given "a""#,
            ),
            (
                json!({"name": "äöüß"}),
                r#"(root).name : string length must be lower or equal to 3, given "äöüß""#,
            ),
            (
                json!({"name": "ab", "times": "x"}),
                r#"(root).times : must be of type integer, given "x""#,
            ),
            (
                json!({"name": "ab", "times": 1.5}),
                "(root).times : must be of type integer, given 1.5",
            ),
            (
                json!({"name": "ab", "times": 10}),
                "(root).times : must be lower than or equal to 9, given 10",
            ),
            (
                json!({"name": "ab", "times": 0}),
                "(root).times : must be greater than or equal to 1, given 0",
            ),
            (
                json!({"name": "ab", "share": 0}),
                "(root).share : must be greater than 0, given 0",
            ),
            (
                json!({"name": "ab", "share": "x"}),
                r#"(root).share : must be of type [number,null], given "x""#,
            ),
            (
                json!({"name": "ab", "kind": "slow"}),
                r#"(root).kind : must match one of the enum values ["full","quick"], given "slow""#,
            ),
            (
                json!({"name": "ab", "tags": []}),
                "(root).tags : array must have at least 1 items, given []",
            ),
            (
                json!({"name": "ab", "tags": ["a", "b", 3]}),
                r#"(root).tags : array must have at the most 2 items, given ["a","b",3]; (root).tags.2 : must be of type string, given 3"#,
            ),
            (
                json!({"name": "ab", "file": {"size": true, "x": 1}}),
                "(root).file.size : must be of type integer, given true",
            ),
        ];
        for (given, then) in given_then {
            assert_eq!(errors(&schema, &given).join("; "), then, "{given}");
        }
    }

    #[test]
    fn other_parameters_fit_a_schema_of_their_own() {
        let schema = json!({"type": "object", "additionalProperties": {"type": "string"}});
        assert_eq!(errors(&schema, &json!({"a": "b"})).len(), 0);
        let then = "(root).a : must be of type string, given 1";
        assert_eq!(errors(&schema, &json!({"a": 1})), [then]);
    }

    #[test]
    fn defaults_are_inserted_where_nothing_is_given() {
        let schema = json!({"properties": {
            "text": {"default": "hello"},
            "times": {"default": 1},
            "none": {"type": "string"},
            "file": {"type": "object", "properties": {"kind": {"default": "xz"}, "size": {}}},
            "list": {"type": "object", "properties": {"kind": {"default": "xz"}}},
        }});
        let given = json!({"times": null, "file": {"size": 7}, "list": [1], "more": true});
        let params = with_defaults(&schema, given.as_object().unwrap());
        let then = json!({
            "text": "hello", "times": null, "file": {"kind": "xz", "size": 7}, "list": [1], "more": true,
        });
        assert_eq!(Value::from(params), then);
    }
}
