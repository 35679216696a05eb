//! A charm with actions, which are variants of an enum.

use std::io;

use ops::{Action, ActionResults, Charm, Error, Port, Result, Status, Unit};

#[derive(serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
enum DatabaseAction {
    Backup { target: String, compress: bool },
    Listen(Listen),
    Restart,
    Vacuum,
}

#[derive(serde::Deserialize)]
struct Listen {
    port: Port,
}

#[derive(serde::Serialize)]
struct Backup {
    file: File,
    compressed: bool,
}

#[derive(serde::Serialize)]
struct File {
    name: String,
    size: u64,
}

pub(crate) struct Database;

impl Charm for Database {
    fn reconcile(&mut self, _unit: &Unit) -> Result<Status> {
        Ok(Status::active())
    }

    #[cfg_attr(not(test), expect(clippy::panic, reason = "to see what becomes of it"))]
    fn action(&mut self, action: &Action<'_>, unit: &Unit) -> Result<ActionResults> {
        match action.read()? {
            DatabaseAction::Backup { target, compress } => {
                action.log(&format!("copying to {target}"))?;
                ActionResults::of(&Backup {
                    file: File {
                        name: target,
                        size: 7,
                    },
                    compressed: compress,
                })
            }
            DatabaseAction::Listen(Listen { port }) => {
                unit.set_ports([port.clone()])?;
                if port == Port::tcp(22)? {
                    return Err(Error::blocked("port 22 is taken by SSH"));
                }
                Ok(ActionResults::from([("listens_on", port.to_string())]))
            }
            DatabaseAction::Restart => Err(io::Error::other("the disk is full").into()),
            DatabaseAction::Vacuum => panic!("there is no database"),
        }
    }
}

fn main() -> std::process::ExitCode {
    ops::run(|_context| Database)
}
