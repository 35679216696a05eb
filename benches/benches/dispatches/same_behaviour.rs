//! Whether the charms in Rust and in Python do the same, on an emulated machine with real hook commands and a real server.

use std::net::{Ipv6Addr, TcpListener};

use anyhow::{Result, ensure};
use ops::Event;
use ops_testing::{Context, Exit, State};

use crate::subject::Subject;

/// Takes both through a unit's life and compares what they leave after each event.
pub(crate) fn check(rust: &Subject, python: &Subject) -> Result<()> {
    let ports = [free_port()?, free_port()?];
    let rust = life(rust, ports);
    let python = life(python, ports);
    ensure!(
        rust == python,
        "Rust left {rust:#?}, Python left {python:#?}"
    );
    Ok(())
}

fn life(subject: &Subject, [first, second]: [u16; 2]) -> Vec<(Exit, State)> {
    let context = Context::dispatching(&subject.program.charm_dir);
    let mut state = State::default();
    let events = [
        (first, Event::Install),
        (first, Event::ConfigChanged),
        (second, Event::ConfigChanged),
        (22, Event::ConfigChanged),
        (0, Event::ConfigChanged),
        (second, Event::UpdateStatus),
        (second, Event::Stop),
        (second, Event::Remove),
    ];
    events
        .iter()
        .map(|(port, event)| {
            let then = context.run(event, &state.clone().with_config("server-port", *port));
            state.clone_from(&then.state);
            (then.exit, then.state)
        })
        .collect()
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv6Addr::UNSPECIFIED, 0))?;
    Ok(listener.local_addr()?.port())
}
