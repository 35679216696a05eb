//! The process of a hook: started, followed to its end, and ended when it must.

use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{self, Signal};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;

use crate::hook::server::Call;

/// How long the agent reads on after the hook's process has ended, for children that it left behind.
const GRACE: Duration = Duration::from_millis(100);

/// How long an interrupted hook has between SIGTERM and SIGKILL.
const TERMINATION_GRACE: Duration = Duration::from_secs(5);

/// The longest piece of a line that becomes one record.
const LONGEST_RECORD: u64 = 4096;

/// How a hook ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The charm has nothing for this hook, which counts as success.
    Missing,
    /// With this exit code.
    Exited(i32),
    /// Killed by this signal.
    Killed(i32),
    /// Terminated, because the agent was told to die.
    Interrupted,
}

/// Where a hook printed something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Logged at DEBUG.
    Stdout,
    /// Logged at WARNING.
    Stderr,
}

/// Runs a program that is no hook, to its end, with the same care: what it leaves in the background does not hold it up.
pub(crate) fn run_command(
    command: &mut Command,
    interrupt: &AtomicBool,
    mut output: impl FnMut(Stream, &[u8]),
) -> io::Result<Ended> {
    let (sender, receiver) = mpsc::channel();
    let child = spawn_and_tell(command.stdin(Stdio::null()), &sender)?;
    follow(child, &receiver, interrupt, |event| {
        if let Event::Output(stream, line) = event {
            output(stream, &line);
        }
    })
}

pub(crate) enum Message {
    Call(Call, UnixStream),
    Output(Stream, Vec<u8>),
    Closed,
    Ended,
}

/// What [`follow`] leaves to its caller.
pub(crate) enum Event<'a> {
    Call(&'a Child, Call, UnixStream),
    Output(Stream, Vec<u8>),
    /// It is about to be terminated.
    Interrupted,
}

/// Starts a process whose output and end are sent as messages.
pub(crate) fn spawn_and_tell(command: &mut Command, sender: &Sender<Message>) -> io::Result<Child> {
    command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // A group of its own: Ctrl-C reaches the agent alone, which then ends the process.
        .process_group(0);
    let mut child = spawn(command)?;
    if let Some(stdout) = child.stdout.take() {
        read_lines(stdout, Stream::Stdout, sender.clone());
    }
    if let Some(stderr) = child.stderr.take() {
        read_lines(stderr, Stream::Stderr, sender.clone());
    }
    let process = process(&child);
    let sender = sender.clone();
    thread::spawn(move || {
        // Not reaped here, so that its id stays its own until no more signal can be sent.
        let options = WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT;
        while let Err(Errno::EINTR) = waitid(Id::Pid(process), options) {}
        // Nobody listens when the hook could not be served.
        let _ = sender.send(Message::Ended);
    });
    Ok(child)
}

/// Attends to a process until it has ended and its output is read, or until it is terminated for an interruption.
pub(crate) fn follow(
    mut child: Child,
    receiver: &Receiver<Message>,
    interrupt: &AtomicBool,
    mut on_event: impl FnMut(Event<'_>),
) -> io::Result<Ended> {
    let mut open_streams = 2;
    let mut terminated_at = None;
    let mut ended_at: Option<Instant> = None;
    loop {
        if open_streams == 0 && ended_at.is_some()
            || ended_at.is_some_and(|ended| ended.elapsed() >= GRACE)
        {
            break;
        }
        match receiver.recv_timeout(Duration::from_millis(20)) {
            Ok(Message::Call(call, connection)) => on_event(Event::Call(&child, call, connection)),
            Ok(Message::Output(stream, line)) => on_event(Event::Output(stream, line)),
            Ok(Message::Closed) => open_streams -= 1,
            Ok(Message::Ended) => ended_at = Some(Instant::now()),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
        }
        if ended_at.is_none() && interrupt.load(Ordering::SeqCst) {
            let since = terminated_at.get_or_insert_with(|| {
                on_event(Event::Interrupted);
                kill(&child, Signal::SIGTERM);
                Instant::now()
            });
            if since.elapsed() >= TERMINATION_GRACE {
                kill(&child, Signal::SIGKILL);
            }
        }
    }
    let status = child.wait()?;
    Ok(match (terminated_at, status.code()) {
        (Some(_), _) => Ended::Interrupted,
        (None, Some(code)) => Ended::Exited(code),
        (None, None) => Ended::Killed(status.signal().unwrap_or_default()),
    })
}

/// Starts a process. A file that was just written can be busy for a moment, while another thread's child has not yet
/// closed what it inherited.
fn spawn(command: &mut Command) -> io::Result<Child> {
    let patience = Instant::now() + Duration::from_secs(1);
    loop {
        match command.spawn() {
            Err(error)
                if error.kind() == io::ErrorKind::ExecutableFileBusy
                    && Instant::now() < patience =>
            {
                thread::sleep(Duration::from_millis(5));
            }
            result => return result,
        }
    }
}

fn read_lines(pipe: impl Read + Send + 'static, stream: Stream, sender: Sender<Message>) {
    thread::spawn(move || {
        let mut reader = BufReader::new(pipe);
        loop {
            let mut line = Vec::new();
            let mut piece = reader.by_ref().take(LONGEST_RECORD);
            if !matches!(piece.read_until(b'\n', &mut line), Ok(1..)) {
                break;
            }
            if sender.send(Message::Output(stream, line)).is_err() {
                return;
            }
        }
        let _ = sender.send(Message::Closed);
    });
}

/// Signals the hook with all that belongs to it.
pub(crate) fn kill(hook: &Child, signal: Signal) {
    // Not yet reaped, so the group is the hook's; gone is as good as killed.
    let _ = signal::killpg(process(hook), signal);
}

fn process(child: &Child) -> Pid {
    // A process id of the system always fits.
    Pid::from_raw(child.id().cast_signed())
}
