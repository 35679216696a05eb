//! One hook, or one `juju exec`, while it runs in a unit.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::agent::effects::AtOnce;
use crate::agent::interrupt::Interrupt;
use crate::agent::machine_agent::{agent_path, link, machine_variables};
use crate::agent::view::ViewOfUnit;
use crate::charm::hook::Hook;
use crate::controller::debug_log::LogLevel;
use crate::controller::model::{JUJU_VERSION, Model};
use crate::controller::store::Store;
use crate::hook::context::{Effect, HookContext};
use crate::hook::dispatch::{Agent, Call, Dispatch, DispatchError, Ended, Identity, Reply, Stream};

/// A hook that runs, or has run.
pub(crate) struct RunningHook<'a> {
    store: &'a Store,
    unit: &'a str,
    hook: Hook,
    machine: u32,
    identity: Identity,
    at_once: AtOnce<'a>,
    view: ViewOfUnit<'a>,
    context: HookContext,
    /// What a task has printed.
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
        let (_, state) = model.unit(unit).context("the unit is gone")?;
        let view = ViewOfUnit::new(store, model, unit, hook)?;
        let context = HookContext::new(view.at(model)?);
        Ok(Self {
            store,
            unit,
            hook: store.located(state.machine, hook),
            machine: state.machine,
            identity: Identity {
                unit: unit.to_owned(),
                model_name: model.name.clone(),
                model_uuid: model.uuid.clone(),
                machine: state.machine.to_string(),
                principal: state.principal.clone().unwrap_or_default(),
                availability_zone: "emulator".to_owned(),
                juju_version: JUJU_VERSION.to_owned(),
            },
            at_once: AtOnce::new(store, model, unit),
            view,
            context,
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
        let hook = self.hook.clone();
        let variables = machine_variables(self.store, self.machine)?;
        let ended = interrupt.watched(|interrupt| {
            Dispatch {
                identity: &identity,
                hook: &hook,
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

    /// Makes the changes that the hook has asked for. The inner error is Juju's refusal; nothing is changed then.
    pub(crate) fn commit(&self, model: &mut Model) -> Result<Result<(), String>> {
        self.view.commit(model, self.context.pending())
    }

    /// What its hook commands have seen and asked for.
    pub(crate) fn context(&self) -> &HookContext {
        &self.context
    }

    /// Whether the hook wants its machine rebooted when it has ended well.
    pub(crate) fn wants_reboot(&self) -> bool {
        self.context.pending().reboot
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
        self.at_once
            .log("juju.worker.uniter.operation", level, message)
    }

    /// Logs why Juju refuses what the hook has asked for.
    pub(crate) fn log_refusal(&self, refusal: &str) -> Result<()> {
        self.at_once.log(
            "juju.worker.uniter.context",
            LogLevel::Error,
            format!("cannot apply changes: {refusal}"),
        )
    }

    fn charm_dir(&self) -> PathBuf {
        self.store.unit(self.machine, self.unit).join("charm")
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
        let answer =
            match self
                .context
                .run(&call.command, &call.args, directory, call.stdin.as_deref())
            {
                Ok(answer) => answer,
                Err(refused) => return Reply::Refusal(refused.to_string()),
            };
        for effect in answer.effects {
            self.reboot_now |= effect == Effect::RebootNow;
            let made = self.at_once.make(&self.hook, effect);
            self.keep(made);
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
        if matches!(self.hook, Hook::JujuExec { .. } | Hook::Action { .. }) {
            match stream {
                Stream::Stdout => self.stdout.extend_from_slice(line),
                Stream::Stderr => self.stderr.extend_from_slice(line),
            }
        }
        if matches!(self.hook, Hook::JujuExec { .. }) {
            return;
        }
        let level = match stream {
            Stream::Stdout => LogLevel::Debug,
            Stream::Stderr => LogLevel::Warning,
        };
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let message = String::from_utf8_lossy(line).into_owned();
        let logger = format!("unit.{}.{}", self.unit, self.hook);
        let appended = self.at_once.log(&logger, level, message);
        self.keep(appended);
    }
}
