//! One run of the charm, for one event.

use std::env;
use std::io::{self, Write as _};
use std::panic::{self, AssertUnwindSafe};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use crate::action::action::Action;
use crate::charm::Charm;
use crate::error::{Error, Result};
use crate::event::Event;
use crate::hook_command::{HookCommand, HookCommands, Processes};
use crate::juju_context::JujuContext;
use crate::log;
use crate::status::Status;
use crate::unit::Unit;
use crate::variables::{JUJU_DISPATCH_PATH, JujuContextError};

/// Runs a charm for the event that Juju dispatched it for, and returns the exit code for `main`.
///
/// | exit code | meaning | what Juju does |
/// |---|---|---|
/// | 0 | done, a unit that is blocked or waiting included | opens and closes the ports asked for |
/// | 1 | the hook failed, the log says why | drops them, shows the error and tries again |
/// | 2 | started by hand, outside of a hook | |
///
/// ```no_run
/// use ops::{Charm, Result, Status, Unit};
///
/// struct Website;
///
/// impl Charm for Website {
///     fn reconcile(&mut self, _unit: &Unit) -> Result<Status> {
///         Ok(Status::active())
///     }
/// }
///
/// fn main() -> std::process::ExitCode {
///     ops::run(|_context| Website)
/// }
/// ```
#[must_use]
pub fn run<C: Charm>(charm: impl FnOnce(&JujuContext) -> C) -> ExitCode {
    let context = match JujuContext::from_process() {
        Ok(context) => context,
        Err(JujuContextError::Missing(JUJU_DISPATCH_PATH)) => return started_by_hand(),
        Err(error) => {
            let _ = writeln!(
                io::stderr(),
                "cannot understand the hook's environment: {error}"
            );
            return ExitCode::FAILURE;
        }
    };
    let hook_commands: Arc<dyn HookCommands> = Arc::new(Processes);
    let subscriber = log::to_juju(Arc::clone(&hook_commands), context.log_levels());
    // Nothing else in this process can have set one; if it had, the lines would go there.
    let _ = tracing::dispatcher::set_global_default(subscriber);
    log::catch_panics();

    let handled = panic::catch_unwind(AssertUnwindSafe(|| {
        let mut charm = charm(&context);
        logged(&context, || handle(&mut charm, &context, hook_commands))
    }));
    match handled {
        Ok(Ok(None)) => ExitCode::SUCCESS,
        Ok(Ok(Some(status))) => {
            // Juju puts what a hook writes here into its log, which saves a `juju-log`.
            let _ = writeln!(io::stderr(), "{}: {status}", context.event());
            ExitCode::SUCCESS
        }
        Ok(Err(error)) => {
            show_operator(&context, &with_causes(&error));
            ExitCode::FAILURE
        }
        Err(payload) => {
            let message = payload.downcast_ref::<String>().map(String::as_str);
            let message = message.or_else(|| payload.downcast_ref::<&str>().copied());
            let message = message.unwrap_or("no message");
            show_operator(&context, &format!("the charm panicked: {message}"));
            ExitCode::FAILURE
        }
    }
}

/// Prints why an action has failed, where `juju run` shows it: the log does not reach the operator.
fn show_operator(context: &JujuContext, why: &str) {
    if let Event::Action(_) = context.event() {
        let _ = writeln!(io::stderr(), "{why}");
    }
}

/// Runs a charm for the event in `context` against hook commands that the caller answers, as a test does.
///
/// # Errors
/// When the hook fails; the error has been logged, through `juju-log`, before it is returned.
pub fn dispatch(
    charm: &mut dyn Charm,
    context: &JujuContext,
    hook_commands: Arc<dyn HookCommands>,
) -> Result<()> {
    log::catch_panics();
    let subscriber = log::to_juju(Arc::clone(&hook_commands), context.log_levels());
    tracing::dispatcher::with_default(&subscriber, || {
        logged(context, || handle(charm, context, hook_commands)).map(drop)
    })
}

/// Handles the event; returns the status of a unit for which somebody else than Juju must do something first.
fn handle(
    charm: &mut dyn Charm,
    context: &JujuContext,
    hook_commands: Arc<dyn HookCommands>,
) -> Result<Option<Status>> {
    if context.event().is_restricted() {
        return Ok(None);
    }
    if let Some(problem) = context.log_levels_problem() {
        tracing::warn!("{problem}; info and above are logged");
    }
    let unit = Unit::new(context.clone(), hook_commands);
    match context.event() {
        Event::Stop => sent(&unit, charm.stop(&unit)).map(|()| None),
        Event::Remove => sent(&unit, charm.remove(&unit)).map(|()| None),
        Event::Action(event) => {
            let action = Action::new(&event.name, unit.hook_commands());
            act(charm, &action, &unit).map(|()| None)
        }
        _ => reconcile(charm, &unit),
    }
}

fn reconcile(charm: &mut dyn Charm, unit: &Unit) -> Result<Option<Status>> {
    match sent(unit, charm.reconcile(unit)) {
        Ok(mut status) => {
            if let Some(waiting) = unit.changes().waiting() {
                status = status.or_if_active(waiting);
            }
            unit.set_status(&status)?;
            Ok(None)
        }
        Err(error) => {
            let waits = matches!(error, Error::Waiting(_));
            let status = dropped(unit, error, waits)?;
            if waits {
                unit.changes().publish(unit.hook_commands())?;
            }
            unit.set_status(&status)?;
            Ok(Some(status))
        }
    }
}

fn act(charm: &mut dyn Charm, action: &Action<'_>, unit: &Unit) -> Result<()> {
    let checked = charm.action(action, unit).and_then(|results| {
        results.check()?;
        Ok(results)
    });
    let last = match sent(unit, checked) {
        Ok(results) => results.command(),
        Err(error) => {
            let status = dropped(unit, error, false)?;
            Some(
                HookCommand::new("action-fail")
                    .arg("--")
                    .arg(status.message()),
            )
        }
    };
    if let Some(command) = last {
        command.run(unit.hook_commands())?;
    }
    Ok(())
}

/// Tells Juju what the charm has asked for, now that it has returned `Ok`.
fn sent<T>(unit: &Unit, returned: Result<T>) -> Result<T> {
    let returned = returned?;
    unit.changes().send(unit.hook_commands())?;
    Ok(returned)
}

/// Takes back what Juju has been told, when the hook is to end well in spite of the error, and returns how the unit fares.
fn dropped(unit: &Unit, error: Error, publishes: bool) -> Result<Status> {
    let Some(status) = error.status() else {
        return Err(error);
    };
    match unit.changes().take_back(publishes, unit.hook_commands()) {
        Ok(()) => Ok(status),
        Err(refused) => Err(error.with_failed_undo(refused)),
    }
}

/// Logs an error once, with all its causes.
fn logged<T>(context: &JujuContext, handle: impl FnOnce() -> Result<T>) -> Result<T> {
    handle().inspect_err(|error| {
        tracing::error!("{} failed: {}", context.event(), with_causes(error));
    })
}

fn with_causes(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

fn started_by_hand() -> ExitCode {
    let program = env::args_os().next().map(PathBuf::from).unwrap_or_default();
    let name = program.file_name().unwrap_or_default().to_string_lossy();
    let _ = writeln!(
        io::stderr(),
        "{name} is a Juju charm, to be run by Juju for an event (JUJU_DISPATCH_PATH is not set): try it with `cargo juju deploy .`"
    );
    ExitCode::from(2)
}
