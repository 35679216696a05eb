//! A service that writes the time: `clock keep 5` keeps it running every 5 seconds, `clock drop` takes it away.

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};
use std::{env, io, io::Write, thread};

use systemd::Template;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let ended = match &words[..] {
        ["run", seconds] => run(seconds),
        ["keep", seconds] => keep(seconds).map_err(io::Error::other),
        ["drop"] => clock().uninstall().map_err(io::Error::other),
        _ => Err(io::Error::other(
            "expected keep SECONDS, drop or run SECONDS",
        )),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

fn clock() -> Template {
    Template::new("clock", Path::new("/opt/clock/clock"), systemd::unit_dir())
        .with_unit_file("service", include_str!("clock@.service"))
}

/// Makes `clock@SECONDS.service` the only one that runs.
fn keep(seconds: &str) -> systemd::Result<()> {
    let clock = clock();
    let loaded = clock.install(Path::new("/proc/self/exe"))?;
    clock.refuse_if_given_up(&loaded, seconds)?;
    clock.start(seconds)?;
    let others = clock.in_use(&loaded)?;
    clock.stop(&loaded, others.iter().filter(|other| *other != seconds))?;
    clock.restart_if_outdated(&loaded, seconds)
}

fn run(seconds: &str) -> io::Result<()> {
    let seconds = seconds.parse().map_err(io::Error::other)?;
    loop {
        writeln!(io::stdout(), "{:?}", SystemTime::now())?;
        thread::sleep(Duration::from_secs(seconds));
    }
}
