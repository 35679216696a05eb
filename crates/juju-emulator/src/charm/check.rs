//! Whether a directory is a charm that an agent can run.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::charm::metadata::{Charm, CharmError};

/// Checks that a directory is a charm that an agent can run: metadata, sound config, and an executable `dispatch` or `hooks/`.
///
/// # Errors
///
/// Says what is missing; nothing has been changed then.
pub(crate) fn check_charm_directory(directory: &Path) -> Result<Charm, CharmError> {
    let not_a_charm = |missing: &str| CharmError::NotACharm {
        directory: directory.to_owned(),
        missing: missing.to_owned(),
    };
    if !directory.join("metadata.yaml").is_file() {
        return Err(not_a_charm("it has no metadata.yaml"));
    }
    let charm = Charm::read(directory)?;
    match fs::metadata(directory.join("dispatch")) {
        Ok(file) if file.is_file() && file.permissions().mode() & 0o111 != 0 => Ok(charm),
        Ok(_) => Err(not_a_charm(
            "its dispatch is not an executable file; try `chmod 755 dispatch`",
        )),
        Err(_) if directory.join("hooks").is_dir() => Ok(charm),
        Err(_) => Err(not_a_charm("it has neither dispatch nor hooks/")),
    }
}
