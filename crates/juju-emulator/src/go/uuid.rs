//! Random numbers, as UUIDs and in hexadecimal digits.

use std::fs;
use std::io;

/// A random number from the kernel, of 32 hexadecimal digits.
pub(crate) fn random_hex() -> io::Result<String> {
    Ok(random_uuid()?.replace('-', ""))
}

/// A random UUID from the kernel.
pub(crate) fn random_uuid() -> io::Result<String> {
    let uuid = fs::read_to_string("/proc/sys/kernel/random/uuid")?;
    Ok(uuid.trim_end().to_owned())
}
