//! How the costs of `set_ports` grow with ports. `cargo bench -p benches --bench growth`.

#[path = "../measuring/growth_plot.rs"]
mod growth_plot;
mod set_ports;

use std::io;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::growth_plot::Plot;
use crate::set_ports::ManyPorts;

const PORTS: [u16; 8] = [1, 10, 100, 1_000, 10_000, 20_000, 40_000, 65_535];

fn main() -> Result<()> {
    let out = &mut io::stdout().lock();
    let plots = [ports(out)?];
    let svg = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/growth.svg");
    growth_plot::draw(&plots, &svg).with_context(|| format!("cannot write {}", svg.display()))
}

fn ports(out: &mut impl io::Write) -> Result<Plot> {
    writeln!(
        out,
        "Time in ms, the medians of 21 hooks.\n\n\
         | ports | none open: planning | whole hook | all open: planning | whole hook |\n|---|---|---|---|---|"
    )?;
    let states = [false, true];
    let mut hooks = PORTS.map(|count| states.map(|all_open| ManyPorts::new(count, all_open)));
    let mut taken = PORTS.map(|_| states.map(|_| Vec::new()));
    // In turns, so that a machine that is slow for a while is so for all.
    for _ in 0..21 {
        for (hook, taken) in hooks.iter_mut().flatten().zip(taken.iter_mut().flatten()) {
            taken.push(hook.run());
        }
    }
    let mut lines = [("none open", Vec::new()), ("all open", Vec::new())];
    for (count, taken) in PORTS.iter().zip(taken) {
        write!(out, "| {count} |")?;
        for ((_, points), mut taken) in lines.iter_mut().zip(taken) {
            taken.sort_by_key(|taken| taken.planning);
            let median = taken[taken.len() / 2];
            let ms = |time: Duration| time.as_secs_f64() * 1e3;
            write!(
                out,
                " {:.4} | {:.4} |",
                ms(median.planning),
                ms(median.hook)
            )?;
            points.push((f64::from(*count), ms(median.planning)));
        }
        writeln!(out)?;
    }
    Ok(Plot {
        title: "The planning of set_ports",
        x: "ports",
        y: "ms",
        lines: lines.into(),
    })
}
