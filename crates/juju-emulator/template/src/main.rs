//! The program in the charm, which Juju starts for every event.

use std::process::ExitCode;

fn main() -> ExitCode {
    ops::run(|_context| charm::MyCharm::new(charm::random_password))
}
