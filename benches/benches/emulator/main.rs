//! What the emulator takes beside the hooks that it runs, and how that grows with units, applications and relations, for a charm
//! whose hook is one hook command and for hello-server. `cargo bench -p benches --bench emulator`; with `-- quick` only what is
//! small.

#[path = "../measuring/build.rs"]
mod build;
mod charm;
#[path = "../measuring/growth_plot.rs"]
mod growth_plot;
#[path = "../measuring/median.rs"]
mod median;
mod model;

use std::env;
use std::io;
use std::time::Instant;

use anyhow::{Context as _, Result};

use crate::build::{project, release};
use crate::charm::Charm;
use crate::growth_plot::Plot;
use crate::median::median;
use crate::model::{Model, Taken};

const UNITS: [u32; 5] = [1, 10, 50, 100, 200];
const APPLICATIONS: [u32; 2] = [5, 20];
const UNITS_OF_HELLO_SERVER: [u32; 3] = [1, 50, 200];
/// The units of each of two applications that are integrated.
const RELATED: [u32; 4] = [5, 10, 20, 50];
const IDLE: [u32; 3] = [10, 100, 1000];

fn main() -> Result<()> {
    let quick = env::args().any(|word| word == "quick");
    let upto = |units: &u32| !quick || *units <= 20;
    let home = tempfile::tempdir()?;
    let emulator = release("juju-emulator", |build| build.bin("juju-emulator"))?;
    let model = Model::new(home.path(), &emulator);
    let trivial = Charm::trivial(home.path())?;
    let hello_server = Charm::hello_server(home.path())?;

    let out = &mut io::stdout().lock();
    let by_units = UNITS
        .into_iter()
        .filter(upto)
        .map(|units| (&trivial, units, 1));
    let by_applications = APPLICATIONS.map(|applications| (&trivial, 1, applications));
    let of_hello_server = UNITS_OF_HELLO_SERVER.into_iter().filter(upto);
    let rows = by_units
        .chain(by_applications)
        .chain(of_hello_server.map(|units| (&hello_server, units, 1)));
    let config = deploy_and_config(out, &model, rows)?;
    let integrate = integrate(out, &model, &trivial, RELATED.into_iter().filter(upto))?;
    idle(out, &model, &trivial, IDLE.into_iter().filter(upto))?;

    let plots = [
        plot("A config change in the emulator", "units", &config),
        plot("integrate in the emulator", "hooks", &integrate),
    ];
    let svg = project().join("docs/emulator.svg");
    growth_plot::draw(&plots, &svg).with_context(|| format!("cannot write {}", svg.display()))
}

/// A plot of what was taken in all, and of that beside the hooks.
fn plot(title: &'static str, x: &'static str, taken: &[(u32, Taken)]) -> Plot {
    let line = |seconds: fn(&Taken) -> f64| {
        let points = taken
            .iter()
            .map(|(x, taken)| (f64::from(*x), seconds(taken)));
        points.collect()
    };
    Plot {
        title,
        x,
        y: "s",
        lines: vec![
            ("with the hooks", line(|taken| taken.hooks + taken.rest)),
            ("without", line(|taken| taken.rest)),
        ],
    }
}

/// Writes what `deploy` and a config change take; hands back the latter, by units of one application of the first charm.
fn deploy_and_config<'a>(
    out: &mut impl io::Write,
    model: &Model,
    rows: impl IntoIterator<Item = (&'a Charm, u32, u32)>,
) -> Result<Vec<(u32, Taken)>> {
    writeln!(
        out,
        "Seconds in hooks and outside of them, with milliseconds of the latter for each hook; and the size of the model's file.\n\n\
         | charm | units | applications | deploy | config | status | state.json |\n|---|---|---|---|---|---|---|"
    )?;
    let mut by_units = Vec::new();
    for (charm, units, applications) in rows {
        let names: Vec<String> = (0..applications)
            .map(|number| format!("app{number}"))
            .collect();
        let [first, second] = charm.settings()?;
        let path = charm.directory.display();
        let deployed = model.time(
            charm,
            names
                .iter()
                .map(|name| format!("deploy {path} {name} -n {units} --config {first}")),
        )?;
        let configured = model.time(
            charm,
            names.iter().map(|name| format!("config {name} {second}")),
        )?;
        let started = Instant::now();
        model.run("status --format=json")?;
        let status = started.elapsed().as_secs_f64();
        writeln!(
            out,
            "| {} | {units} | {applications} | {deployed} | {configured} | {status:.3} | {} KiB |",
            charm.name,
            model.state_size()? / 1024
        )?;
        model.end(&names)?;
        if charm.name == Charm::TRIVIAL && applications == 1 {
            by_units.push((units, configured));
        }
    }
    Ok(by_units)
}

/// Writes what `integrate` takes: each unit hears of each of the other side, that it is there and what it has published.
fn integrate(
    out: &mut impl io::Write,
    model: &Model,
    charm: &Charm,
    rows: impl IntoIterator<Item = u32>,
) -> Result<Vec<(u32, Taken)>> {
    writeln!(
        out,
        "\n| units | hooks | integrate | state.json |\n|---|---|---|---|"
    )?;
    let mut by_hooks = Vec::new();
    for units in rows {
        let names = ["provider", "requirer"].map(str::to_owned);
        let path = charm.directory.display();
        for name in &names {
            model.run(&format!("deploy {path} {name} -n {units}"))?;
        }
        let verb = "integrate provider:website requirer:backend".to_owned();
        let taken = model.time(charm, [verb])?;
        writeln!(
            out,
            "| {units} + {units} | {} | {taken} | {} KiB |",
            taken.count,
            model.state_size()? / 1024
        )?;
        model.end(&names)?;
        by_hooks.push((taken.count, taken));
    }
    Ok(by_hooks)
}

/// Writes what verbs take in a model in which nothing is due.
fn idle(
    out: &mut impl io::Write,
    model: &Model,
    charm: &Charm,
    rows: impl IntoIterator<Item = u32>,
) -> Result<()> {
    writeln!(
        out,
        "\nMilliseconds, medians of 11, in a model where nothing is due.\n\n\
         | units | status | status --format=json | status of one unit | state.json |\n|---|---|---|---|---|"
    )?;
    for units in rows {
        let name = "idle".to_owned();
        model.run(&format!(
            "deploy {} {name} -n {units}",
            charm.directory.display()
        ))?;
        // An update-status would be due after 5 minutes, which the deployment of many takes.
        model.run("model-config update-status-hook-interval=60m")?;
        model.run("status")?;
        write!(out, "| {units} |")?;
        for verb in ["status", "status --format=json", "status idle/0"] {
            let times = (0..11).map(|_| {
                let started = Instant::now();
                model.run(verb)?;
                Ok(started.elapsed().as_secs_f64() * 1e3)
            });
            let times: Vec<f64> = times.collect::<Result<_>>()?;
            write!(out, " {:.1} |", median(times))?;
        }
        writeln!(out, " {} KiB |", model.state_size()? / 1024)?;
        model.end(&[name])?;
    }
    Ok(())
}
