//! `status --format=oneline`, a line for each unit, and `--format=summary`, how many there are of what.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use crate::client::derived::{agent_status, grouped, port_ranges, workload_status};
use crate::client::table::{aligned_right, layout, row};
use crate::controller::model::Model;
use crate::machine::address::address;

/// What `juju status --format=oneline` prints, `line` and `short` too.
pub(crate) fn one_line_each(model: &Model) -> String {
    let lines = model.units().map(|(name, unit)| {
        let status = format!(
            "- {name}: {} (agent:{}, workload:{})",
            address(unit.machine),
            agent_status(unit),
            workload_status(unit).status.status,
        );
        let words = [status].into_iter().chain(port_ranges(unit));
        words.collect::<Vec<_>>().join(" ") + "\n"
    });
    lines.collect()
}

/// What `juju status --format=summary` prints.
pub(crate) fn summary(model: &Model) -> String {
    let ports: Vec<_> = model
        .units()
        .flat_map(|(_, unit)| port_ranges(unit))
        .collect();
    let top = [
        row(["Running on subnets:", &subnets(model), ""]),
        row([" Utilizing ports:", &grouped(&ports, str::to_owned), ""]),
    ];

    let mut counts = vec![counted("# Machines:", model.machines.len())];
    if !model.machines.is_empty() {
        counts.push(of_these("started", model.machines.len()));
    }
    counts.push(row([" "]));
    let mut statuses: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, unit) in model.units() {
        *statuses
            .entry(&workload_status(unit).status.status)
            .or_default() += 1;
    }
    counts.push(counted("# Units:", model.units().count()));
    counts.extend(
        statuses
            .iter()
            .map(|(status, count)| of_these(status, *count)),
    );
    counts.push(row([" "]));
    counts.push(counted("# Applications:", model.applications.len()));
    for (name, application) in &model.applications {
        let exposed = u8::from(application.exposed);
        counts.push(row([name, &format!("{exposed}/1"), "exposed"]));
    }
    counts.push(row([" "]));
    counts.push(counted("# Remote:", 0));
    layout(&top, &[]) + &aligned_right(&counts)
}

fn counted(what: &str, count: usize) -> Vec<String> {
    row([what, &format!("({count})")])
}

fn of_these(status: &str, count: usize) -> Vec<String> {
    row([&format!("{status}:"), &format!(" {count} ")])
}

/// The networks that the machines' addresses are in, each named by its first address.
fn subnets(model: &Model) -> String {
    let mut first: BTreeMap<u8, Ipv4Addr> = BTreeMap::new();
    for number in model.machines.keys() {
        let address = address(*number);
        first.entry(address.octets()[0]).or_insert(address);
    }
    let subnets = first.values().map(|address| format!("{address}/8"));
    subnets.collect::<Vec<_>>().join(", ")
}
