//! Tests of the emulator from outside: real processes and the real binary.

// Under this condition, which always holds here, clippy lets a test's helping functions unwrap as it lets the test.
#[cfg(test)]
mod dispatch;
#[cfg(test)]
mod hook_commands;
#[cfg(test)]
mod systemctl;
#[cfg(test)]
mod verbs;
