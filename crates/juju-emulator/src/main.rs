//! juju-emulator

use std::{env, ffi::OsString, path::Path, process::ExitCode};

use juju_emulator::systemctl;

fn main() -> ExitCode {
    let mut arguments = env::args_os();
    let name = arguments.next().unwrap_or_default();
    let words = |arguments: env::ArgsOs| {
        arguments.map(|argument: OsString| argument.to_string_lossy().into_owned())
    };
    match Path::new(&name).file_name().and_then(|name| name.to_str()) {
        Some("systemctl") => systemctl::systemctl(arguments),
        Some("reboot") => systemctl::reboot(words(arguments)),
        Some("shutdown") => systemctl::shutdown(words(arguments)),
        Some("juju-emulator-exec") => systemctl::exec(arguments),
        _ => ExitCode::from(2),
    }
}
