//! Tests of the emulator from outside: real processes and the real binary.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod dispatch;
mod hook_commands;
