//! Runs one hook of a charm as Juju's unit agent does: real processes, the exact environment, hook commands on `PATH`.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{self, Sender};
use std::thread;

use nix::sys::signal::{self, Signal};
use nix::sys::socket::{getsockopt, sockopt};
use nix::unistd::Pid;

use crate::charm::hook::Hook;
use crate::go::uuid::random_hex;
pub use crate::hook::process::{Ended, Stream};
use crate::hook::process::{Event, Message, follow, kill, spawn_and_tell};
pub use crate::hook::server::Call;
use crate::hook::server::{self, AgentSocket, Response};

/// Who runs a hook, and where: what is the same for all hooks of a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// `hello-server/0`.
    pub unit: String,
    /// The model's name.
    pub model_name: String,
    /// The model's UUID.
    pub model_uuid: String,
    /// The machine's number, `0`; empty on Kubernetes.
    pub machine: String,
    /// The unit beside which a subordinate lives; else empty.
    pub principal: String,
    /// Empty on Kubernetes.
    pub availability_zone: String,
    /// The agent's version, `3.6.9`; with 4.x, what Juju 4 no longer sets is absent.
    pub juju_version: String,
}

/// One hook to run.
#[derive(Debug)]
pub struct Dispatch<'a> {
    /// Who runs it.
    pub identity: &'a Identity,
    /// What to run.
    pub hook: &'a Hook,
    /// For [`Hook::JujuExec`] the commands, in bash's language as `juju exec` takes them; not used by other hooks.
    pub commands: &'a str,
    /// The directory of the unpacked charm.
    pub charm_dir: &'a Path,
    /// The directory with the hook commands, first on the hook's `PATH`; see [`link_commands`](crate::link_commands).
    pub commands_dir: &'a Path,
    /// A private directory with a short path, for the agent's socket.
    pub socket_dir: &'a Path,
    /// The agent's own `PATH`, which follows on the hook's.
    pub path: OsString,
    /// Variables beyond Juju's, such as `SYSTEMD_UNIT_PATH`.
    pub variables: BTreeMap<String, OsString>,
    /// Turns true when the agent must die: the hook is then terminated.
    pub interrupt: &'a AtomicBool,
}

