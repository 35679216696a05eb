//! What happens inside one process: a whole `Context::run` of hello-server, the reading of environment and config, and the
//! emulator's hook commands, and `set_ports` for many ports. `cargo bench -p benches --bench in_process`.

#[path = "dispatches/fake_server.rs"]
mod fake_server;
#[path = "growth/set_ports.rs"]
mod set_ports;

use std::collections::BTreeMap;
use std::hint::black_box;
use std::io;
use std::path::Path;
use std::process::{ExitStatus, Output};
use std::sync::Arc;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use hello_server::charm::HelloServer;
use hello_server::config::Config;
use juju_emulator::{HookContext, UnitView};
use ops::{Charm, Event, HookCommand, HookCommands, JujuContext, Result, Status, Unit};
use ops_testing::{Context, State};

use crate::fake_server::FakeServer;
use crate::set_ports::{ManyPorts, Taken};

fn context_run(criterion: &mut Criterion) {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let context = Context::of_charm(&project, || HelloServer::new(FakeServer));
    let served = State::default().with_opened_ports(["8000/tcp"]);
    for (name, port) in [
        ("nothing to do", 8000),
        ("port change", 6789),
        ("blocked", 22),
    ] {
        let given = served.clone().with_config("server-port", port);
        criterion.bench_function(&format!("Context::run, {name}"), |bencher| {
            bencher.iter(|| context.run(&Event::ConfigChanged, &given));
        });
    }
}

/// Reads its config and does nothing with it.
struct Reader;

impl Charm for Reader {
    fn reconcile(&mut self, unit: &Unit) -> Result<Status> {
        black_box(unit.config::<Config>()?);
        Ok(Status::active())
    }
}

/// Answers every command with the same config.
struct SameConfig;

impl HookCommands for SameConfig {
    fn run(&self, _command: &HookCommand) -> io::Result<Output> {
        Ok(Output {
            status: ExitStatus::default(),
            stdout: br#"{"server-port":8000}"#.to_vec(),
            stderr: Vec::new(),
        })
    }
}

#[expect(clippy::unwrap_used, reason = "a benchmark")]
fn environment_and_config(criterion: &mut Criterion) {
    let variables = [
        ("JUJU_DISPATCH_PATH", "hooks/config-changed"),
        ("JUJU_UNIT_NAME", "hello-server/0"),
        (
            "JUJU_CHARM_DIR",
            "/var/lib/juju/agents/unit-hello-server-0/charm",
        ),
        ("JUJU_MACHINE_ID", "0"),
        ("JUJU_MODEL_NAME", "staging"),
    ];
    criterion.bench_function("environment", |bencher| {
        bencher.iter(|| JujuContext::from_environment(black_box(variables)));
    });
    let context = JujuContext::from_environment(variables).unwrap();
    let hook_commands: Arc<dyn HookCommands> = Arc::new(SameConfig);
    criterion.bench_function("dispatch that reads config", |bencher| {
        bencher.iter(|| ops::dispatch(&mut Reader, &context, Arc::clone(&hook_commands)));
    });
}

#[expect(clippy::unwrap_used, reason = "a benchmark")]
fn hook_commands(criterion: &mut Criterion) {
    let hook = HookContext::new(UnitView {
        name: "hello-server/0".to_owned(),
        config: BTreeMap::from([("server-port".to_owned(), Some(8000.into()))]),
        ..UnitView::default()
    });
    for line in [
        "config-get --format=json",
        "opened-ports --endpoints --format=json",
        "open-port 8000/tcp",
        "status-set active",
        "juju-log --log-level INFO -- hello",
    ] {
        let mut words = line.split(' ').map(str::to_owned);
        let command = words.next().unwrap();
        let args: Vec<String> = words.collect();
        criterion.bench_function(&format!("emulator: {line}"), |bencher| {
            bencher.iter_batched_ref(
                || hook.clone(),
                |hook| hook.run(&command, &args, Path::new("/"), None),
                criterion::BatchSize::SmallInput,
            );
        });
    }
}

fn many_ports(criterion: &mut Criterion) {
    type Part = fn(Taken) -> Duration;
    let parts: [(&str, Part); 2] = [
        ("plan of set_ports", |taken| taken.planning),
        ("a hook with set_ports", |taken| taken.hook),
    ];
    for (part, time) in parts {
        for (all_open, open) in [(false, "none open"), (true, "all open")] {
            let mut group = criterion.benchmark_group(format!("{part}, {open}"));
            for count in [10, 1_000, 65_535] {
                let mut hook = ManyPorts::new(count, all_open);
                group.throughput(Throughput::Elements(count.into()));
                group.bench_function(BenchmarkId::from_parameter(count), |bencher| {
                    bencher.iter_custom(|times| (0..times).map(|_| time(hook.run())).sum());
                });
            }
            group.finish();
        }
    }
}

criterion_group!(
    benches,
    context_run,
    environment_and_config,
    hook_commands,
    many_ports
);
criterion_main!(benches);
