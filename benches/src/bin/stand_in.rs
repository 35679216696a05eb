//! Stands in for a hook command, or for `systemctl`, by the name it is started under: prints what a variable holds, which
//! is `config_get` for `config-get`, and is done. Where one of its words makes another answer, the variable's name goes on with that
//! word: `relation_get_web_0` for `relation-get … - web/0`.
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
    let words: Vec<OsString> = words.collect();
    if let Some(calls) = env::var_os("CALLS") {
        let line: Vec<OsString> = [name.to_owned()].into_iter().chain(words.clone()).collect();
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
    let name = name.to_string_lossy();
    let mut of_words = words
        .iter()
        .map(|word| format!("{name} {}", word.to_string_lossy()));
    let answer = of_words
        .find_map(|name| answer(&name))
        .or_else(|| answer(&name));
    if let Some(answer) = answer {
        io::stdout().write_all(answer.as_bytes())?;
    }
    Ok(())
}

/// What a variable holds. A shell drops those whose name has anything but letters, digits and underscores.
fn answer(name: &str) -> Option<OsString> {
    let is_kept = |char: char| char.is_ascii_alphanumeric();
    env::var_os(name.replace(|char| !is_kept(char), "_"))
}
