//! The socket between a running hook's commands and the agent: one JSON line each way, one connection per command.

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::go::uuid;
use crate::machine::path::LONGEST_SOCKET_PATH;

/// What the agent says when a command has to be called again, with what its caller has on stdin.
pub(crate) const NEEDS_STDIN: &str = "hook tool requires stdin, none supplied";

/// A hook command as a hook called it, such as `open-port 8000/tcp`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// `JUJU_CONTEXT_ID` of the caller.
    pub context_id: String,
    /// The caller's working directory.
    pub directory: PathBuf,
    /// The command's name, `open-port`.
    pub command: String,
    /// Its arguments, without the name.
    pub args: Vec<String>,
    /// What the caller has on stdin; sent only when the agent asked for it.
    pub stdin: Option<Vec<u8>>,
}

/// What the agent answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Response {
    /// What the command prints and exits with.
    Answer {
        exit_code: u8,
        stdout: Vec<u8>,
        stderr: Vec<u8>,
    },
    /// The call itself was refused.
    Refusal(String),
}

/// A file socket that exists as long as one hook runs.
#[derive(Debug)]
pub(crate) struct AgentSocket {
    path: PathBuf,
    closing: Arc<AtomicBool>,
    listener: Option<JoinHandle<()>>,
}

impl AgentSocket {
    /// Opens a socket of a new name in `directory` and hands each call to `on_call`, with the connection that waits for the answer.
    pub(crate) fn open(
        directory: &Path,
        on_call: impl Fn(io::Result<Call>, UnixStream) + Clone + Send + 'static,
    ) -> io::Result<Self> {
        fs::create_dir_all(directory)?;
        let path = directory.join(format!("{}.socket", &uuid::random_hex()?[..8]));
        let length = path.as_os_str().len();
        if length > LONGEST_SOCKET_PATH {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!(
                    "the path {} has {length} bytes and a socket's path at most {LONGEST_SOCKET_PATH}; use a directory with a shorter path",
                    path.display()
                ),
            ));
        }
        let listener = UnixListener::bind(&path)?;
        let closing = Arc::new(AtomicBool::new(false));
        let closed = Arc::clone(&closing);
        let listener = thread::spawn(move || {
            for connection in listener.incoming() {
                if closed.load(Ordering::SeqCst) {
                    break;
                }
                let Ok(connection) = connection else { continue };
                let on_call = on_call.clone();
                thread::spawn(move || on_call(receive(&connection), connection));
            }
        });
        Ok(Self {
            path,
            closing,
            listener: Some(listener),
        })
    }

    /// Where it is: `JUJU_AGENT_SOCKET_ADDRESS`.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Refuses every later call.
    pub(crate) fn close(&mut self) {
        let Some(listener) = self.listener.take() else {
            return;
        };
        self.closing.store(true, Ordering::SeqCst);
        // The listener sees that it is over when something connects.
        let woken = UnixStream::connect(&self.path).is_ok();
        // A file that stays behind does no harm: nobody listens on it.
        let _ = fs::remove_file(&self.path);
        if woken {
            let _ = listener.join();
        }
    }
}

impl Drop for AgentSocket {
    fn drop(&mut self) {
        self.close();
    }
}

/// Sends one call and waits for its answer.
pub(crate) fn send(socket: &Path, call: &Call) -> io::Result<Response> {
    let mut connection = UnixStream::connect(socket)?;
    write_line(&mut connection, call)?;
    read_line(&connection)
}

/// Answers a call; a caller that has gone away is no matter.
pub(crate) fn respond(mut connection: UnixStream, response: &Response) {
    let _ = connection.set_write_timeout(Some(Duration::from_secs(5)));
    let _ = write_line(&mut connection, response);
}

fn receive(connection: &UnixStream) -> io::Result<Call> {
    read_line(connection)
}

fn write_line(connection: &mut UnixStream, message: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    connection.write_all(&line)
}

fn read_line<T: for<'de> Deserialize<'de>>(connection: &UnixStream) -> io::Result<T> {
    let mut line = Vec::new();
    BufReader::new(connection).read_until(b'\n', &mut line)?;
    if !line.ends_with(b"\n") {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(serde_json::from_slice(&line)?)
}
