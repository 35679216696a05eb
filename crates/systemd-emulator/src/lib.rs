//! Stand-ins for `systemctl`, `reboot` and `shutdown` inside an emulated machine.
//!
//! An emulated machine is a directory. Its service and socket units are managed as ordinary background processes of the
//! caller's user, in the words, messages and exit codes of systemd 252. What the machine keeps is below `<machine>/systemd`:
//!
//! | path | what |
//! |---|---|
//! | `system/` | unit files, and in `*.target.wants/` the links that `systemctl enable` makes |
//! | `state.json`, `lock` | the processes that were started, and which units failed |
//! | `journal/<unit>.log` | what the unit's processes wrote to stdout and stderr |
//!
//! A hook finds the commands on its `PATH` as links to this executable, and the machine in its environment:
//! `JUJU_EMULATOR_MACHINE` (its directory), `JUJU_EMULATOR_ADDRESS` (its own loopback address, say 127.0.0.2) and
//! `SYSTEMD_UNIT_PATH` (systemd's own variable, of which the first entry is used).
//!
//! # Differences from systemd
//!
//! - No daemon: nothing is restarted (`Restart=`), no timer runs, and nobody holds a socket open without its service. Starting a
//!   socket starts its service at once; when that service ends, its socket is no longer listening and is shown as inactive.
//! - `ListenStream=8000` listens on the machine's own address instead of on all addresses; an address in the unit file is honoured.
//! - No sandbox, no users, no limits: `User=`, `DynamicUser=`, `ProtectSystem=` and their like are accepted and have no effect.
//! - The exit status of a service that ended by itself is not known: unless systemctl stopped it, it is failed.
//! - A service counts as started when its program runs: `Type=notify` is not waited for, `TimeoutStartSec=` has no effect.
//! - Targets, mounts and the like always count as reached. Unit files are read whenever they are needed; `daemon-reload` does nothing.
//! - A service finds systemd's own `PATH` and not the hook's, so what it calls `systemctl` is not this stand-in.
//! - A setting that is missing here and would change what happens (`Type=forking`, `Accept=yes`, `ExecStop=` ...) is refused by
//!   name, and so is a line of a unit file that says nothing. Drop-ins (`web.service.d/`) are not read.

mod command;
mod exec;
mod exec_start;
mod install;
mod jobs;
mod machine;
mod process;
mod record;
mod service;
mod show;
mod shutdown;
mod socket;
mod start;
mod start_service;
mod unit;
mod unit_file;
mod unit_name;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

use std::ffi::OsString;
use std::process::ExitCode;

pub use exec::NAME as EXEC;
pub use machine::{Machine, NotInMachine, RunningProcess};
pub use process::kill_processes_with;
pub use shutdown::Shutdown;

/// The names of the commands of an emulated machine, to be linked into a directory on its `PATH`.
pub const COMMANDS: [&str; 3] = ["systemctl", "reboot", "shutdown"];

/// Runs the command of this name, one of [`COMMANDS`] or [`EXEC`], with its arguments; none is run for another name.
pub fn main(name: &str, args: &mut dyn Iterator<Item = OsString>) -> Option<ExitCode> {
    let words = |args: &mut dyn Iterator<Item = OsString>| {
        args.map(|arg| arg.to_string_lossy().into_owned())
            .collect::<Vec<_>>()
    };
    Some(match name {
        "systemctl" => command::systemctl(args),
        "reboot" => shutdown::reboot(words(args)),
        "shutdown" => shutdown::shutdown(words(args)),
        EXEC => exec::exec(args),
        _ => return None,
    })
}
