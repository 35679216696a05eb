//! A hook command as a process of its own: sends the call to the agent and prints the answer.

use std::env;
use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::hook::server::{self, Call, NEEDS_STDIN, Response};

/// Calls the agent whose hook this process runs in; `command` is the name it was started by.
pub(crate) fn main(command: &str, args: impl Iterator<Item = OsString>) -> ExitCode {
    match call(command, args) {
        Ok(Response::Answer {
            exit_code,
            stdout,
            stderr,
        }) => {
            // A reader that has gone away, as in `config-get | head -1`, is no failure of the command.
            let _ = io::stdout().write_all(&stdout);
            let _ = io::stderr().write_all(&stderr);
            ExitCode::from(exit_code)
        }
        Ok(Response::Refusal(message)) | Err(message) => {
            let _ = writeln!(io::stderr(), "ERROR {message}");
            ExitCode::FAILURE
        }
    }
}

fn call(command: &str, args: impl Iterator<Item = OsString>) -> Result<Response, String> {
    let context_id = variable("JUJU_CONTEXT_ID")?;
    let socket = variable("JUJU_AGENT_SOCKET_ADDRESS")?;
    let network = variable("JUJU_AGENT_SOCKET_NETWORK")?;
    if network != "unix" {
        return Err(format!(
            "JUJU_AGENT_SOCKET_NETWORK is \"{network}\", expected \"unix\""
        ));
    }
    let mut call = Call {
        context_id,
        directory: env::current_dir().unwrap_or_else(|_| PathBuf::from("/")),
        command: command.to_owned(),
        args: args.map(|arg| arg.to_string_lossy().into_owned()).collect(),
        stdin: None,
    };
    let send = |call: &Call| {
        server::send(Path::new(&socket), call)
            .map_err(|error| format!("cannot reach the agent at {socket}: {error}"))
    };
    let response = send(&call)?;
    if response != Response::Refusal(NEEDS_STDIN.to_owned()) {
        return Ok(response);
    }
    let mut stdin = Vec::new();
    io::stdin()
        .read_to_end(&mut stdin)
        .map_err(|error| format!("cannot read stdin: {error}"))?;
    call.stdin = Some(stdin);
    send(&call)
}

fn variable(name: &str) -> Result<String, String> {
    env::var(name)
        .ok()
        .filter(|value| !value.is_empty())
        .ok_or_else(|| format!("{name} not set"))
}
