//! What a charm reads of its configuration, and what becomes of a hook when it cannot be read.

use std::net::IpAddr;
use std::num::{NonZeroI8, NonZeroU16};
use std::path::PathBuf;

use ops::{Charm, Port, Result, Status, Unit};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::answering::dispatch;

/// A hook whose charm reads `options` as `C`: its result, the commands that it ran, and what it read.
fn read<C: DeserializeOwned>(options: &str) -> (Result<()>, Vec<String>, Option<C>) {
    struct Reading<C>(Option<C>);

    impl<C: DeserializeOwned> Charm for Reading<C> {
        fn reconcile(&mut self, unit: &Unit) -> Result<Status> {
            self.0 = Some(unit.config()?);
            Ok(Status::active())
        }
    }

    let mut charm = Reading(None);
    let (ended, commands) = dispatch(
        &mut charm,
        "hooks/config-changed",
        [("config-get", options)],
    );
    (ended, commands, charm.0)
}

#[derive(Debug, Deserialize, PartialEq)]
struct NameAndPort(String, u16);

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "kebab-case")]
struct AllOptional {
    server_port: Option<u16>,
}

#[test]
fn what_is_no_map_of_options_fails_the_hook_and_blocks_nobody() {
    for printed in [
        "null",
        "3",
        "true",
        "\"config not found\"",
        "[]",
        "[8000]",
        "[\"hello\", 8000]",
        r#"{"server-port": [8000]}"#,
    ] {
        let (positional, commands, _) = read::<NameAndPort>(printed);
        let (optional, _, config) = read::<AllOptional>(printed);

        for ended in [positional, optional] {
            let Err(ops::Error::HookCommand(error)) = ended else {
                panic!("{printed}: {ended:?}");
            };
            let printed = format!("`config-get --format=json` printed {printed:?}");
            assert!(error.to_string().contains(&printed), "{error}");
        }
        let [line] = &commands[..] else {
            panic!("{printed}: {commands:?}");
        };
        assert!(line.starts_with("juju-log --log-level ERROR"), "{line}");
        assert_eq!(config, None, "{printed}");
    }
}

#[test]
fn a_charm_without_options_reads_an_empty_map() {
    let (ended, _, config) = read::<AllOptional>("{}\n");
    ended.unwrap();
    assert_eq!(config, Some(AllOptional { server_port: None }));
}

/// What the unit is blocked with when a charm with a config of type `C` is given these options.
fn blocked<C: DeserializeOwned>(options: &str) -> String {
    let (ended, commands, _) = read::<C>(options);
    ended.unwrap();
    let [command] = &commands[..] else {
        panic!("{options}: {commands:?}");
    };
    let message = command.strip_prefix("status-set blocked -- ");
    message.expect("the unit is blocked").to_owned()
}

