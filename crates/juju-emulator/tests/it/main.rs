//! The emulator, from outside.
#![cfg(test)] // It always is; said, so that clippy lets a test's helping functions unwrap as it lets the test.

mod emulated_machine;
mod systemctl;
mod systemctl_answers;
mod systemctl_record;
