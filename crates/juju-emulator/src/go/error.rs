//! Errors of the operating system, as Go's `os` package words them.

use std::io;

use nix::errno::Errno;

/// What the system says about an error: `no such file or directory`.
pub(crate) fn os_error(error: &io::Error) -> String {
    let Some(number) = error.raw_os_error() else {
        return error.to_string();
    };
    let text = Errno::from_raw(number).desc();
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(chars).collect()
}
