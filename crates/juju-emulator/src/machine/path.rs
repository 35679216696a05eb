//! Paths of an emulated machine: what goes before all else on its `PATH`, and what a socket may have.

use std::env;
use std::fs;
use std::io;
use std::path::Path;

use crate::go::uuid::random_hex;

/// The longest path that the system takes for a socket.
pub(crate) const LONGEST_SOCKET_PATH: usize = 107;

/// With `JUJU_EMULATOR_SYSTEMD=host` hooks find the systemd of this machine, not a stand-in.
pub(crate) fn uses_systemd_of_the_host() -> bool {
    env::var_os("JUJU_EMULATOR_SYSTEMD").is_some_and(|value| value == "host")
}

/// Fills a directory with one link per command to the emulator's executable, which knows by its name what it is.
///
/// # Errors
///
/// When the directory or a link cannot be made.
pub fn link_commands<'a>(
    directory: &Path,
    emulator: &Path,
    commands: impl IntoIterator<Item = &'a str>,
) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    for command in commands {
        let link = directory.join(command);
        if fs::read_link(&link).is_ok_and(|target| target == emulator) {
            continue;
        }
        // Replaced by rename: another process may be using it.
        let new = directory.join(format!(".{command}.{}", random_hex()?));
        std::os::unix::fs::symlink(emulator, &new)?;
        fs::rename(&new, &link)?;
    }
    Ok(())
}
