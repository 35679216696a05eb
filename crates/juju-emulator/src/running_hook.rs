//! One hook while it runs in an emulated machine: what it sees, and what becomes of what it does at once.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use jiff::Timestamp;

use crate::charm::Charm;
use crate::debug_log::{Record, is_kept};
use crate::dispatch::{
    Agent, Call, Dispatch, DispatchError, Ended, Identity, Reply, Stream, link_commands,
};
use crate::hook::Hook;
use crate::hook_commands::hook_command_names;
use crate::hook_context::{Effect, HookContext, LogLevel};
use crate::interrupt::Interrupt;
use crate::model::{JUJU_VERSION, Model, StatusSince, address, application_of};
use crate::model_config;
use crate::pending_changes::{CommitError, PendingChanges};
use crate::ports::OpenedPorts;
use crate::store::Store;
use crate::unit_view::{HookKind, UnitView};
use systemd_emulator::Machine;

/// A hook that runs, or has run.
pub(crate) struct RunningHook<'a> {
    store: &'a Store,
    unit: &'a str,
    hook: &'a Hook,
    machine: u32,
    identity: Identity,
    logging_config: String,
    charm: Charm,
    context: HookContext,
    /// What `juju exec` collects; the output of hooks goes to the log.
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    /// `juju-reboot --now` was run.
    pub(crate) reboot_now: bool,
    /// The first change that could not be kept; the emulator then gives up.
    error: Option<anyhow::Error>,
}

impl<'a> RunningHook<'a> {
    pub(crate) fn new(
        store: &'a Store,
        model: &Model,
        unit: &'a str,
        hook: &'a Hook,
    ) -> Result<Self> {
        let (application, state) = model.unit(unit).context("the unit is gone")?;
        let of_unit = store.charm_of_unit(state.machine, unit);
        let staged = of_unit.unwrap_or_else(|| application.staged_charm());
        let charm = Charm::read(&store.charms().join(staged))?;
        let view = view(model, &charm, unit, hook)?;
        Ok(Self {
            store,
            unit,
            hook,
            machine: state.machine,
            identity: Identity {
                unit: unit.to_owned(),
                model_name: model.name.clone(),
                model_uuid: model.uuid.clone(),
                machine: state.machine.to_string(),
                principal: String::new(),
                availability_zone: "emulator".to_owned(),
                juju_version: JUJU_VERSION.to_owned(),
            },
            logging_config: model_config::logging_config(model).to_owned(),
            charm,
            context: HookContext::new(view),
            stdout: Vec::new(),
            stderr: Vec::new(),
            reboot_now: false,
            error: None,
        })
    }

    /// Runs the hook to its end. The inner error is the charm's: it could not be started.
    pub(crate) fn run(
        &mut self,
        commands: &str,
        interrupt: &Interrupt,
    ) -> Result<Result<Ended, DispatchError>> {
        let commands_dir = link(self.store)?;
        let identity = self.identity.clone();
        let charm_dir = self.charm_dir();
        let socket_dir = self
            .store
            .data()
            .sockets(&self.identity.model_uuid, self.machine)?;
        let hook = self.hook;
        let variables = machine_variables(self.store, self.machine)?;
        let ended = interrupt.watched(|interrupt| {
            Dispatch {
                identity: &identity,
                hook,
                commands,
                charm_dir: &charm_dir,
                commands_dir: &commands_dir,
                socket_dir: &socket_dir,
                path: agent_path(),
                variables,
                interrupt,
            }
            .run(self)
        });
        match (self.error.take(), ended) {
            (Some(error), _) => Err(error),
            (None, Err(error @ DispatchError::Socket { .. })) => Err(error.into()),
            (None, ended) => Ok(ended),
        }
    }

    /// The unit's ports after the hook's changes to `model`, or why Juju refuses them.
    pub(crate) fn commit(&self, model: &Model) -> Result<Result<OpenedPorts, CommitError>> {
        let now = view(model, &self.charm, self.unit, self.hook)?;
        Ok(self.pending().commit(&now))
    }

    pub(crate) fn pending(&self) -> &PendingChanges {
        self.context.pending()
    }

    /// What Juju's log says about how the hook was run.
    pub(crate) fn via(&self) -> &'static str {
        if self.charm_dir().join("dispatch").exists() {
            "hook dispatching script: dispatch"
        } else {
            "explicit, bespoke hook script"
        }
    }

    /// Logs what the agent itself has to say.
    pub(crate) fn log(&self, level: LogLevel, message: String) -> Result<()> {
        self.append("juju.worker.uniter.operation", level, message)
    }

    fn append(&self, module: &str, level: LogLevel, message: String) -> Result<()> {
        if !is_kept(&self.logging_config, module, level) {
            return Ok(());
        }
        self.store.log().append(&Record {
            time: Timestamp::now(),
            entity: format!("unit-{}", self.unit.replace('/', "-")),
            level,
            module: module.to_owned(),
            message,
        })
    }

    fn charm_dir(&self) -> PathBuf {
        self.store.unit(self.machine, self.unit).join("charm")
    }

    /// Makes a change that takes effect at once.
    fn apply(&mut self, effect: Effect) -> Result<()> {
        match effect {
            Effect::Log { level, message } => {
                self.append(&format!("unit.{}.juju-log", self.unit), level, message)
            }
            Effect::RebootNow => {
                self.reboot_now = true;
                Ok(())
            }
            Effect::UnitStatus(status) => self.store.update(|model| {
                if let Some(unit) = model.unit_mut(self.unit) {
                    let since = Timestamp::now();
                    unit.workload_status = StatusSince { status, since };
                    unit.status_set = true;
                }
                Ok(())
            }),
            Effect::ApplicationStatus(status) => self.store.update(|model| {
                let since = Timestamp::now();
                model.application_mut(application_of(self.unit))?.status =
                    Some(StatusSince { status, since });
                Ok(())
            }),
            Effect::WorkloadVersion(version) => self.store.update(|model| {
                model
                    .application_mut(application_of(self.unit))?
                    .workload_version = version;
                Ok(())
            }),
        }
    }

    /// Keeps the first error; what comes after it may only follow from it.
    fn keep(&mut self, result: Result<()>) {
        if let Err(error) = result {
            self.error.get_or_insert(error);
        }
    }
}

