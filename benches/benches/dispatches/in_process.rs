//! One event in a test's own process: `ops_testing` beside `ops.testing`.

use std::io;
use std::process::Command;
use std::time::Instant;

use anyhow::{Result, ensure};
use hello_server::charm::HelloServer;
use ops::Event;
use ops_testing::{Context, State};

use crate::fake_server::FakeServer;
use crate::measuring::build::project;
use crate::measuring::median::median;
use crate::subject::Subject;

pub(crate) fn compare(out: &mut impl io::Write, python: &Subject) -> Result<()> {
    let context = Context::of_charm(&project(), || HelloServer::new(FakeServer));
    let given = State::default()
        .with_config("server-port", 6789)
        .with_opened_ports(["8000/tcp"]);
    let times = (0..1000).map(|_| {
        let started = Instant::now();
        let then = context.run(&Event::ConfigChanged, &given);
        let time = started.elapsed();
        assert_eq!(then.state.opened_ports, ["6789/tcp"]);
        time.as_secs_f64() * 1e6
    });
    let rust = median(times.collect());

    let output = Command::new("/usr/bin/python3")
        .arg(
            project()
                .join("benches/python/time_in_process.py")
                .canonicalize()?,
        )
        .arg("200")
        .env("PYTHONPATH", "lib")
        .current_dir(&python.program.charm_dir)
        .output()?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let python: f64 = String::from_utf8(output.stdout)?.trim().parse()?;
    writeln!(
        out,
        "\nA test of one event in process: {rust:.0} µs in Rust, {python:.0} µs in Python, {:.0} times as much.",
        python / rust
    )?;
    Ok(())
}
