//! hello-server: a Juju machine charm that serves HTTP on the port its operator chooses.

use std::num::NonZeroU16;

use anyhow::Context;
use clap::Parser;
use hello_server::server;

#[derive(Parser)]
enum Command {
    Serve {
        #[arg(long)]
        name: String,
        #[arg(long)]
        port: Option<NonZeroU16>,
    },
}

fn main() -> anyhow::Result<()> {
    let Command::Serve { name, port } = Command::parse();
    let listener = match port {
        Some(port) => {
            server::listen(port).with_context(|| format!("cannot listen on port {port}"))?
        }
        None => server::inherited_listener()?,
    };
    server::serve(&name, listener)
}
