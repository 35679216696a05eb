//! The program in the charm: started by Juju it is the charm, started by systemd it is the proxy.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use ingress::charm::Ingress;
use ingress::proxy::{LIMITS, Proxy};
use ingress::systemd::Systemd;

/// Run the charm for the Juju event in the environment.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Run the proxy on the socket that systemd hands over.
    Serve {
        /// The file with the routes, which may change at any time.
        routes: PathBuf,
    },
}

fn main() -> anyhow::Result<ExitCode> {
    match Arguments::parse().command {
        None => Ok(ops::run(|context| {
            let (name, directory) = (context.unit_name().to_string(), context.charm_dir());
            Ingress::new(Systemd::new(&name, directory, ::systemd::unit_dir()))
        })),
        Some(Command::Serve { routes }) => {
            let proxy = Proxy::new(routes);
            let answer = move |request, client| proxy.clone().answer(request, client);
            http_server::serve(http_server::inherited_listener()?, LIMITS, answer)?;
            Ok(ExitCode::SUCCESS)
        }
    }
}
