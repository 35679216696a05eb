//! Runs one program and prints what it took, as `<wall> <user> <system> <peak memory>` in microseconds and KiB. As the interpreter of
//! a script, which begins with `#!measure PROGRAM`, it adds the line to a file `PROGRAM.times` instead.
//!
//! It is a process of its own, and a small one, because the kernel counts the memory of the parent as the child's until
//! the child runs its program.

use std::env;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use anyhow::{Context as _, ensure};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::{TimeVal, TimeValLike as _};

fn main() -> anyhow::Result<ExitCode> {
    let mut words = env::args_os().skip(1);
    let program = words.next().context("name a program to run")?;
    let mut command = Command::new(&program);
    command.stdin(Stdio::null()).stdout(Stdio::null());

    let started = Instant::now();
    let status = command.status().context("cannot run the program")?;
    let wall = started.elapsed();

    ensure!(status.success(), "the program failed: {status}");
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let microseconds = |time: TimeVal| time.num_microseconds();
    let line = format!(
        "{} {} {} {}\n",
        wall.as_micros(),
        microseconds(usage.user_time()),
        microseconds(usage.system_time()),
        usage.max_rss()
    );
    let is_interpreter = words.next().is_some();
    if is_interpreter {
        let times = Path::new(&program).with_extension("times");
        let mut times = File::options().append(true).create(true).open(times)?;
        times.write_all(line.as_bytes())?;
    } else {
        io::stdout().write_all(line.as_bytes())?;
    }
    Ok(ExitCode::SUCCESS)
}
