//! One hook of a charm that publishes in a relation and reads what each remote unit has published, side by side: the charm in
//! Rust, the same charm in Python, and the floor that runs the same commands and nothing else.
//! `cargo bench -p benches --bench relations -- 20` takes the medians of 20 rounds.
//!
//! Needs Python with `venv`, and `PyPI` for `ops` when it runs for the first time.

#[path = "../measuring/growth_plot.rs"]
mod growth_plot;
#[path = "../measuring/mod.rs"]
mod measuring;
mod related;
mod subjects;

use std::env;
use std::io::{self, Write as _};

use anyhow::{Context as _, Result, ensure};

use crate::growth_plot::Plot;
use crate::measuring::build::project;
use crate::measuring::dispatch::Program;
use crate::measuring::measurement::Measurement;
use crate::related::Related;

const UNITS: [u16; 4] = [1, 10, 100, 500];
/// How long hook commands take: as little as a process can, and as long as Juju's real ones.
const DELAYS_MS: [u64; 2] = [0, 4];
const NAMES: [&str; 3] = ["floor", "Rust", "Python"];

fn main() -> Result<()> {
    let rounds = env::args().find_map(|word| word.parse().ok()).unwrap_or(10);
    let home = tempfile::tempdir()?;
    let subjects = subjects::all(home.path())?;
    for subject in &subjects {
        // The first hook of a charm in Python makes the file in which ops keeps what it is to remember.
        let related = Related {
            units: 1,
            publishes: false,
        };
        subject.dispatch("install", related.answers())?;
    }
    let out = &mut io::stdout().lock();
    writeln!(
        out,
        "Medians of {rounds} rounds, of a fifth of them with 500 units: floor, Rust, Python. Wall and CPU in ms, peak memory in MiB, \
         and the hook commands.\n\n\
         | hook command | units | publishes | wall | Rust / floor | Python / Rust | CPU | Rust / floor | Python / Rust | memory | commands |\n\
         |---|---|---|---|---|---|---|---|---|---|---|"
    )?;
    let mut plots = Vec::new();
    for (delay_ms, title) in DELAYS_MS.into_iter().zip([
        "A hook that changes nothing, cheap hook commands",
        "The same, hook commands of 4 ms",
    ]) {
        let mut lines = NAMES.map(|name| (name, Vec::new()));
        for units in UNITS {
            for publishes in [false, true] {
                let related = Related { units, publishes };
                let rounds = if units > 100 { rounds / 5 } else { rounds };
                let (medians, commands) = measure(related, delay_ms, rounds.max(3), &subjects)?;
                write_row(out, related, delay_ms, &medians, commands)?;
                if !publishes {
                    for ((_, points), median) in lines.iter_mut().zip(&medians) {
                        points.push((units.into(), median.wall_ms));
                    }
                }
            }
        }
        let (x, y) = ("remote units", "ms");
        let lines = lines.into();
        plots.push(Plot { title, x, y, lines });
    }
    let svg = project().join("docs/relations.svg");
    growth_plot::draw(&plots, &svg).with_context(|| format!("cannot write {}", svg.display()))
}

/// The medians of each subject, and how many hook commands each runs.
fn measure(
    related: Related,
    delay_ms: u64,
    rounds: usize,
    subjects: &[Program; 3],
) -> Result<([Measurement; 3], [usize; 3])> {
    let [_, rust, python] = subjects;
    let event = "config-changed";
    let commands = rust.calls(event, related.answers())?;
    let commands_of_python = python.calls(event, related.answers())?;
    let [by_rust, by_python] = [&commands, &commands_of_python].map(|calls| related::done(calls));
    ensure!(
        by_rust? == by_python?,
        "not the same is done: {commands:#?} {commands_of_python:#?}"
    );

    let mut measured = [const { Vec::new() }; 3];
    for _ in 0..rounds {
        for (subject, measured) in subjects.iter().zip(&mut measured) {
            let variables = [
                ("DELAY_MS".to_owned(), delay_ms.to_string().into()),
                ("FLOOR".to_owned(), commands.join("\n").into()),
            ];
            measured.push(subject.dispatch(event, related.answers().chain(variables))?);
        }
    }
    let medians = measured.map(|all| Measurement::median(&all));
    let commands = [commands.len(), commands.len(), commands_of_python.len()];
    Ok((medians, commands))
}

fn write_row(
    out: &mut impl io::Write,
    related: Related,
    delay_ms: u64,
    medians: &[Measurement; 3],
    commands: [usize; 3],
) -> io::Result<()> {
    let [floor, rust, python] = medians;
    let each = |of: fn(&Measurement) -> f64| {
        let texts = medians.iter().map(|median| format!("{:.1}", of(median)));
        texts.collect::<Vec<_>>().join(", ")
    };
    writeln!(
        out,
        "| {} | {} | {} | {} | {:.2} | {:.1} | {} | {:.2} | {:.1} | {} | {}, {} |",
        match delay_ms {
            0 => "cheap".to_owned(),
            delay_ms => format!("{delay_ms} ms"),
        },
        related.units,
        if related.publishes { "yes" } else { "no" },
        each(|median| median.wall_ms),
        rust.wall_ms / floor.wall_ms,
        python.wall_ms / rust.wall_ms,
        each(|median| median.cpu_ms),
        rust.cpu_ms / floor.cpu_ms,
        python.cpu_ms / rust.cpu_ms,
        each(|median| median.memory_mib),
        commands[1],
        commands[2],
    )
}
