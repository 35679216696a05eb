//! The program in the charm: started by Juju it is the charm, started by systemd it is the server.

use std::num::NonZeroU16;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, Subcommand};
use hello_server::charm::HelloServer;
use hello_server::server;
use hello_server::systemd::Systemd;

/// A Juju charm and the HTTP server that it looks after.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Run the charm for the Juju event in the environment; what happens without a command.
    Dispatch,
    /// Run the HTTP server, on the socket that systemd hands over or on a port of its own.
    Serve {
        /// What the server calls itself.
        #[arg(long, default_value = "hello-server")]
        name: String,
        /// The TCP port to listen on, when there is no socket to take over.
        #[arg(long)]
        port: Option<NonZeroU16>,
    },
}

fn main() -> anyhow::Result<ExitCode> {
    match Arguments::parse().command.unwrap_or(Command::Dispatch) {
        Command::Dispatch => Ok(ops::run(|context| {
            let name = context.unit_name().to_string();
            HelloServer::new(Systemd::new(
                &name,
                context.charm_dir(),
                ::systemd::unit_dir(),
            ))
        })),
        Command::Serve { name, port } => {
            let listener = match port {
                Some(port) => {
                    server::listen(port).with_context(|| format!("cannot listen on port {port}"))?
                }
                None => http_server::inherited_listener().context("without --port")?,
            };
            server::serve(&name, listener)?;
            Ok(ExitCode::SUCCESS)
        }
    }
}
