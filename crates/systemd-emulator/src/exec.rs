//! Starting a service's program only once it is on record.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs::{self, File},
    io::{self, Read, Write},
    net::TcpListener,
    os::{fd::AsFd, unix::net::UnixStream, unix::process::CommandExt},
    path::Path,
    process::{Child, Command, ExitCode, Stdio},
};

use command_fds::{CommandFdExt, FdMapping};
use nix::{
    sys::stat::{Mode, umask},
    unistd::{close, setsid},
};

/// The name under which this executable becomes a service's program, `juju-emulator-exec`.
pub const NAME: &str = "juju-emulator-exec";

/// systemd's exit code for a program that could not be executed.
const EXIT_EXEC: u8 = 203;

const FIRST_SOCKET: i32 = 3;

/// What a service's process is started with.
#[derive(Debug)]
pub(crate) struct Start<'a> {
    pub(crate) executable: &'a Path,
    pub(crate) program: &'a str,
    pub(crate) argv: &'a [String],
    pub(crate) environment: &'a BTreeMap<String, String>,
    pub(crate) working_directory: &'a Path,
    pub(crate) journal: &'a File,
    pub(crate) listeners: &'a [TcpListener],
}

/// A process that does not run its program before it is told to, and never if this value is dropped.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) child: Child,
    gate: UnixStream,
}

impl Start<'_> {
    pub(crate) fn spawn(self) -> io::Result<Held> {
        let (gate, stdin) = UnixStream::pair()?;
        let mut command = Command::new(self.executable);
        command
            .arg0(NAME)
            .arg(self.program)
            .args(self.argv)
            .env_clear()
            .envs(self.environment)
            .current_dir(self.working_directory)
            .stdin(Stdio::from(std::os::fd::OwnedFd::from(stdin)))
            .stdout(self.journal.try_clone()?)
            .stderr(self.journal.try_clone()?);
        let mut mappings = Vec::new();
        for (child_fd, listener) in (FIRST_SOCKET..).zip(self.listeners) {
            mappings.push(FdMapping {
                parent_fd: listener.try_clone()?.into(),
                child_fd,
            });
        }
        let child = command
            .fd_mappings(mappings)
            .map_err(io::Error::other)?
            .spawn()?;
        Ok(Held { child, gate })
    }
}

impl Held {
    /// Ends the process before it has run anything.
    pub(crate) fn cancel(self) {
        let Self { mut child, gate } = self;
        drop(gate);
        // It ends by itself, so that there is nothing to do when this fails.
        let _ = child.wait();
    }

    /// Lets the program run; nothing is returned when it does, and why when it could not be executed.
    pub(crate) fn release(mut self) -> io::Result<(Child, Option<String>)> {
        self.gate.write_all(b"!")?;
        let mut error = String::new();
        self.gate.read_to_string(&mut error)?;
        Ok((self.child, Some(error).filter(|error| !error.is_empty())))
    }
}

/// Becomes a service's program, once the process that started it has put it on record.
///
/// `juju-emulator` runs this when it is called `juju-emulator-exec`, with the program and its argv as arguments, and only as a child of
/// its own: stdin is a socket on which one byte means go, end-of-file means that the other side is gone and nothing must run, and
/// on which the reason is returned when the program cannot be executed. Sockets start at descriptor 3.
#[must_use]
pub(crate) fn exec(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let mut arguments = arguments.into_iter();
    let (Some(program), Some(argv0)) = (arguments.next(), arguments.next()) else {
        return ExitCode::from(EXIT_EXEC);
    };
    close_inherited_descriptors();
    // A copy that is closed when the program runs, by which the other side knows that it does.
    let Ok(gate) = io::stdin().as_fd().try_clone_to_owned() else {
        return ExitCode::from(EXIT_EXEC);
    };
    let mut gate = UnixStream::from(gate);
    if gate.read_exact(&mut [0]).is_err() {
        return ExitCode::from(EXIT_EXEC);
    }
    // Out of reach of the terminal from which the hook was run. It can only fail for a group's leader, which this process is not.
    let _ = setsid();
    umask(Mode::S_IWGRP | Mode::S_IWOTH);
    let mut command = Command::new(&program);
    command
        .arg0(argv0)
        .args(arguments)
        .stdin(Stdio::null())
        .env("SYSTEMD_EXEC_PID", std::process::id().to_string());
    if number_of_sockets() > 0 {
        command.env("LISTEN_PID", std::process::id().to_string());
    }
    let error = command.exec();
    let _ = write!(gate, "{}: {error}", program.to_string_lossy());
    ExitCode::from(EXIT_EXEC)
}

fn number_of_sockets() -> i32 {
    std::env::var("LISTEN_FDS")
        .ok()
        .and_then(|number| number.parse().ok())
        .unwrap_or(0)
}

/// Closes what the caller of systemctl left open, so that a service never keeps another program's files and pipes.
fn close_inherited_descriptors() {
    let entries = fs::read_dir("/proc/self/fd")
        .into_iter()
        .flatten()
        .flatten();
    let descriptors: Vec<i32> = entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect();
    for descriptor in descriptors
        .into_iter()
        .filter(|descriptor| *descriptor >= FIRST_SOCKET + number_of_sockets())
    {
        // The directory that was just read is among them, and closed already.
        let _ = close(descriptor);
    }
}
