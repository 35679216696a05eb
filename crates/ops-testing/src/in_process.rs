//! Runs a hook of a charm in the test's own process.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Output};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use juju_emulator::charm::hook::Hook;
use juju_emulator::hook::dispatch::{Dispatch, Identity};
use juju_emulator::{Answer, CallRefused};
use ops::{HookCommand, HookCommands, JujuContext};

use crate::outcome::Exit;

/// Who answers the commands of one hook.
pub(crate) trait Answers: Send + 'static {
    /// Answers one command.
    fn answer(
        &mut self,
        command: &str,
        args: &[String],
        directory: &Path,
        stdin: Option<&[u8]>,
    ) -> Result<Answered, CallRefused>;

    /// Takes what the charm prints.
    fn print(&mut self, text: &[u8]);
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

/// Runs a hook; hands back how it has ended, and who has answered its commands.
pub(crate) fn run<A: Answers>(
    charm: &mut dyn ops::Charm,
    charm_dir: &Path,
    identity: &Identity,
    hook: &Hook,
    mut answers: A,
) -> (Exit, A) {
    let environment = Dispatch {
        identity,
        hook,
        commands: "",
        charm_dir,
        commands_dir: Path::new("/commands"),
        socket_dir: Path::new("/"),
        path: OsString::new(),
        variables: BTreeMap::new(),
        interrupt: &AtomicBool::new(false),
    }
    .environment("in-process", Path::new("/socket"));
    let context = match JujuContext::from_environment(environment) {
        Ok(context) => context,
        Err(error) => {
            // As the real binary says it.
            let message = format!("cannot understand the hook's environment: {error}\n");
            answers.print(message.as_bytes());
            return (Exit::Code(1), answers);
        }
    };
    let commands = Arc::new(InProcess {
        answers: Mutex::new(Some(answers)),
        charm_dir: charm_dir.to_owned(),
    });
    let ended = panic::catch_unwind(AssertUnwindSafe(|| {
        ops::dispatch(charm, &context, Arc::clone(&commands) as _)
    }));
    let exit = match ended {
        Ok(Ok(())) => Exit::Code(0),
        Err(payload) if payload.is::<CharmKilled>() => Exit::Signal(SIGKILL),
        // An error, or a panic: both have been logged.
        Ok(Err(_)) | Err(_) => Exit::Code(1),
    };
    match commands.lock().take() {
        Some(answers) => (exit, answers),
        None => unreachable!("nobody else takes them"),
    }
}

const SIGKILL: i32 = 9;

/// What unwinds a charm that is killed.
struct CharmKilled;

/// Hook commands that are answered without a process, until the hook is over.
struct InProcess<A> {
    answers: Mutex<Option<A>>,
    charm_dir: PathBuf,
}

impl<A> InProcess<A> {
    fn lock(&self) -> MutexGuard<'_, Option<A>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<A: Answers> HookCommands for InProcess<A> {
    fn run(&self, command: &HookCommand) -> io::Result<Output> {
        let answered = self
            .lock()
            .as_mut()
            .ok_or_else(|| io::Error::other("the hook is over"))?
            .answer(
                command.name(),
                command.args(),
                &self.charm_dir,
                command.stdin(),
            )
            .map_err(|refused| io::Error::new(io::ErrorKind::NotFound, refused))?;
        match answered {
            Answered::Answer(answer) => Ok(Output {
                status: ExitStatus::from_raw(i32::from(answer.exit_code) << 8),
                stdout: answer.stdout,
                stderr: answer.stderr,
            }),
            Answered::CommandKilled => Ok(Output {
                status: ExitStatus::from_raw(SIGKILL),
                stdout: Vec::new(),
                stderr: Vec::new(),
            }),
            // Past the charm's own code to where it was started, without a word in its log.
            Answered::CharmKilled => panic::resume_unwind(Box::new(CharmKilled)),
        }
    }
}
