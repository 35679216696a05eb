//! Answers the hook commands of one run, and keeps what they did.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use juju_emulator::charm::metadata::{Charm, StorageDeclaration};
use juju_emulator::{
    Answer, CallRefused, Effect, HookContext, HookKind, LogLevel, TakesEffect, UnitView,
    takes_effect,
};
use ops::{Event, Reboot};
use serde_json::Map;

use crate::fault::{Fault, FaultKind};
use crate::outcome::{ActionOutcome, Exit, LogLine, Outcome};
use crate::state::ports::write_ports;
use crate::state::{State, charm_status, relation, secret, storage};

/// One hook that runs.
pub(crate) struct Recorder {
    view: UnitView,
    context: HookContext,
    outcome: Outcome,
    /// The commands that wait for the hook to succeed.
    waiting: Vec<String>,
    fault: Option<Fault>,
    /// Juju refuses every hook command in this event.
    restricted: bool,
    event: Event,
    /// The storage that the charm declares.
    declared: BTreeMap<String, StorageDeclaration>,
}

/// What becomes of a hook command.
pub(crate) enum Answered {
    /// It prints this and exits.
    Answer(Answer),
    /// It is killed.
    CommandKilled,
    /// The charm is killed, and the command with it.
    CharmKilled,
}

impl Recorder {
    pub(crate) fn new(
        event: &Event,
        given: &State,
        charm: &Charm,
        view: UnitView,
        fault: Option<Fault>,
    ) -> Self {
        Self {
            restricted: event.is_restricted(),
            event: event.clone(),
            declared: charm.storages.clone(),
            context: HookContext::new(view.clone()),
            view,
            outcome: Outcome {
                state: given.clone(),
                exit: Exit::Code(0),
                reboot: None,
                hook_commands: Vec::new(),
                rolled_back: Vec::new(),
                status_history: Vec::new(),
                action: ActionOutcome {
                    results: Map::new().into(),
                    log: Vec::new(),
                    failure: None,
                },
                log: Vec::new(),
                printed: String::new(),
            },
            waiting: Vec::new(),
            fault,
        }
    }

    pub(crate) fn answer(
        &mut self,
        command: &str,
        args: &[String],
        directory: &Path,
        stdin: Option<&[u8]>,
    ) -> Result<Answered, CallRefused> {
        let fault = self.fault_of(command);
        if command != "juju-log" {
            self.outcome.hook_commands.push(shown(command, args));
        }
        match fault {
            Some(FaultKind::CommandKilled) => return Ok(Answered::CommandKilled),
            Some(FaultKind::Refused) => return Ok(refused("the agent is going down")),
            Some(FaultKind::CharmKilled) | None => {}
        }

        if self.restricted {
            return Ok(refused(
                "not implemented for restricted context not implemented",
            ));
        }
        let answered = self.context.run(command, args, directory, stdin);
        if answered == Err(CallRefused::NeedsStdin) {
            // It is called again, and counts then.
            self.outcome.hook_commands.pop();
        }
        let answer = answered?;
        if answer.exit_code == 0 && takes_effect(command) == Some(TakesEffect::AtTheEnd) {
            self.waiting
                .extend(self.outcome.hook_commands.last().cloned());
        }
        for effect in &answer.effects {
            self.keep(effect);
        }
        let reboots = answer.effects.contains(&Effect::RebootNow);
        Ok(match fault {
            Some(_) => Answered::CharmKilled,
            None if reboots => Answered::CharmKilled,
            None => Answered::Answer(answer),
        })
    }

    fn fault_of(&self, command: &str) -> Option<FaultKind> {
        let number = self.outcome.hook_commands.len();
        self.fault
            .filter(|fault| command != "juju-log" && fault.command == number)
            .map(|fault| fault.kind)
    }

    pub(crate) fn print(&mut self, text: &[u8]) {
        self.outcome.printed += &String::from_utf8_lossy(text);
    }