/// Why a hook could not be run at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DispatchError {
    /// The charm directory has no `metadata.yaml`.
    #[error("charm missing from disk: {} has no metadata.yaml", .0.display())]
    CharmMissing(PathBuf),
    /// The file that Juju would run cannot be started.
    #[error("cannot start {}: {source}", program.display())]
    Start {
        /// The file.
        program: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The agent's side failed.
    #[error("cannot serve hook commands in {}: {source}", socket_dir.display())]
    Socket {
        /// Where the socket would be.
        socket_dir: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// The agent's part while a hook runs.
pub trait Agent {
    /// Answers one hook command.
    fn answer(&mut self, call: &Call) -> Reply;

    /// Takes what the hook printed: one line with its end, at most 4096 bytes of it at once.
    fn output(&mut self, stream: Stream, line: &[u8]);
}

/// What becomes of a hook command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// It prints this and exits.
    Answer {
        /// 0, 1 or 2.
        exit_code: u8,
        /// What it prints on stdout.
        stdout: Vec<u8>,
        /// What it prints on stderr.
        stderr: Vec<u8>,
    },
    /// The agent refuses the call itself, `ERROR <text>` and exit 1; the text of [`Reply::needs_stdin`] makes the command send its stdin.
    Refusal(String),
    /// The command's process is killed before it has an answer.
    KillCommand,
    /// The hook is killed with all its processes, as `juju-reboot --now` or an out-of-memory killer would.
    KillHook,
}

impl Reply {
    /// Asks the command to call again, with its stdin.
    #[must_use]
    pub fn needs_stdin() -> Self {
        Self::Refusal(server::NEEDS_STDIN.to_owned())
    }
}

impl Dispatch<'_> {
    /// The exact environment of the hook; there is nothing beyond it.
    #[must_use]
    pub fn environment(&self, context_id: &str, socket: &Path) -> BTreeMap<String, OsString> {
        let identity = self.identity;
        let mut path = self.commands_dir.as_os_str().to_owned();
        path.push(":");
        path.push(&self.path);
        let mut environment: BTreeMap<String, OsString> = [
            ("CHARM_DIR", self.charm_dir.as_os_str().to_owned()),
            ("JUJU_CHARM_DIR", self.charm_dir.as_os_str().to_owned()),
            ("JUJU_AGENT_SOCKET_ADDRESS", socket.as_os_str().to_owned()),
            ("PATH", path),
            ("JUJU_CONTEXT_ID", context_id.into()),
            ("JUJU_AGENT_SOCKET_NETWORK", "unix".into()),
            ("JUJU_UNIT_NAME", identity.unit.as_str().into()),
            ("JUJU_MODEL_UUID", identity.model_uuid.as_str().into()),
            ("JUJU_MODEL_NAME", identity.model_name.as_str().into()),
            ("JUJU_API_ADDRESSES", "127.0.0.1:17070".into()),
            ("JUJU_MACHINE_ID", identity.machine.as_str().into()),
            ("JUJU_PRINCIPAL_UNIT", identity.principal.as_str().into()),
            (
                "JUJU_AVAILABILITY_ZONE",
                identity.availability_zone.as_str().into(),
            ),
            ("JUJU_VERSION", identity.juju_version.as_str().into()),
            ("CLOUD_API_VERSION", OsString::new()),
            ("JUJU_CHARM_HTTP_PROXY", OsString::new()),
            ("JUJU_CHARM_HTTPS_PROXY", OsString::new()),
            ("JUJU_CHARM_FTP_PROXY", OsString::new()),
            ("JUJU_CHARM_NO_PROXY", "127.0.0.1,localhost,::1".into()),
            ("LANG", "C.UTF-8".into()),
            ("TERM", "tmux-256color".into()),
            ("APT_LISTCHANGES_FRONTEND", "none".into()),
            ("DEBIAN_FRONTEND", "noninteractive".into()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        if identity.juju_version.starts_with("3.") {
            environment.insert("JUJU_SLA".to_owned(), OsString::new());
        }
        let of_the_hook = self.hook.variables().into_iter();
        environment.extend(of_the_hook.map(|(name, value)| (name, value.into())));
        environment.extend(self.variables.clone());
        environment
    }

    /// A context id that no hook had before: `app/0-install-<32 hexadecimal digits>`.
    ///
    /// # Errors
    ///
    /// When the kernel has no random bytes.
    pub fn new_context_id(&self) -> io::Result<String> {
        let random = random_hex()?;
        Ok(format!("{}-{}-{random}", self.identity.unit, self.hook))
    }

    /// Runs the hook to its end.
    ///
    /// # Errors
    ///
    /// When it could not be started; what a hook does wrong is in [`Ended`].
    pub fn run(&self, agent: &mut dyn Agent) -> Result<Ended, DispatchError> {
        let socket_error = |source| DispatchError::Socket {
            socket_dir: self.socket_dir.to_owned(),
            source,
        };
        if !self.charm_dir.join("metadata.yaml").exists() {
            return Err(DispatchError::CharmMissing(self.charm_dir.to_owned()));
        }
        let Some(program) = self.program() else {
            return Ok(Ended::Missing);
        };
        let context_id = self.new_context_id().map_err(socket_error)?;
        let (sender, receiver) = mpsc::channel();
        let calls = sender.clone();
        let mut socket = AgentSocket::open(self.socket_dir, move |call, connection| {
            if let Ok(call) = call {
                // When the hook is over nobody listens; the connection is closed unanswered.
                let _ = calls.send(Message::Call(call, connection));
            }
        })
        .map_err(socket_error)?;
        let environment = self.environment(&context_id, socket.path());
        let hook = self
            .start(&program, &environment, &sender)
            .map_err(|source| DispatchError::Start { program, source })?;
        let ended = follow(hook, &receiver, self.interrupt, |event| match event {
            Event::Call(hook, call, connection) => {
                let reply = match refuse(&call, &context_id) {
                    Some(refusal) => Reply::Refusal(refusal),
                    None => agent.answer(&call),
                };
                deliver(reply, connection, hook);
            }
            Event::Output(stream, line) => agent.output(stream, &line),
            Event::Interrupted => socket.close(),
        });
        socket.close();
        ended.map_err(socket_error)
    }

    /// What Juju would run: `dispatch` if there is one, else the script of the hook's name if there is one.
    fn program(&self) -> Option<PathBuf> {
        if matches!(self.hook, Hook::JujuExec { .. }) {
            return Some(PathBuf::from("/bin/bash"));
        }
        [
            self.charm_dir.join("dispatch"),
            self.charm_dir.join(self.hook.script()),
        ]
        .into_iter()
        .find(|program| program.exists())
    }

    fn start(
        &self,
        program: &Path,
        environment: &BTreeMap<String, OsString>,
        sender: &Sender<Message>,
    ) -> io::Result<Child> {
        let exec = matches!(self.hook, Hook::JujuExec { .. });
        if fs::metadata(program)?.permissions().mode() & 0o111 == 0 {
            return Err(io::Error::new(
                io::ErrorKind::PermissionDenied,
                "it is not executable; try `chmod 755` on it",
            ));
        }
        let mut command = Command::new(program);
        command
            .env_clear()
            .envs(environment)
            .current_dir(self.charm_dir)
            .stdin(if exec { Stdio::piped() } else { Stdio::null() });
        if exec {
            command.arg("-s");
        }
        let mut hook = spawn_and_tell(&mut command, sender)?;
        if let Some(mut stdin) = hook.stdin.take() {
            let commands = self.commands.to_owned();
            // bash may end before it has read everything, as after `exit`.
            thread::spawn(move || stdin.write_all(commands.as_bytes()));
        }
        Ok(hook)
    }
}

fn refuse(call: &Call, context_id: &str) -> Option<String> {
    if call.command.is_empty() {
        Some("bad request: command not specified".to_owned())
    } else if !call.directory.is_absolute() {
        Some("bad request: Dir is not absolute".to_owned())
    } else if call.context_id != context_id {
        Some(format!(
            "bad request: wrong context ID; got \"{}\"",
            call.context_id
        ))
    } else {
        None
    }
}

fn deliver(reply: Reply, connection: UnixStream, hook: &Child) {
    match reply {
        Reply::Answer {
            exit_code,
            stdout,
            stderr,
        } => server::respond(
            connection,
            &Response::Answer {
                exit_code,
                stdout,
                stderr,
            },
        ),
        Reply::Refusal(message) => server::respond(connection, &Response::Refusal(message)),
        Reply::KillCommand => {
            if let Ok(caller) = getsockopt(&connection, sockopt::PeerCredentials) {
                // It waits for the answer, so the process is still the caller; gone is as good as killed.
                let _ = signal::kill(Pid::from_raw(caller.pid()), Signal::SIGKILL);
            }
        }
        Reply::KillHook => kill(hook, Signal::SIGKILL),
    }
}
