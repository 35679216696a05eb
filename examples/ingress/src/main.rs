//! The program in the charm: started by Juju it is the charm, started by systemd it is the proxy.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, Subcommand};
use ingress::charm::Ingress;
use ingress::proxy;
use ingress::systemd::Systemd;
use listenfd::ListenFd;

/// A Juju charm and the reverse proxy that it looks after.
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
    /// Run the proxy on the socket that systemd hands over.
    Serve {
        /// The file with the routes, which may change at any time.
        routes: PathBuf,
    },
}

fn main() -> anyhow::Result<ExitCode> {
    match Arguments::parse().command.unwrap_or(Command::Dispatch) {
        Command::Dispatch => Ok(ops::run(|context| {
            let name = context.unit_name().to_string();
            Ingress::new(Systemd::new(
                &name,
                context.charm_dir(),
                ::systemd::unit_dir(),
            ))
        })),
        Command::Serve { routes } => {
            let listener = ListenFd::from_env()
                .take_tcp_listener(0)?
                .context("no socket was inherited: have systemd start this")?;
            proxy::serve(listener, routes)?;
            Ok(ExitCode::SUCCESS)
        }
    }
}