    /// Commits what the hook asked for, or rolls it back, as Juju would after this exit.
    pub(crate) fn end(mut self, exit: Exit) -> Outcome {
        self.outcome.exit = exit;
        let (unit, leads) = (self.view.name.clone(), self.view.leader);
        // What the unit follows, whatever becomes of the hook.
        self.outcome.state.secrets = secret::from_views(&self.view.secrets, &unit);
        if exit == Exit::Code(0) {
            let pending = self.context.pending().clone();
            let now = Timestamp::UNIX_EPOCH;
            let secrets = pending
                .secrets
                .commit(&self.view.secrets, &unit, leads, now);
            let ports = pending
                .commit(&self.view)
                .map_err(|error| error.to_string());
            let state = &mut self.outcome.state;
            let committed = ports.and_then(|ports| {
                let secrets = secrets?;
                storage::add(state, &self.view.name, &pending.storage, &self.declared)?;
                Ok((ports, secrets))
            });
            match committed {
                Ok((ports, secrets)) => {
                    state.opened_ports = write_ports(&ports);
                    state.secrets = secret::from_views(&secrets, &unit);
                    relation::publish(&mut state.relations, &pending.relations);
                    storage::leave(state, &self.event);
                    self.outcome.reboot = pending.reboot.then_some(Reboot::AfterHook);
                }
                Err(error) => {
                    self.outcome.exit = Exit::CommitRefused;
                    self.log(LogLevel::Error, &format!("cannot apply changes: {error}"));
                }
            }
        }
        let told = self.context.action();
        self.outcome.action.results = told.results.clone().into();
        self.outcome.action.failure = told.failure.clone();
        if let HookKind::Action { .. } = self.view.hook {
            let why = match self.outcome.exit {
                Exit::Code(0) => None,
                Exit::Code(code) => Some(format!("exit status {code}")),
                Exit::Signal(_) => Some("action terminated".to_owned()),
                Exit::CommitRefused => told
                    .failure
                    .is_none()
                    .then(|| "committing requested changes failed".to_owned()),
            };
            let failure = &mut self.outcome.action.failure;
            *failure = why.or_else(|| failure.take());
        }
        if self.outcome.exit != Exit::Code(0) {
            self.outcome.rolled_back = self.waiting;
        }
        self.outcome
    }

    fn keep(&mut self, effect: &Effect) {
        match effect {
            Effect::UnitStatus(status) => {
                self.outcome.state.unit_status = charm_status(status);
                self.outcome.status_history.extend(charm_status(status));
            }
            Effect::WorkloadVersion(version) => {
                version.clone_into(&mut self.outcome.state.workload_version);
            }
            Effect::Log { level, message } => self.log(*level, message),
            Effect::ApplicationStatus(status) => {
                self.outcome.state.application_status = charm_status(status);
            }
            Effect::SecretRead { id, consumer } => {
                if let Some(secret) = self.view.secrets.get_mut(id) {
                    let consumers = &mut secret.consumers;
                    consumers.insert(self.view.name.clone(), consumer.clone());
                }
            }
            Effect::ActionLog(line) => self.outcome.action.log.push(line.clone()),
            Effect::RebootNow => self.outcome.reboot = Some(Reboot::Now),
            // No charm on ops sets these, since Juju 4 has them no more.
            Effect::LeaderSettings(_) | Effect::Resource { .. } => {}
        }
    }

    fn log(&mut self, level: LogLevel, message: &str) {
        self.outcome.log.push(LogLine {
            level,
            message: message.to_owned(),
        });
    }
}

/// The command as one would type it; the file of a secret has another name in every run.
fn shown(command: &str, args: &[String]) -> String {
    let mut words = vec![command];
    for arg in args {
        let is_file = command.starts_with("secret-") && words.last() == Some(&"--file");
        words.push(if is_file { "FILE" } else { arg });
    }
    words.join(" ")
}

fn refused(why: &str) -> Answered {
    Answered::Answer(Answer {
        exit_code: 1,
        stderr: format!("ERROR {why}\n").into_bytes(),
        ..Answer::default()
    })
}
