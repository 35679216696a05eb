//! A port change: on a real systemd the charm's process, the least script of `systemctl` calls and a hook with nothing to do, in
//! turns; in the emulator a config change of 200 hello-servers. `cargo bench -p benches --bench port_change -- 30` takes the
//! medians of 30 rounds.
//!
//! A directory as a further argument holds `hello-server` and `juju-emulator` of an earlier commit, in release mode; they then
//! take part. Needs root, for a systemd of its own.

#[path = "../measuring/build.rs"]
mod build;
mod emulator;
#[path = "../../../tests/it/machine.rs"]
#[expect(
    clippy::unwrap_used,
    dead_code,
    reason = "it is the machine of the tests, which use more of it"
)]
mod machine;
#[path = "../measuring/median.rs"]
mod median;
mod on_systemd;
mod plot;

use std::env;
use std::io::{self, Write as _};
use std::path::PathBuf;

use anyhow::{Context as _, Result};

use crate::build::{project, release};
use crate::machine::Machine;

/// The programs of one commit.
struct Programs {
    hello_server: PathBuf,
    juju_emulator: PathBuf,
}

/// A median, and what it is of.
struct Row {
    name: String,
    median: f64,
}

fn main() -> Result<()> {
    let rounds = env::args().find_map(|word| word.parse().ok()).unwrap_or(30);
    let earlier = env::args_os().skip(1).map(PathBuf::from);
    let earlier = earlier
        .filter(|directory| directory.is_dir())
        .map(|directory| Programs {
            hello_server: directory.join("hello-server"),
            juju_emulator: directory.join("juju-emulator"),
        })
        .next();
    let now = Programs {
        hello_server: release("hello-server", |build| build.bin("hello-server"))?,
        juju_emulator: release("juju-emulator", |build| build.bin("juju-emulator"))?,
    };
    let out = &mut io::stdout().lock();
    if let Some(machine) = Machine::new() {
        let rows = on_systemd::measure(&machine, &now, earlier.as_ref(), rounds)?;
        writeln!(out, "On a real systemd, medians of {rounds} rounds.\n")?;
        write_table(out, "ms", &rows, on_systemd::LEAST)?;
        let svg = project().join("docs/port-change.svg");
        plot::draw(&rows, &svg).with_context(|| format!("cannot write {}", svg.display()))?;
    }
    let rows = emulator::measure(&now, earlier.as_ref())?;
    writeln!(
        out,
        "\nA config change of {} hello-servers in the emulator.\n",
        emulator::UNITS
    )?;
    write_table(out, "s", &rows, emulator::EARLIER)?;
    Ok(())
}

/// Writes each row, and how many times as much as the row called `one` it is.
fn write_table(out: &mut impl io::Write, unit: &str, rows: &[Row], one: &str) -> io::Result<()> {
    let one_median = rows.iter().find(|row| row.name == one);
    writeln!(out, "| | {unit} | / {one} |\n|---|---|---|")?;
    for Row { name, median } in rows {
        let ratio = one_median.map_or(f64::NAN, |one| median / one.median);
        writeln!(out, "| {name} | {median:.1} | {ratio:.2} |")?;
    }
    Ok(())
}
