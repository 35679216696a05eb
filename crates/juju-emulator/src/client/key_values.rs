//! The keys that `config` and `model-config` are given, to show, to set and to reset.

use crate::client::session::UsageError;
use crate::go::strconv::quote;

/// What is to be done with which keys.
#[derive(Debug)]
pub(crate) struct KeyValues<'a> {
    /// The one to show.
    pub(crate) get: Option<&'a str>,
    /// `key=value`, each key once.
    pub(crate) set: Vec<String>,
    pub(crate) reset: Vec<String>,
}

impl<'a> KeyValues<'a> {
    /// Reads the arguments and what `--reset` was given; refuses, as Juju does, what cannot be done at once.
    pub(crate) fn read(
        arguments: &'a [String],
        reset: &[String],
        from_file: bool,
    ) -> Result<Self, UsageError> {
        let refuse = |message: String| Err(UsageError(message));
        let keys = reset
            .iter()
            .flat_map(|keys| keys.trim_matches(',').split(','));
        let reset: Vec<_> = keys.map(str::to_owned).collect();
        if let Some(key) = reset.iter().find(|key| key.contains('=')) {
            return refuse(format!(
                "--reset accepts a comma delimited set of keys \"a,b,c\", received: {}",
                quote(key)
            ));
        }
        let mut get = Vec::new();
        let mut set: Vec<String> = Vec::new();
        for argument in arguments {
            let Some((key, _)) = argument.split_once('=') else {
                get.push(argument.as_str());
                continue;
            };
            if key.is_empty() {
                return refuse(format!("expected \"key=value\", got {}", quote(argument)));
            }
            if set.iter().any(|other| is_of(key, other)) {
                return refuse(format!("key {} specified more than once", quote(key)));
            }
            set.push(argument.clone());
        }
        let actions = [
            (from_file, "use --file flag"),
            (!reset.is_empty(), "use --reset flag"),
            (!get.is_empty(), "get value"),
            (!set.is_empty(), "set key=value pairs"),
        ];
        let actions = actions.into_iter().filter(|(given, _)| *given);
        let actions: Vec<_> = actions.map(|(_, action)| action).collect();
        if let [first @ .., last] = actions.as_slice()
            && !first.is_empty()
            && !get.is_empty()
        {
            let first = first.join(", ");
            return refuse(format!("cannot {first} and {last} simultaneously"));
        }
        if get.len() > 1 {
            return refuse("cannot specify multiple keys to get".to_owned());
        }
        let twice = reset
            .iter()
            .find(|key| set.iter().any(|set| is_of(key, set)));
        if let Some(key) = twice {
            let key = quote(key);
            return refuse(format!("cannot set and reset key {key} simultaneously"));
        }
        let get = get.first().copied();
        Ok(Self { get, set, reset })
    }

    /// Whether something is to be changed.
    pub(crate) fn changes(&self) -> bool {
        !self.set.is_empty() || !self.reset.is_empty()
    }
}

fn is_of(key: &str, value: &str) -> bool {
    value.split_once('=').is_some_and(|(of, _)| of == key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_done_at_once_is_refused_in_jujus_words() {
        let given_then = [
            (
                &["=1"][..],
                &[][..],
                false,
                r#"expected "key=value", got "=1""#,
            ),
            (
                &["a=1", "a=2"],
                &[],
                false,
                r#"key "a" specified more than once"#,
            ),
            (
                &["a", "b"],
                &[],
                false,
                "cannot specify multiple keys to get",
            ),
            (
                &["a=1", "b"],
                &[],
                false,
                "cannot get value and set key=value pairs simultaneously",
            ),
            (
                &["a=1", "b"],
                &["c"],
                true,
                "cannot use --file flag, use --reset flag, get value and set key=value pairs simultaneously",
            ),
            (
                &["a"],
                &["b"],
                false,
                "cannot use --reset flag and get value simultaneously",
            ),
            (
                &["a=1"],
                &["b,a"],
                false,
                r#"cannot set and reset key "a" simultaneously"#,
            ),
            (
                &[],
                &["a=1"],
                false,
                r#"--reset accepts a comma delimited set of keys "a,b,c", received: "a=1""#,
            ),
        ];
        for (arguments, reset, from_file, then) in given_then {
            let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
            let (arguments, reset): (Vec<_>, Vec<_>) = (owned(arguments), owned(reset));
            let refusal = KeyValues::read(&arguments, &reset, from_file).unwrap_err();
            assert_eq!(refusal.to_string(), then);
        }
    }

    #[test]
    fn a_file_may_go_with_values_and_resets() {
        let arguments = ["a=1".to_owned(), "b=x=y".to_owned()];
        let keys = KeyValues::read(&arguments, &[",c,d,".to_owned()], true).unwrap();
        assert_eq!((keys.get, keys.changes()), (None, true));
        assert_eq!(
            (keys.set, keys.reset),
            (arguments.into(), vec!["c".to_owned(), "d".to_owned()])
        );
    }
}
