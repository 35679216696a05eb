//! How many schedules of a model are tried in a second: hello-server behind an ingress, with faults, on all cores.
//! `cargo bench -p benches --bench models -- 10000` tries so many of three units each, and fewer of other numbers.

mod fakes;

use std::env;
use std::io::{self, Write as _};
use std::path::Path;
use std::thread;
use std::time::Instant;

use anyhow::{Context as _, Result};
use hello_server::charm::HelloServer;
use ingress::charm::Ingress;
use ops_testing::{Application, Model, laws};

use crate::fakes::{FakeProxy, FakeServer};

const UNITS: [usize; 5] = [3, 1, 2, 5, 10];

#[expect(
    clippy::cast_precision_loss,
    reason = "numbers of schedules and hooks are far below 2^52"
)]
fn main() -> Result<()> {
    let schedules = env::args().find_map(|word| word.parse().ok());
    let schedules: u64 = schedules.unwrap_or(10_000);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = root.parent().context("the workspace is above")?;
    let cores = thread::available_parallelism()?.get();
    let out = &mut io::stdout().lock();
    writeln!(
        out,
        "| units of each | schedules | different | hooks a schedule | s | schedules a second and core | µs a hook and core |\n\
         |---|---|---|---|---|---|---|"
    )?;
    let mut reached = String::new();
    for units in UNITS {
        let count = if units == 3 {
            schedules
        } else {
            schedules / 10
        };
        let model = Model::of([
            Application::of_charm(root, |server: &FakeServer| HelloServer::new(server.clone())),
            Application::of_charm(&root.join("examples/ingress"), |proxy: &FakeProxy| {
                Ingress::new(proxy.clone())
            }),
        ])
        .deploy("hello-server", units)
        .deploy("ingress", units)
        .integrate("hello-server", "ingress");
        let start = Instant::now();
        let report = laws::of_model(model).with_schedules(count).check();
        let took = start.elapsed().as_secs_f64();
        let cpu = took * cores as f64;
        writeln!(
            out,
            "| {units} | {count} | {} | {} | {took:.1} | {:.0} | {:.0} |",
            report.distinct,
            report.hooks as u64 / count,
            count as f64 / cpu,
            cpu * 1e6 / report.hooks as f64,
        )?;
        if units == 3 {
            reached = report.to_string();
        }
    }
    writeln!(out, "\n{reached}")?;
    Ok(())
}
