//! A config change of many hello-servers in the emulator.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Result, ensure};
use juju_emulator::charm::stage::stage;

use crate::build::project;
use crate::median::median;
use crate::{Programs, Row};

pub(crate) const UNITS: u32 = 200;
pub(crate) const EARLIER: &str = "earlier";

/// How often each deploys, and how often it then changes the port.
const TURNS: usize = 2;
const CHANGES: usize = 2;

pub(crate) fn measure(now: &Programs, earlier: Option<&Programs>) -> Result<Vec<Row>> {
    let mut rows = vec![("now", now, Vec::new())];
    rows.extend(earlier.map(|earlier| (EARLIER, earlier, Vec::new())));
    // One model at a time: what runs in the other would be in its way.
    for _ in 0..TURNS {
        for (_, programs, taken) in &mut rows {
            taken.extend(changes(programs)?);
        }
    }
    let rows = rows.into_iter().map(|(name, _, taken)| Row {
        name: name.to_owned(),
        median: median(taken),
    });
    Ok(rows.collect())
}

/// The seconds of some config changes in a new model.
fn changes(programs: &Programs) -> Result<Vec<f64>> {
    let home = tempfile::tempdir()?;
    let charm = home.path().join("charm");
    stage(
        &project(),
        std::slice::from_ref(&programs.hello_server),
        &charm,
    )?;
    let juju = |verb: &str| juju(&programs.juju_emulator, home.path(), verb);
    let sockets = [TcpListener::bind("[::]:0")?, TcpListener::bind("[::]:0")?];
    let [first, second] = sockets.map(|socket| socket.local_addr());
    let mut ports = [first?.port(), second?.port()];
    let charm = charm.display();
    juju(&format!(
        "deploy {charm} hello-server -n {UNITS} --config server-port={}",
        ports[0]
    ))?;
    let mut taken = Vec::new();
    for _ in 0..CHANGES {
        ports.reverse();
        let started = Instant::now();
        juju(&format!("config hello-server server-port={}", ports[0]))?;
        taken.push(started.elapsed().as_secs_f64());
    }
    juju("remove-application --force --no-wait --no-prompt hello-server")?;
    Ok(taken)
}

fn juju(emulator: &Path, home: &Path, verb: &str) -> Result<()> {
    let output = Command::new(emulator)
        .args(verb.split(' '))
        .env("JUJU_EMULATOR_DATA", home.join("data"))
        .env_remove("JUJU_EMULATOR_SYSTEMD")
        .output()?;
    ensure!(
        output.status.success(),
        "{verb}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}
