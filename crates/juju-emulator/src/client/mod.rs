//! The command line: a file for each verb, or for those that belong together.

pub(crate) mod actions;
#[cfg(test)]
mod any_charm;
pub(crate) mod bootstrap;
pub(crate) mod command_line;
pub(crate) mod config;
pub(crate) mod constraints;
pub(crate) mod debug_log;
pub(crate) mod deploy;
pub(crate) mod derived;
pub(crate) mod exec;
pub(crate) mod exec_targets;
pub(crate) mod expose;
pub(crate) mod format;
pub(crate) mod full_status;
pub(crate) mod init;
pub(crate) mod integrate;
pub(crate) mod key_values;
pub(crate) mod local_charm;
pub(crate) mod machines;
pub(crate) mod model_config;
pub(crate) mod models;
pub(crate) mod operations;
pub(crate) mod output;
pub(crate) mod provision;
pub(crate) mod refresh;
pub(crate) mod relations;
pub(crate) mod resolved;
pub(crate) mod resources;
pub(crate) mod run;
pub(crate) mod run_arguments;
pub(crate) mod screen;
pub(crate) mod secrets;
pub(crate) mod session;
pub(crate) mod settings;
pub(crate) mod show;
pub(crate) mod show_secret;
pub(crate) mod ssh;
pub(crate) mod status;
pub(crate) mod status_filter;
pub(crate) mod status_summary;
pub(crate) mod status_tables;
pub(crate) mod storage;
pub(crate) mod storage_changes;
pub(crate) mod table;
pub(crate) mod task_log;
pub(crate) mod tasks;
pub(crate) mod trust;
pub(crate) mod units;
pub(crate) mod version;

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::Result;
use clap::error::ContextKind;
use clap::{FromArgMatches, Parser, Subcommand};

use crate::agent::interrupt::Interrupt;
use crate::client::output::Output;
use crate::client::session::{Failed, Session, UsageError};
use crate::controller::data_directory::DataDirectory;
use crate::controller::model_config::UnknownKey;

/// Stands in for juju on this one machine: deploys charms, runs their hooks, answers as juju does.
///
/// Everything is kept below `$JUJU_EMULATOR_DATA`, or ~/.local/share/juju-emulator. The exit code is 0 when it worked, 1 when it
/// did not, 2 when the command line is wrong or asks for what the emulator lacks.
#[derive(Debug, Parser)]
#[command(name = "juju-emulator", version, args_override_self = true)]
struct Cli {
    /// The model to work on, as NAME or CONTROLLER:NAME; else `$JUJU_MODEL`, the last added or switched to, or `emulator`.
    #[arg(short, long, global = true)]
    model: Option<String>,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    #[command(visible_alias = "list-actions")]
    Actions(actions::Actions),
    AddMachine(machines::AddMachine),
    AddModel(models::AddModel),
    AddSecret(secrets::AddSecret),
    AddStorage(storage_changes::AddStorage),
    AddUnit(units::AddUnit),
    AttachResource(resources::AttachResource),
    AttachStorage(storage_changes::AttachStorage),
    Bootstrap(bootstrap::Bootstrap),
    CancelTask(tasks::CancelTask),
    Config(config::Config),
    DebugLog(debug_log::DebugLog),
    Deploy(deploy::Deploy),
    DestroyModel(models::DestroyModel),
    DetachStorage(storage_changes::DetachStorage),
    Exec(exec::Exec),
    Expose(expose::Expose),
    GrantSecret(secrets::GrantSecret),
    Init(init::Init),
    #[command(visible_aliases = ["relate", "add-relation"])]
    Integrate(integrate::Integrate),
    #[command(visible_alias = "list-machines")]
    Machines(machines::Machines),
    ModelConfig(model_config::ModelConfig),
    Models(models::Models),
    #[command(visible_alias = "list-operations")]
    Operations(operations::Operations),
    Refresh(refresh::Refresh),
    RemoveApplication(units::RemoveApplication),
    RemoveMachine(machines::RemoveMachine),
    RemoveRelation(integrate::RemoveRelation),
    RemoveSecret(secrets::RemoveSecret),
    RemoveStorage(storage_changes::RemoveStorage),
    RemoveUnit(units::RemoveUnit),
    Resolved(resolved::ResolvedVerb),
    #[command(visible_alias = "list-resources")]
    Resources(resources::Resources),
    RevokeSecret(secrets::RevokeSecret),
    Run(run::Run),
    Scp(ssh::Scp),
    #[command(visible_alias = "list-secrets")]
    Secrets(show_secret::Secrets),
    ShowAction(actions::ShowAction),
    ShowApplication(show::ShowApplication),
    ShowMachine(machines::ShowMachine),
    ShowModel(models::ShowModel),
    ShowOperation(operations::ShowOperation),
    ShowSecret(show_secret::ShowSecret),
    ShowStorage(storage::ShowStorage),
    ShowTask(tasks::ShowTask),
    ShowUnit(show::ShowUnit),
    Ssh(ssh::Ssh),
    Status(status::Status),
    #[command(visible_alias = "list-storage")]
    Storage(storage::Storage),
    Switch(models::Switch),
    Trust(trust::Trust),
    Unexpose(expose::Unexpose),
    UpdateSecret(secrets::UpdateSecret),
    Version(version::Version),
}

