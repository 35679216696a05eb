//! Runs one program and prints what it took, as `<wall> <user> <system> <peak memory>` in microseconds and KiB.
//!
//! It is a process of its own, and a small one, because the kernel counts the memory of the parent as the child's until
//! the child runs its program.

use std::env;
use std::io::{self, Write as _};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use anyhow::{Context as _, ensure};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::{TimeVal, TimeValLike as _};

fn main() -> anyhow::Result<ExitCode> {
    let program = env::args_os().nth(1).context("name a program to run")?;
    let mut command = Command::new(program);
    command.stdin(Stdio::null()).stdout(Stdio::null());

    let started = Instant::now();
    let status = command.status().context("cannot run the program")?;
    let wall = started.elapsed();

    ensure!(status.success(), "the program failed: {status}");
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let microseconds = |time: TimeVal| time.num_microseconds();
    writeln!(
        io::stdout(),
        "{} {} {} {}",
        wall.as_micros(),
        microseconds(usage.user_time()),
        microseconds(usage.system_time()),
        usage.max_rss()
    )?;
    Ok(ExitCode::SUCCESS)
}
