//! Stands in for a hook command, or for `systemctl`, by the name it is started under: prints what a variable holds, which
//! is `config_get` for `config-get`, and is done.
//!
//! `DELAY_MS` holds how long a hook command takes. `CALLS` names a file to which a line is added for each call.

use std::env;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::thread;
use std::time::Duration;

fn main() -> io::Result<()> {
    let mut words = env::args_os();
    let program = words.next().unwrap_or_default();
    let name = Path::new(&program).file_name().unwrap_or_default();
    if let Some(calls) = env::var_os("CALLS") {
        let line: Vec<OsString> = [name.to_owned()].into_iter().chain(words).collect();
        let mut line = line.join("\t".as_ref());
        line.push("\n");
        let mut file = File::options().append(true).create(true).open(calls)?;
        file.write_all(line.as_bytes())?;
    }
    if let Some(milliseconds) = env::var("DELAY_MS").ok().and_then(|text| text.parse().ok())
        && name != "systemctl"
    {
        thread::sleep(Duration::from_millis(milliseconds));
    }
    // A shell drops variables whose name has a hyphen.
    if let Some(answer) = env::var_os(name.to_string_lossy().replace('-', "_")) {
        io::stdout().write_all(answer.as_bytes())?;
    }
    Ok(())
}
