//! The emulator, from outside.

// Under this condition, which always holds here, clippy lets a test's helping functions unwrap as it lets the test.
#[cfg(test)]
mod systemctl;