impl Agent for RunningHook<'_> {
    fn answer(&mut self, call: &Call) -> Reply {
        let directory: &Path = &call.directory;
        let answer = match self.context.run(&call.command, &call.args, directory) {
            Ok(answer) => answer,
            Err(unknown) => return Reply::Refusal(unknown.to_string()),
        };
        for effect in answer.effects {
            let applied = self.apply(effect);
            self.keep(applied);
        }
        if let Some(error) = &self.error {
            return Reply::Refusal(format!("{error:#}"));
        }
        if self.reboot_now {
            return Reply::KillHook;
        }
        Reply::Answer {
            exit_code: answer.exit_code,
            stdout: answer.stdout,
            stderr: answer.stderr,
        }
    }

    fn output(&mut self, stream: Stream, line: &[u8]) {
        if *self.hook == Hook::JujuExec {
            match stream {
                Stream::Stdout => self.stdout.extend_from_slice(line),
                Stream::Stderr => self.stderr.extend_from_slice(line),
            }
            return;
        }
        let level = match stream {
            Stream::Stdout => LogLevel::Debug,
            Stream::Stderr => LogLevel::Warning,
        };
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let message = String::from_utf8_lossy(line).into_owned();
        let appended = self.append(&format!("unit.{}.{}", self.unit, self.hook), level, message);
        self.keep(appended);
    }
}

/// With `JUJU_EMULATOR_SYSTEMD=host` hooks find the systemd of this machine, not a stand-in.
pub(crate) fn uses_systemd_of_the_host() -> bool {
    env::var_os("JUJU_EMULATOR_SYSTEMD").is_some_and(|value| value == "host")
}

/// What the stand-ins of a machine's commands need to know.
pub(crate) fn machine_variables(store: &Store, number: u32) -> Result<BTreeMap<String, OsString>> {
    if uses_systemd_of_the_host() {
        return Ok(BTreeMap::new());
    }
    let machine = machine(store, number);
    machine
        .create()
        .with_context(|| format!("cannot make the machine {}", machine.directory.display()))?;
    Ok(machine.variables())
}

/// The stand-in for a machine's systemd.
pub(crate) fn machine(store: &Store, number: u32) -> Machine {
    Machine::new(&store.machine(number), address(number).into())
}

/// The `PATH` of the agent itself.
pub(crate) fn agent_path() -> OsString {
    env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into())
}

/// Makes the directory of the commands that go before all others on `PATH`.
pub(crate) fn link(store: &Store) -> Result<PathBuf> {
    let emulator = env::current_exe().context("cannot find the emulator's own executable")?;
    let directory = store.data().commands(uses_systemd_of_the_host());
    let machine_commands = systemd_emulator::COMMANDS
        .into_iter()
        .filter(|_| !uses_systemd_of_the_host());
    let commands = hook_command_names().chain(machine_commands);
    link_commands(&directory, &emulator, commands)
        .with_context(|| format!("cannot link the hook commands in {}", directory.display()))?;
    Ok(directory)
}

/// The unit as its controller sees it now.
fn view(model: &Model, charm: &Charm, name: &str, hook: &Hook) -> Result<UnitView> {
    let (application, unit) = model.unit(name).context("the unit is gone")?;
    let status_of = |status: &StatusSince| status.status.clone();
    let neighbours = model
        .units()
        .filter(|(other, state)| *other != name && state.machine == unit.machine);
    Ok(UnitView {
        name: name.to_owned(),
        leader: application.is_leader(name),
        kubernetes: false,
        address: Some(address(unit.machine).into()),
        hook: match hook {
            Hook::Relation { endpoint, id, .. } => HookKind::Relation(format!("{endpoint}:{id}")),
            Hook::Action { .. } => HookKind::Action,
            _ => HookKind::Lifecycle,
        },
        config: charm.config_with(&application.settings),
        unit_status: status_of(&unit.workload_status),
        application_status: application
            .status
            .as_ref()
            .map(status_of)
            .unwrap_or_default(),
        unit_statuses: application
            .units
            .iter()
            .map(|(name, unit)| (name.clone(), status_of(&unit.workload_status)))
            .collect(),
        opened_ports: unit.opened_ports.clone(),
        machine_ports: neighbours
            .map(|(other, state)| (other.clone(), state.opened_ports.clone()))
            .collect(),
        endpoints: charm.endpoint_names(),
    })
}
