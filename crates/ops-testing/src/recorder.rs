//! Answers the hook commands of one run, and keeps what they did.

use std::path::Path;

use juju_emulator::{
    Answer, CallRefused, Effect, HookContext, HookKind, LogLevel, TakesEffect, UnitView,
    takes_effect,
};
use ops::Event;
use serde_json::Map;

use crate::fault::{Fault, FaultKind};
use crate::outcome::{ActionOutcome, Exit, LogLine, Outcome};
use crate::state::ports::write_ports;
use crate::state::{State, charm_status, relation};

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
    pub(crate) fn new(event: &Event, given: &State, view: UnitView, fault: Option<Fault>) -> Self {
        Self {
            restricted: event.is_restricted(),
            context: HookContext::new(view.clone()),
            view,
            outcome: Outcome {
                state: given.clone(),
                exit: Exit::Code(0),
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
            let line = [&[command.to_owned()], args].concat().join(" ");
            self.outcome.hook_commands.push(line);
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
        Ok(match fault {
            Some(_) => Answered::CharmKilled,
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
        if exit == Exit::Code(0) {
            match self.context.pending().commit(&self.view) {
                Ok(ports) => {
                    let state = &mut self.outcome.state;
                    state.opened_ports = write_ports(&ports);
                    relation::publish(&mut state.relations, &self.context.pending().relations);
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
            // No charm on ops sets these, since Juju 4 has them no more.
            Effect::LeaderSettings(_) | Effect::RebootNow | Effect::Resource { .. } => {}
        }
    }

    fn log(&mut self, level: LogLevel, message: &str) {
        self.outcome.log.push(LogLine {
            level,
            message: message.to_owned(),
        });
    }
}

fn refused(why: &str) -> Answered {
    Answered::Answer(Answer {
        exit_code: 1,
        stderr: format!("ERROR {why}\n").into_bytes(),
        ..Answer::default()
    })
}
