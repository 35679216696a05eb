//! Hook commands that print what the test says, whatever Juju would print.

use std::collections::BTreeMap;
use std::io;
use std::process::{ExitStatus, Output};
use std::sync::{Arc, Mutex};

use ops::{Charm, HookCommand, HookCommands, JujuContext, Result};

/// Answers hook commands, and keeps them.
struct Juju {
    answers: BTreeMap<&'static str, String>,
    commands: Mutex<Vec<String>>,
}

impl HookCommands for Juju {
    fn run(&self, command: &HookCommand) -> io::Result<Output> {
        let line = [&[command.name().to_owned()], command.args()].concat();
        self.commands.lock().unwrap().push(line.join(" "));
        let stdout = self.answers.get(command.name()).cloned();
        Ok(Output {
            status: ExitStatus::default(),
            stdout: stdout.unwrap_or_default().into(),
            stderr: Vec::new(),
        })
    }
}

/// Dispatches a hook such as `hooks/start` of the unit `web/0`; returns its result and the commands that were run, but
/// for those that only read.
pub(crate) fn dispatch<const N: usize>(
    charm: &mut dyn Charm,
    path: &str,
    answers: [(&'static str, &str); N],
) -> (Result<()>, Vec<String>) {
    let variables = [
        ("JUJU_DISPATCH_PATH", path),
        ("JUJU_UNIT_NAME", "web/0"),
        ("JUJU_CHARM_DIR", "/charm"),
        ("JUJU_MACHINE_ID", "0"),
        ("JUJU_MODEL_NAME", "staging"),
        ("JUJU_ACTION_UUID", "9"),
    ];
    let context = JujuContext::from_environment(variables).unwrap();
    let juju = Arc::new(Juju {
        answers: answers.map(|(name, text)| (name, text.to_owned())).into(),
        commands: Mutex::default(),
    });
    let ended = ops::dispatch(charm, &context, Arc::clone(&juju) as _);
    let mut commands = juju.commands.lock().unwrap().clone();
    commands.retain(|line| !line.ends_with("--format=json"));
    (ended, commands)
}
