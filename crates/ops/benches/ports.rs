//! How long `set_ports` takes by itself, with hook commands that answer from memory and cost next to nothing.

use std::io;
use std::process::{ExitStatus, Output};
use std::sync::Arc;

use criterion::{BenchmarkId, Criterion, Throughput};
use ops::{Charm, Event, HookCommands, JujuContext, Port, Result, Status, Unit};

/// Wants these ports.
struct Website(Vec<Port>);

impl Charm for Website {
    fn reconcile(&mut self, _event: &Event, unit: &Unit) -> Result<Status> {
        let _changes = unit.set_ports(self.0.iter().cloned())?;
        Ok(Status::active())
    }
}

/// Says that these ports are open, as JSON, and takes every other command without a look.
struct Memory(Vec<u8>);

impl HookCommands for Memory {
    fn run(&self, command: &str, _args: &[String]) -> io::Result<Output> {
        let stdout = if command == "opened-ports" {
            self.0.clone()
        } else {
            Vec::new()
        };
        Ok(Output {
            status: ExitStatus::default(),
            stdout,
            stderr: Vec::new(),
        })
    }
}

#[expect(clippy::unwrap_used, reason = "a benchmark has nobody to hand it to")]
fn context() -> JujuContext {
    JujuContext::from_environment([
        ("JUJU_CHARM_DIR", "/charm"),
        ("JUJU_DISPATCH_PATH", "hooks/config-changed"),
        ("JUJU_MACHINE_ID", "0"),
        ("JUJU_UNIT_NAME", "website/0"),
    ])
    .unwrap()
}

fn opened_ports(ports: &[Port]) -> Vec<u8> {
    let texts: Vec<String> = ports.iter().map(|port| format!("\"{port} (*)\"")).collect();
    format!("[{}]", texts.join(",")).into_bytes()
}

/// This many ports, no two of which make a range: every other one is of udp.
fn scattered(count: u16) -> Vec<Port> {
    let port = |index: u16| match index % 2 {
        0 => Port::tcp(index + 1),
        _ => Port::udp(index + 1),
    };
    (0..count).filter_map(|index| port(index).ok()).collect()
}

fn set_ports(criterion: &mut Criterion) {
    let context = context();
    for (open, name) in [(false, "open all"), (true, "all open")] {
        let mut group = criterion.benchmark_group(name);
        for count in [10, 1_000, 65_535] {
            let mut charm = Website(scattered(count));
            let held = if open {
                opened_ports(&charm.0)
            } else {
                b"[]".to_vec()
            };
            let hook_commands = Arc::new(Memory(held));
            group.throughput(Throughput::Elements(count.into()));
            group.bench_function(BenchmarkId::from_parameter(count), |bencher| {
                bencher
                    .iter(|| ops::dispatch(&mut charm, &context, Arc::clone(&hook_commands) as _));
            });
        }
        group.finish();
    }
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    set_ports(&mut criterion);
    criterion.final_summary();
}