/// The same for an option `my-option` whose field is of type `T`.
fn blocked_as<T: DeserializeOwned>(value: &str) -> String {
    #[derive(Deserialize)]
    #[serde(rename_all = "kebab-case")]
    struct Config<T> {
        #[serde(rename = "my-option")]
        _my_option: T,
    }

    blocked::<Config<T>>(&format!(r#"{{"another": 1, "my-option": {value}}}"#))
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "kebab-case")]
enum Speed {
    Slow,
    VeryFast,
}

#[derive(Debug, Deserialize, PartialEq)]
struct Percent(u8);

/// An option whose type checks the value itself, and does not repeat it.
#[derive(Debug, Deserialize, PartialEq)]
#[serde(try_from = "u16")]
struct Even(u16);

impl TryFrom<u16> for Even {
    type Error = &'static str;

    fn try_from(number: u16) -> std::result::Result<Self, Self::Error> {
        let even = number.is_multiple_of(2).then_some(Self(number));
        even.ok_or("choose an even number, such as 3 doubled")
    }
}

#[test]
fn a_number_that_does_not_fit_is_told_in_the_words_of_the_option() {
    for (message, expected) in [
        (
            blocked_as::<u16>("70000"),
            "70000 is not a whole number from 0 to 65535",
        ),
        (
            blocked_as::<u8>("-1"),
            "-1 is not a whole number from 0 to 255",
        ),
        (
            blocked_as::<NonZeroU16>("0"),
            "0 is not a whole number from 1 to 65535",
        ),
        (
            blocked_as::<NonZeroI8>("0"),
            "0 is not a whole number from -128 to 127 but 0",
        ),
        (
            blocked_as::<i64>("9223372036854775808"),
            "9223372036854775808 is not a whole number from -9223372036854775808 to 9223372036854775807",
        ),
        (
            blocked_as::<u64>("99999999999999999999"),
            "100000000000000000000 is not a whole number from 0 to 18446744073709551615",
        ),
        (
            blocked_as::<u16>("-1e300"),
            "-1e300 is not a whole number from 0 to 65535",
        ),
        (
            blocked_as::<u32>("1.5"),
            "1.5 is not a whole number from 0 to 4294967295",
        ),
        (blocked_as::<i128>("0.5"), "0.5 is not a whole number"),
        (
            blocked_as::<u16>("\"80\""),
            "\"80\" is not a whole number from 0 to 65535",
        ),
        (
            blocked_as::<u16>("true"),
            "true is not a whole number from 0 to 65535",
        ),
        (
            blocked_as::<Option<u16>>("-1"),
            "-1 is not a whole number from 0 to 65535",
        ),
        (
            blocked_as::<Percent>("256"),
            "256 is not a whole number from 0 to 255",
        ),
        (
            blocked_as::<Option<Percent>>("256"),
            "256 is not a whole number from 0 to 255",
        ),
    ] {
        assert_eq!(message, format!("my-option: {expected}"));
    }
}

#[test]
fn any_other_value_that_does_not_fit_is_told_in_the_words_of_the_option() {
    for (message, expected) in [
        (blocked_as::<f64>("\"1.5\""), "\"1.5\" is not a number"),
        (
            blocked_as::<bool>("\"yes\""),
            "\"yes\" is not true or false",
        ),
        (blocked_as::<String>("3"), "3 is not a text"),
        (blocked_as::<PathBuf>("3"), "3 is not a path"),
        (blocked_as::<char>("\"ab\""), "\"ab\" is not a character"),
        (
            blocked_as::<Speed>("\"fast\""),
            "\"fast\" is not one of slow, very-fast",
        ),
        (
            blocked_as::<Speed>("\"\""),
            "\"\" is not one of slow, very-fast",
        ),
        (
            blocked_as::<Option<Speed>>("3"),
            "3 is not one of slow, very-fast",
        ),
        (
            blocked_as::<Even>("3"),
            "choose an even number, such as 3 doubled",
        ),
        (
            blocked_as::<Even>("5"),
            "5: choose an even number, such as 3 doubled",
        ),
        (
            blocked_as::<Even>("-5"),
            "-5 is not a whole number from 0 to 65535",
        ),
        (
            blocked_as::<IpAddr>("\"1.2.3\""),
            "\"1.2.3\": invalid IP address syntax",
        ),
        (
            blocked_as::<IpAddr>("\"\""),
            "\"\": invalid IP address syntax",
        ),
        (
            blocked_as::<Port>("70000"),
            "70000 is not a port: choose a number from 1 to 65535",
        ),
        (
            blocked_as::<Port>("80.5"),
            "80.5 is not a port from 1 to 65535",
        ),
        (
            blocked_as::<Port>("1e20"),
            "100000000000000000000 is not a port from 1 to 65535",
        ),
        (
            blocked_as::<u16>(&format!("\"{}\"", "ü".repeat(61))),
            &format!(
                "\"{}\"… is not a whole number from 0 to 65535",
                "ü".repeat(60)
            ),
        ),
        (
            blocked_as::<u16>("null"),
            "no value is set; choose one with `juju config`",
        ),
    ] {
        assert_eq!(message, format!("my-option: {expected}"));
    }
}

#[test]
fn an_option_that_is_missing_or_unknown_is_named_as_in_config_yaml() {
    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "kebab-case", deny_unknown_fields)]
    struct Config {
        #[serde(rename = "server-port")]
        _server_port: u16,
    }
    assert_eq!(
        blocked::<Config>("{}"),
        "server-port: no value is set; choose one with `juju config`"
    );
    assert_eq!(
        blocked::<Config>(r#"{"server-port": 80, "log-file": "x"}"#),
        "log-file: the charm does not know this option"
    );
}

#[test]
fn an_option_in_a_part_of_the_config_is_named_too() {
    #[derive(Debug, Deserialize)]
    struct Server {
        #[serde(rename = "server-port")]
        _port: u16,
    }
    #[derive(Debug, Deserialize)]
    struct Config {
        #[serde(rename = "name")]
        _name: String,
        #[serde(flatten)]
        _server: Server,
    }
    assert_eq!(
        blocked::<Config>(r#"{"name": "x", "server-port": 70000}"#),
        "server-port: 70000 is not a whole number from 0 to 65535"
    );
}

#[test]
fn every_type_of_option_is_read() {
    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "kebab-case", default)]
    struct Config {
        server_port: NonZeroU16,
        offset: i64,
        share: f32,
        ratio: f64,
        is_public: bool,
        title: String,
        log_file: Option<PathBuf>,
        unset: Option<u16>,
        null: Option<u16>,
        speed: Option<Speed>,
        percent: Percent,
        ports: Option<Port>,
        any: Option<serde_json::Value>,
        defaulted: u16,
    }
    impl Default for Config {
        fn default() -> Self {
            Self {
                server_port: NonZeroU16::MIN,
                offset: 0,
                share: 0.0,
                ratio: 0.0,
                is_public: false,
                title: String::new(),
                log_file: None,
                unset: None,
                null: None,
                speed: None,
                percent: Percent(0),
                ports: None,
                any: None,
                defaulted: 7,
            }
        }
    }

    let (ended, _, config) = read::<Config>(
        r#"{"server-port": 80, "offset": -5, "share": 1, "ratio": 0.25, "is-public": true, "title": "é",
            "log-file": "/x", "null": null, "speed": "very-fast", "percent": 9, "ports": "53/udp", "any": 3}"#,
    );

    ended.unwrap();
    assert_eq!(
        config,
        Some(Config {
            server_port: NonZeroU16::new(80).unwrap(),
            offset: -5,
            share: 1.0,
            ratio: 0.25,
            is_public: true,
            title: "é".to_owned(),
            log_file: Some("/x".into()),
            unset: None,
            null: None,
            speed: Some(Speed::VeryFast),
            percent: Percent(9),
            ports: Some(Port::udp(53).unwrap()),
            any: Some(3.into()),
            defaulted: 7,
        })
    );
}
