//! Tests of the charm from outside, a module per level.

#![cfg(test)] // It always is; said, so that clippy lets a test's helping functions unwrap as it lets the test.

mod bad_input;
mod levels;
mod machine;
mod on_systemd;
mod server;
mod state_transitions;
mod unit;
