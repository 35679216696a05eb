//! What a charm reads of its configuration, and what becomes of a hook when it cannot be read.

use std::io;
use std::process::{ExitStatus, Output};
use std::sync::{Arc, Mutex};

use ops::{Charm, HookCommand, HookCommands, JujuContext, Result, Status, Unit};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Answers `config-get` with this text, and keeps all other commands.
struct Juju {
    options: String,
    commands: Mutex<Vec<String>>,
}

impl HookCommands for Juju {
    fn run(&self, command: &HookCommand) -> io::Result<Output> {
        let stdout = if command.name() == "config-get" {
            self.options.clone().into_bytes()
        } else {
            let line = [&[command.name().to_owned()], command.args()].concat();
            self.commands.lock().unwrap().push(line.join(" "));
            Vec::new()
        };
        Ok(Output {
            status: ExitStatus::default(),
            stdout,
            stderr: Vec::new(),
        })
    }
}

/// A hook whose charm reads `options` as `C`: its result, the commands that it ran, and what it read.
fn read<C: DeserializeOwned>(options: &str) -> (Result<()>, Vec<String>, Option<C>) {
    struct Reading<C>(Option<C>);

    impl<C: DeserializeOwned> Charm for Reading<C> {
        fn reconcile(&mut self, unit: &Unit) -> Result<Status> {
            self.0 = Some(unit.config()?);
            Ok(Status::active())
        }
    }

    let variables = [
        ("JUJU_DISPATCH_PATH", "hooks/config-changed"),
        ("JUJU_UNIT_NAME", "web/0"),
        ("JUJU_CHARM_DIR", "/charm"),
        ("JUJU_MACHINE_ID", "0"),
    ];
    let context = JujuContext::from_environment(variables).unwrap();
    let juju = Arc::new(Juju {
        options: options.to_owned(),
        commands: Mutex::default(),
    });
    let mut charm = Reading(None);
    let ended = ops::dispatch(&mut charm, &context, Arc::clone(&juju) as _);
    let commands = juju.commands.lock().unwrap().clone();
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
