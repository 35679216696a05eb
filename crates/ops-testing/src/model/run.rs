//! A model that lives: its hooks run one after the other, in the test's own process.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use juju_emulator::charm::hook::Hook;
use juju_emulator::hook::dispatch::{Ended, Identity};
use juju_emulator::{BegunHook, CallRefused, Effect, InMemoryModel, LogLevel};
use tempfile::TempDir;

use crate::commands::Commands;
use crate::context::{fail, temporary_directory};
use crate::in_process::{self, Answered, Answers};
use crate::model::application::{Application, Program};
use crate::model::model_state::ModelState;
use crate::model::moves::HookFault;
use crate::model::operation::Operation;
use crate::outcome::Exit;

/// A model that lives.
pub(crate) struct Run<'a> {
    pub(crate) model: InMemoryModel,
    applications: &'a [Application],
    /// What the units run, those that are gone included.
    pub(crate) programs: BTreeMap<String, Box<dyn Program>>,
}

/// Where the storage of a model's machines is, as long as it runs; nowhere when no charm has any.
pub(crate) struct Storage(Option<TempDir>);

impl Storage {
    pub(crate) fn new(applications: &[Application]) -> Self {
        let has_storage = |it: &Application| !it.charm.storages.is_empty();
        let has_storage = applications.iter().any(has_storage);
        Self(has_storage.then(temporary_directory))
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.as_ref().map_or(Path::new(""), TempDir::path)
    }
}

/// A hook or an action that has run.
#[derive(Clone, Debug)]
pub(crate) struct Ran {
    pub(crate) unit: String,
    pub(crate) hook: Hook,
    pub(crate) fault: Option<HookFault>,
    /// Why it has failed: what the charm has logged as an error, else what Juju says.
    pub(crate) failure: Option<String>,
    /// The hook commands.
    pub(crate) commands: Vec<String>,
    /// The relations in which it has published something, and whether as an application.
    pub(crate) published: Vec<(u64, bool)>,
}

impl Ran {
    /// It was an event, which a charm has to take whenever it comes.
    pub(crate) fn is_event(&self) -> bool {
        !matches!(self.hook, Hook::Action { .. })
    }
}

impl<'a> Run<'a> {
    pub(crate) fn new(applications: &'a [Application], storage: &Path) -> Self {
        Self {
            model: InMemoryModel::new(storage),
            applications,
            programs: BTreeMap::new(),
        }
    }

    /// Does something to the model. An error is what Juju tells the operator.
    pub(crate) fn perform(&mut self, operation: &Operation) -> Result<()> {
        operation.perform(&mut self.model, self.applications)
    }

    /// Lets a unit run its next hook or action; none when it has none.
    pub(crate) fn hook(&mut self, unit: &str, fault: Option<HookFault>) -> Option<Ran> {
        let begun = self.model.begin(unit);
        let (begun, context) = begun.unwrap_or_else(|error| fail(&format!("{unit}: {error:#}")))?;
        let application = application_of(unit, self.applications);
        let program = self
            .programs
            .entry(unit.to_owned())
            .or_insert_with(|| application.new_unit());
        if let Some(HookFault::Workload(fault)) = fault {
            program.workload().set_fault(Some(fault));
        }
        let command_fault = match fault {
            Some(HookFault::Command(fault)) => Some(fault),
            _ => None,
        };
        let answers = HookAnswers {
            commands: Commands::new(context, command_fault, false),
            effects: Vec::new(),
            errors: Vec::new(),
        };
        let identity = identity(&begun, &self.model);
        let (exit, answers) = in_process::run(
            &mut *program.charm(),
            &application.charm_dir,
            &identity,
            &begun.hook,
            answers,
        );
        if let Some(HookFault::Workload(_)) = fault {
            program.workload().set_fault(None);
        }
        let ended = match exit {
            Exit::Code(code) => Ended::Exited(code),
            Exit::Signal(signal) => Ended::Killed(signal),
            Exit::CommitRefused => Ended::Exited(1),
        };
        let HookAnswers {
            commands,
            effects,
            errors,
        } = answers;
        let failure = self.model.end(&begun, &commands.context, effects, ended);
        let failure = failure.unwrap_or_else(|error| fail(&format!("{unit}: {error:#}")));
        let published = if failure.is_none() {
            let pending = &commands.context.pending().relations;
            let published = pending.iter().flat_map(|(id, changes)| {
                let of_unit = (!changes.unit.is_empty()).then_some((*id, false));
                let of_application = (!changes.application.is_empty()).then_some((*id, true));
                of_unit.into_iter().chain(of_application)
            });
            published.collect()
        } else {
            Vec::new()
        };
        Some(Ran {
            unit: begun.unit,
            hook: begun.hook,
            fault,
            failure: failure.map(|why| {
                if errors.is_empty() {
                    why
                } else {
                    errors.join("; ")
                }
            }),
            commands: commands.run,
            published,
        })
    }

    /// What is true now.
    pub(crate) fn state(&mut self) -> ModelState {
        ModelState::new(&self.model, &mut self.programs)
    }

    /// What can go wrong with the workload of a unit.
    pub(crate) fn workload_faults(&mut self, unit: &str) -> &'static [&'static str] {
        let program = self.programs.get_mut(unit);
        program.map_or(&[], |program| program.workload().faults())
    }
}

fn application_of<'a>(unit: &str, applications: &'a [Application]) -> &'a Application {
    let (name, _) = unit.split_once('/').unwrap_or((unit, ""));
    let mut applications = applications.iter();
    match applications.find(|application| application.name == name) {
        Some(application) => application,
        None => fail(&format!("the model has no application \"{name}\"")),
    }
}

fn identity(begun: &BegunHook, model: &InMemoryModel) -> Identity {
    Identity {
        unit: begun.unit.clone(),
        model_name: "testing".to_owned(),
        model_uuid: model.uuid().to_owned(),
        machine: begun.machine.to_string(),
        principal: begun.principal.clone().unwrap_or_default(),
        availability_zone: String::new(),
        juju_version: "3.6.9".to_owned(),
    }
}

/// Answers the commands of one hook of a model.
struct HookAnswers {
    commands: Commands,
    /// What is to change in the model at once.
    effects: Vec<Effect>,
    /// What the charm has logged as errors.
    errors: Vec<String>,
}

impl Answers for HookAnswers {
    fn answer(
        &mut self,
        command: &str,
        args: &[String],
        directory: &Path,
        stdin: Option<&[u8]>,
    ) -> Result<Answered, CallRefused> {
        let (answered, effects) = self.commands.answer(command, args, directory, stdin)?;
        for effect in effects {
            match effect {
                Effect::Log {
                    level: LogLevel::Error,
                    message,
                } => self.errors.push(message),
                Effect::Log { .. } => {}
                effect => self.effects.push(effect),
            }
        }
        Ok(answered)
    }

    fn print(&mut self, text: &[u8]) {
        self.errors.push(String::from_utf8_lossy(text).into_owned());
    }
}
