//! The program `juju-emulator`; what it does is in the library, by the name it is started under.

use std::process::ExitCode;

fn main() -> ExitCode {
    juju_emulator::main(std::env::args_os())
}
