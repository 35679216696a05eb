//! What somebody asks for as storage: `ebs,2,10G` is a pool, a count and a size.

use std::collections::BTreeMap;

use crate::charm::storage::parse_size;
use crate::go::strconv::quote;

/// What is asked for; the rest is as the charm and the application say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct StorageDirective {
    pub(crate) pool: Option<String>,
    pub(crate) count: Option<u32>,
    /// In MiB.
    pub(crate) size: Option<u64>,
}

impl StorageDirective {
    /// Reads `pool,count,size`, each at most once, in any order. The error is Juju's text.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut directive = Self::default();
        let fields: Vec<_> = text.split(',').filter(|field| !field.is_empty()).collect();
        if fields.is_empty() {
            return Err("storage directives require at least one field to be specified".to_owned());
        }
        for field in fields {
            let digits = field.strip_prefix('-').unwrap_or(field);
            if is_pool_name(field) {
                if let Some(pool) = directive.pool.replace(field.to_owned()) {
                    return Err(format!(
                        "pool name is already set to {}, new value {} not valid",
                        quote(&pool),
                        quote(field)
                    ));
                }
            } else if digits.bytes().all(|byte| byte.is_ascii_digit()) {
                let count = field.parse().ok().filter(|count| *count > 0);
                let refusal = || {
                    let field = quote(field);
                    format!("cannot parse count: count must be greater than zero, got {field}")
                };
                directive.count = Some(count.ok_or_else(refusal)?);
            } else if let Some(size) = parse_size(field) {
                directive.size = Some(size);
            } else {
                let field = quote(field);
                return Err(format!("unrecognized storage directive {field} not valid"));
            }
        }
        directive.count.get_or_insert(1);
        Ok(directive)
    }

    /// Reads `name=directive` or `name`, which asks for one, of several storages. The error is Juju's text.
    pub(crate) fn parse_all(arguments: &[String]) -> Result<BTreeMap<String, Self>, String> {
        let mut all = BTreeMap::new();
        for argument in arguments {
            let (name, directive) = match argument.split_once('=') {
                None => (
                    argument.as_str(),
                    Self {
                        count: Some(1),
                        ..Self::default()
                    },
                ),
                Some((name, text)) => {
                    let cannot =
                        |why| format!("cannot parse directive for storage {}: {why}", quote(name));
                    (name, Self::parse(text).map_err(cannot)?)
                }
            };
            if name.is_empty() {
                let argument = quote(argument);
                return Err(format!(
                    "expected \"name=directive\" or \"name\", got {argument}"
                ));
            }
            if all.insert(name.to_owned(), directive).is_some() {
                let name = quote(name);
                return Err(format!("storage {name} specified more than once"));
            }
        }
        Ok(all)
    }
}

fn is_pool_name(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic())
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pool_count_and_size_come_in_any_order() {
        let directive = |pool: Option<&str>, count, size| StorageDirective {
            pool: pool.map(str::to_owned),
            count: Some(count),
            size,
        };
        for (text, then) in [
            ("rootfs,5M,2", directive(Some("rootfs"), 2, Some(5))),
            ("2,rootfs", directive(Some("rootfs"), 2, None)),
            ("10G", directive(None, 1, Some(10 * 1024))),
            ("3", directive(None, 3, None)),
        ] {
            assert_eq!(StorageDirective::parse(text), Ok(then), "{text}");
        }
    }

    #[test]
    fn what_is_no_directive_is_refused_in_jujus_words() {
        for (text, refusal) in [
            (
                "data=",
                "cannot parse directive for storage \"data\": storage directives require at least one field to be specified",
            ),
            (
                "data=0",
                "cannot parse directive for storage \"data\": cannot parse count: count must be greater than zero, got \"0\"",
            ),
            (
                "data=-676",
                "cannot parse directive for storage \"data\": cannot parse count: count must be greater than zero, got \"-676\"",
            ),
            (
                "data=a,b",
                "cannot parse directive for storage \"data\": pool name is already set to \"a\", new value \"b\" not valid",
            ),
            (
                "data=5X",
                "cannot parse directive for storage \"data\": unrecognized storage directive \"5X\" not valid",
            ),
            ("=1", "expected \"name=directive\" or \"name\", got \"=1\""),
        ] {
            let parsed = StorageDirective::parse_all(&[text.to_owned()]);
            assert_eq!(parsed, Err(refusal.to_owned()), "{text}");
        }
        let twice = ["data".to_owned(), "data=2".to_owned()];
        let refusal = "storage \"data\" specified more than once".to_owned();
        assert_eq!(StorageDirective::parse_all(&twice), Err(refusal));
    }
}
