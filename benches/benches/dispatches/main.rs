//! Whole dispatches, side by side: the charm in Rust, the same charm in Python, and the floor that runs the same commands and
//! nothing else. `cargo bench -p benches --bench dispatches -- 50` takes the medians of 50 rounds.
//!
//! Needs Python with `venv`, and `PyPI` for `ops` when it runs for the first time.

mod case;
mod fake_server;
mod in_process;
#[path = "../measuring/mod.rs"]
mod measuring;
mod plot;
mod same_behaviour;
mod subject;

use std::env;
use std::fs;
use std::io::{self, Write as _};

use anyhow::{Context as _, Result, ensure};

use crate::case::{CASES, Case};
use crate::measuring::build::project;
use crate::measuring::measurement::Measurement;
use crate::subject::Subject;

/// How long one of Juju's real hook commands takes.
const REAL_MS: u64 = 4;

/// One case, measured for the floor, the charm in Rust and the charm in Python.
struct Row {
    case: &'static str,
    delay_ms: u64,
    medians: [Measurement; 3],
    /// How many processes the charms start.
    processes: [usize; 2],
}

fn main() -> Result<()> {
    let rounds = env::args().find_map(|word| word.parse().ok()).unwrap_or(20);
    let home = tempfile::tempdir()?;
    let subjects = Subject::all(home.path())?;
    let [_, rust, python] = &subjects;
    same_behaviour::check(rust, python)?;

    let mut rows = Vec::new();
    for delay_ms in [0, REAL_MS] {
        for case in &CASES {
            writeln!(io::stderr(), "{} ({delay_ms} ms)", case.name)?;
            rows.push(measure(case, delay_ms, rounds, &subjects)?);
        }
    }
    let out = &mut io::stdout().lock();
    write_table(out, &rows, rounds)?;
    let size = fs::metadata(rust.program.charm_dir.join("bin/hello-server"))?.len();
    writeln!(out, "\nThe program has {size} bytes.")?;
    in_process::compare(out, python)?;
    let plot = project().join("docs/performance.svg");
    plot::draw(&rows, &plot).with_context(|| format!("cannot write {}", plot.display()))
}

fn measure(case: &Case, delay_ms: u64, rounds: usize, subjects: &[Subject; 3]) -> Result<Row> {
    let [_, rust, python] = subjects;
    let calls = rust.calls(case)?;
    let calls_of_python = python.calls(case)?;
    let systemctl = |calls: &[String]| -> Vec<String> {
        let of_systemctl = calls.iter().filter(|call| call.starts_with("systemctl\t"));
        of_systemctl.cloned().collect()
    };
    ensure!(
        systemctl(&calls) == systemctl(&calls_of_python),
        "{}: not the same work: {calls:#?} {calls_of_python:#?}",
        case.name
    );

    let mut measured = [const { Vec::new() }; 3];
    for _ in 0..rounds {
        for (subject, measured) in subjects.iter().zip(&mut measured) {
            measured.push(subject.measure(case, delay_ms, &calls)?);
        }
    }
    Ok(Row {
        case: case.name,
        delay_ms,
        medians: measured.map(|all| Measurement::median(&all)),
        processes: [calls.len(), calls_of_python.len()],
    })
}

fn write_table(out: &mut impl io::Write, rows: &[Row], rounds: usize) -> io::Result<()> {
    writeln!(
        out,
        "Medians of {rounds} rounds: floor, Rust, Python. Wall and CPU in ms, peak memory in MiB, and the processes started.\n"
    )?;
    writeln!(
        out,
        "| hook command | case | wall | Rust / floor | Python / Rust | CPU | Rust / floor | Python / Rust | memory | processes |\n|---|---|---|---|---|---|---|---|---|---|"
    )?;
    for row in rows {
        let [floor, rust, python] = &row.medians;
        let each = |of: fn(&Measurement) -> f64| {
            row.medians
                .iter()
                .map(|median| format!("{:.1}", of(median)))
                .collect::<Vec<_>>()
                .join(", ")
        };
        writeln!(
            out,
            "| {} | {} | {} | {:.2} | {:.1} | {} | {:.2} | {:.1} | {} | {}, {} |",
            match row.delay_ms {
                0 => "cheap".to_owned(),
                delay_ms => format!("{delay_ms} ms"),
            },
            row.case,
            each(|median| median.wall_ms),
            rust.wall_ms / floor.wall_ms,
            python.wall_ms / rust.wall_ms,
            each(|median| median.cpu_ms),
            rust.cpu_ms / floor.cpu_ms,
            python.cpu_ms / rust.cpu_ms,
            each(|median| median.memory_mib),
            row.processes[0],
            row.processes[1],
        )?;
    }
    Ok(())
}
