//! Answers the hook commands of one run, and keeps what they did.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use juju_emulator::charm::metadata::{Charm, StorageDeclaration};
use juju_emulator::{CallRefused, Effect, HookContext, HookKind, LogLevel, UnitView};
use ops::{Event, Reboot};
use serde_json::Map;

use crate::commands::Commands;
use crate::fault::Fault;
use crate::in_process::{Answered, Answers};
use crate::outcome::{ActionOutcome, Exit, LogLine, Outcome};
use crate::state::ports::write_ports;
use crate::state::{State, charm_status, relation, secret, storage};

/// One hook that runs.
pub(crate) struct Recorder {
    view: UnitView,
    commands: Commands,
    outcome: Outcome,
    event: Event,
    /// The storage that the charm declares.
    declared: BTreeMap<String, StorageDeclaration>,
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
            event: event.clone(),
            declared: charm.storages.clone(),
            commands: Commands::new(HookContext::new(view.clone()), fault, event.is_restricted()),
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
        }
    }

    /// Commits what the hook asked for, or rolls it back, as Juju would after this exit.
    pub(crate) fn end(mut self, exit: Exit) -> Outcome {
        self.outcome.exit = exit;
        let (unit, leads) = (self.view.name.clone(), self.view.leader);
        // What the unit follows, whatever becomes of the hook.
        self.outcome.state.secrets = secret::from_views(&self.view.secrets, &unit);
        if exit == Exit::Code(0) {
            let pending = self.commands.context.pending();
            let changes = &pending.secrets;
            let now = Timestamp::UNIX_EPOCH;
            let secrets = changes.commit(&self.view.secrets, &unit, leads, now);
            let ports = pending
                .commit(&self.view)
                .map_err(|error| error.to_string());
            let to_come = storage::with_added(
                &self.outcome.state.storage_to_come,
                &self.outcome.state.storages,
                &unit,
                &pending.storage,
                &self.declared,
            );
            match ports.and_then(|ports| Ok((ports, secrets?, to_come?))) {
                Ok((ports, secrets, to_come)) => {
                    let state = &mut self.outcome.state;
                    state.storage_to_come = to_come;
                    state.opened_ports = write_ports(&ports);
                    state.secrets = secret::from_views(&secrets, &unit);
                    relation::publish(&mut state.relations, &pending.relations);
                    storage::leave(&mut state.storages, &self.event);
                    self.outcome.reboot = pending.reboot.then_some(Reboot::AfterHook);
                }
                Err(error) => {
                    self.outcome.exit = Exit::CommitRefused;
                    self.log(LogLevel::Error, &format!("cannot apply changes: {error}"));
                }
            }
        }
        let told = self.commands.context.action();
        self.outcome.action.results = told.results.clone().into();
        self.outcome.action.failure.clone_from(&told.failure);
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
        self.outcome.hook_commands = self.commands.run;
        if self.outcome.exit != Exit::Code(0) {
            self.outcome.rolled_back = self.commands.waiting;
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
            Effect::RebootNow => self.outcome.reboot = Some(Reboot::Now),
            Effect::ActionLog(line) => self.outcome.action.log.push(line.clone()),
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

impl Answers for Recorder {
    fn answer(
        &mut self,
        command: &str,
        args: &[String],
        directory: &Path,
        stdin: Option<&[u8]>,
    ) -> Result<Answered, CallRefused> {
        let (answered, effects) = self.commands.answer(command, args, directory, stdin)?;
        for effect in &effects {
            self.keep(effect);
        }
        Ok(answered)
    }

    fn print(&mut self, text: &[u8]) {
        self.outcome.printed += &String::from_utf8_lossy(text);
    }
}
