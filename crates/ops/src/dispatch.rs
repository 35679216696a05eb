//! One run of the charm, for one event.

use std::env;
use std::io::{self, Write as _};
use std::panic::{self, AssertUnwindSafe};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use crate::charm::Charm;
use crate::error::{Error, Result};
use crate::hook_command::{HookCommands, Processes};
use crate::juju_context::{JUJU_DISPATCH_PATH, JujuContext, JujuContextError};
use crate::log;
use crate::unit::Unit;

/// Runs a charm for the event that Juju dispatched it for, and returns the exit code for `main`.
///
/// | exit code | meaning | what Juju does |
/// |---|---|---|
/// | 0 | done, a unit that is blocked included | opens and closes the ports asked for |
/// | 1 | the hook failed, the log says why | drops them, shows the error and tries again |
/// | 2 | started by hand, outside of a hook | |
///
/// ```no_run
/// use ops::{Charm, Event, Result, Status, Unit};
///
/// struct Website;
///
/// impl Charm for Website {
///     fn reconcile(&mut self, _event: &Event, _unit: &Unit) -> Result<Status> {
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
        Ok(Ok(Some(blocked))) => {
            // Juju puts what a hook writes here into its log, which saves a `juju-log`.
            let _ = writeln!(io::stderr(), "{}: blocked: {blocked}", context.event());
            ExitCode::SUCCESS
        }
        Ok(Err(_)) | Err(_) => ExitCode::FAILURE,
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

/// Handles the event; returns the error that left the unit blocked, if one has.
fn handle(
    charm: &mut dyn Charm,
    context: &JujuContext,
    hook_commands: Arc<dyn HookCommands>,
) -> Result<Option<Error>> {
    if let Some(problem) = context.log_levels_problem() {
        tracing::warn!("{problem}; info and above are logged");
    }
    let event = context.event();
    let unit = Unit::new(context.clone(), hook_commands);
    if event.is_tear_down() {
        charm.tear_down(event, &unit)?;
        unit.finish_port_changes()?;
        return Ok(None);
    }
    let (status, blocked) = match charm.reconcile(event, &unit) {
        Ok(status) => {
            unit.finish_port_changes()?;
            (status, None)
        }
        Err(error) => match error.status() {
            Some(status) => {
                // The hook will end well, and Juju would open and close what was asked for half-way.
                match unit.undo_port_changes() {
                    Ok(()) => (status, Some(error)),
                    Err(undo) => return Err(error.with_failed_undo(undo)),
                }
            }
            None => return Err(error),
        },
    };
    unit.set_status(&status)?;
    Ok(blocked)
}

/// Logs an error once, with all its causes.
fn logged<T>(context: &JujuContext, handle: impl FnOnce() -> Result<T>) -> Result<T> {
    handle().inspect_err(|error| {
        let mut causes = String::new();
        let mut cause = std::error::Error::source(error);
        while let Some(error) = cause {
            causes = format!("{causes}: {error}");
            cause = error.source();
        }
        tracing::error!("{} failed: {error}{causes}", context.event());
    })
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
