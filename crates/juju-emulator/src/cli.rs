//! The command line: juju's verbs.

use std::env;
use std::ffi::OsString;
use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::error::{ContextKind, ErrorKind};
use clap::{Parser, Subcommand};

use crate::agent;
use crate::interrupt::Interrupt;
use crate::store::{DataDirectory, Store};
use crate::verbs;

/// Stands in for juju on this one machine: deploys charms, runs their hooks, answers as juju does.
///
/// Everything is kept below `$JUJU_EMULATOR_DATA`, or ~/.local/share/juju-emulator. The exit code is 0 when it worked, 1 when it
/// did not, 2 when the command line is wrong or asks for what the emulator lacks.
#[derive(Debug, Parser)]
#[command(name = "juju-emulator", version)]
struct Cli {
    /// The model to work on, as NAME or CONTROLLER:NAME; else `$JUJU_MODEL`, the last added or switched to, or `emulator`.
    #[arg(short, long, global = true)]
    model: Option<String>,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    AddModel(verbs::models::AddModel),
    AddUnit(verbs::units::AddUnit),
    Bootstrap(verbs::bootstrap::Bootstrap),
    Config(verbs::config::Config),
    DebugLog(verbs::debug_log::DebugLog),
    Deploy(verbs::deploy::Deploy),
    DestroyModel(verbs::models::DestroyModel),
    Exec(verbs::exec::Exec),
    Expose(verbs::expose::Expose),
    ModelConfig(verbs::model_config::ModelConfig),
    Models(verbs::models::Models),
    Refresh(verbs::refresh::Refresh),
    RemoveApplication(verbs::units::RemoveApplication),
    RemoveUnit(verbs::units::RemoveUnit),
    Resolved(verbs::resolved::Resolved),
    ShowApplication(verbs::show::ShowApplication),
    ShowModel(verbs::models::ShowModel),
    ShowUnit(verbs::show::ShowUnit),
    Status(verbs::status::Status),
    Switch(verbs::models::Switch),
    Unexpose(verbs::expose::Unexpose),
    Version(verbs::version::Version),
}

/// What every verb works with.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) data: DataDirectory,
    pub(crate) interrupt: Interrupt,
    model: Option<String>,
}

impl Session {
    /// The model to work on.
    pub(crate) fn store(&self) -> Result<Store> {
        let given = self.model.clone().or_else(|| env::var("JUJU_MODEL").ok());
        let given = given.filter(|name| !name.is_empty());
        let name = given.map_or_else(|| self.data.current_model(), Ok)?;
        self.data.model(without_controller(&name))
    }

    /// Runs what has become due.
    pub(crate) fn settle(&self, store: &Store) -> Result<()> {
        agent::settle(store, &self.interrupt, None)
    }

    /// Runs what has become due before something is only looked at: not on machines where another process runs hooks.
    pub(crate) fn settle_idle_machines(&self, store: &Store) -> Result<()> {
        // Long enough for hooks that are about to end.
        agent::settle(store, &self.interrupt, Some(Duration::from_millis(100)))
    }

    /// Runs what has become due after a change, and shows somebody at a terminal what came of it.
    pub(crate) fn settle_and_show(&self, store: &Store) -> Result<()> {
        self.settle(store)?;
        if io::stderr().is_terminal() {
            let table = verbs::status::table(&*store.read()?);
            writeln!(io::stderr(), "\n{table}")?;
        }
        Ok(())
    }
}

/// `demo` of `controller:admin/demo`.
pub(crate) fn without_controller(model: &str) -> &str {
    let model = model.rsplit(':').next().unwrap_or(model);
    model.rsplit('/').next().unwrap_or(model)
}

/// What the emulator is asked for and lacks, or a command line that juju itself refuses: exit code 2.
#[derive(Debug)]
pub(crate) struct UsageError(pub(crate) String);

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UsageError {}

/// Runs one verb.
pub(crate) fn main(args: impl Iterator<Item = OsString>) -> ExitCode {
    let args = [OsString::from("juju-emulator")].into_iter().chain(args);
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(mut error) => {
            // What looks alike does something else.
            for suggestion in [
                ContextKind::Suggested,
                ContextKind::SuggestedArg,
                ContextKind::SuggestedSubcommand,
            ] {
                error.remove(suggestion);
            }
            // Help goes to stdout and is no failure.
            let _ = error.print();
            if matches!(
                error.kind(),
                ErrorKind::InvalidSubcommand | ErrorKind::UnknownArgument
            ) {
                let _ = writeln!(
                    io::stderr(),
                    "If juju has it, the emulator lacks it: `juju help` lists its verbs, `juju help VERB` a verb's flags."
                );
            }
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read the output has seen enough, as in `status | head -1`.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "ERROR {error:#}");
            let is_usage = error.is::<UsageError>();
            ExitCode::from(if is_usage { 2 } else { 1 })
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let error = error.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

fn run(cli: Cli) -> Result<()> {
    let session = Session {
        data: DataDirectory::from_environment()?,
        interrupt: Interrupt::new()?,
        model: cli.model,
    };
    let out = &mut io::stdout().lock();
    match cli.verb {
        Verb::AddModel(verb) => verb.run(&session),
        Verb::AddUnit(verb) => verb.run(&session),
        Verb::Bootstrap(verb) => verb.run(),
        Verb::Config(verb) => verb.run(&session, out),
        Verb::DebugLog(verb) => verb.run(&session, out),
        Verb::Deploy(verb) => verb.run(&session),
        Verb::DestroyModel(verb) => verb.run(&session),
        Verb::Exec(verb) => verb.run(&session, out),
        Verb::Expose(verb) => verb.run(&session),
        Verb::ModelConfig(verb) => verb.run(&session, out),
        Verb::Models(verb) => verb.run(&session, out),
        Verb::Refresh(verb) => verb.run(&session),
        Verb::RemoveApplication(verb) => verb.run(&session, out),
        Verb::RemoveUnit(verb) => verb.run(&session, out),
        Verb::Resolved(verb) => verb.run(&session),
        Verb::ShowApplication(verb) => verb.run(&session, out),
        Verb::ShowModel(verb) => verb.run(&session, out),
        Verb::ShowUnit(verb) => verb.run(&session, out),
        Verb::Status(verb) => verb.run(&session, out),
        Verb::Switch(verb) => verb.run(&session, out),
        Verb::Unexpose(verb) => verb.run(&session),
        Verb::Version(verb) => verb.run(out),
    }
}