/// Runs one verb.
pub(crate) fn main(args: impl Iterator<Item = OsString>) -> ExitCode {
    let args = [OsString::from("juju-emulator")].into_iter().chain(args);
    let command = output::with_output_flags::<Cli>();
    let args = match command_line::plain_switches(&command, args.collect()) {
        Ok(args) => args,
        Err(error) => return wrong(&error),
    };
    let matches = command.clone().try_get_matches_from(&args);
    let parsed = matches
        .and_then(|matches| Ok((Cli::from_arg_matches(&matches)?, Output::named_in(&matches))));
    let (cli, mut output) = match parsed {
        Ok(parsed) => parsed,
        Err(mut error) => {
            if let Some(error) = command_line::in_jujus_words(&error, &command, &args) {
                return wrong(&error);
            }
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
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    match run(cli, &mut output) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read the output has seen enough, as in `status | head -1`.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            if let Some(Failed(code)) = error.downcast_ref() {
                return ExitCode::from(*code);
            }
            let _ = writeln!(io::stderr(), "ERROR {error:#}");
            let is_usage = error.is::<UsageError>() || error.is::<UnknownKey>();
            ExitCode::from(if is_usage { 2 } else { 1 })
        }
    }
}

/// Says what is wrong with a command line.
fn wrong(error: &str) -> ExitCode {
    let _ = writeln!(io::stderr(), "ERROR {error}");
    ExitCode::from(2)
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let error = error.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

fn run(cli: Cli, out: &mut impl Write) -> Result<()> {
    let session = Session {
        data: DataDirectory::from_environment()?,
        interrupt: Interrupt::new()?,
        model: cli.model,
    };
    match cli.verb {
        Verb::Actions(verb) => verb.run(&session, out),
        Verb::AddMachine(verb) => verb.run(&session),
        Verb::AddModel(verb) => verb.run(&session),
        Verb::AddSecret(verb) => verb.run(&session, out),
        Verb::AddStorage(verb) => verb.run(&session),
        Verb::AddUnit(verb) => verb.run(&session),
        Verb::AttachResource(verb) => verb.run(&session),
        Verb::AttachStorage(verb) => verb.run(&session),
        Verb::Bootstrap(verb) => verb.run(),
        Verb::CancelTask(verb) => verb.run(&session),
        Verb::Config(verb) => verb.run(&session, out),
        Verb::DebugLog(verb) => verb.run(&session, out),
        Verb::Deploy(verb) => verb.run(&session),
        Verb::DestroyModel(verb) => verb.run(&session),
        Verb::DetachStorage(verb) => verb.run(&session),
        Verb::Exec(verb) => verb.run(&session, out),
        Verb::Expose(verb) => verb.run(&session),
        Verb::GrantSecret(verb) => verb.run(&session),
        Verb::Init(verb) => verb.run(),
        Verb::Integrate(verb) => verb.run(&session),
        Verb::Machines(verb) => verb.run(&session, out),
        Verb::ModelConfig(verb) => verb.run(&session, out),
        Verb::Models(verb) => verb.run(&session, out),
        Verb::Operations(verb) => verb.run(&session, out),
        Verb::Refresh(verb) => verb.run(&session),
        Verb::RemoveApplication(verb) => verb.run(&session, out),
        Verb::RemoveMachine(verb) => verb.run(&session, out),
        Verb::RemoveRelation(verb) => verb.run(&session),
        Verb::RemoveSecret(verb) => verb.run(&session),
        Verb::RemoveStorage(verb) => verb.run(&session),
        Verb::RemoveUnit(verb) => verb.run(&session, out),
        Verb::Resolved(verb) => verb.run(&session),
        Verb::Resources(verb) => verb.run(&session, out),
        Verb::RevokeSecret(verb) => verb.run(&session),
        Verb::Run(verb) => verb.run(&session, out),
        Verb::Scp(verb) => verb.run(&session),
        Verb::Secrets(verb) => verb.run(&session, out),
        Verb::ShowAction(verb) => verb.run(&session, out),
        Verb::ShowApplication(verb) => verb.run(&session, out),
        Verb::ShowMachine(verb) => verb.run(&session, out),
        Verb::ShowModel(verb) => verb.run(&session, out),
        Verb::ShowOperation(verb) => verb.run(&session, out),
        Verb::ShowSecret(verb) => verb.run(&session, out),
        Verb::ShowStorage(verb) => verb.run(&session, out),
        Verb::ShowTask(verb) => verb.run(&session, out),
        Verb::ShowUnit(verb) => verb.run(&session, out),
        Verb::Ssh(verb) => verb.run(&session),
        Verb::Status(verb) => verb.run(&session, out),
        Verb::Storage(verb) => verb.run(&session, out),
        Verb::Switch(verb) => verb.run(&session, out),
        Verb::Trust(verb) => verb.run(&session),
        Verb::Unexpose(verb) => verb.run(&session),
        Verb::UpdateSecret(verb) => verb.run(&session),
        Verb::Version(verb) => verb.run(out),
    }
}
