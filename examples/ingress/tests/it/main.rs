//! Tests of the charm from outside, a module per level.

#![cfg(test)] // It always is; said, so that clippy lets a test's helping functions unwrap as it lets the test.

mod deployed;
mod fake_proxy;
mod http;
mod messages;
mod proxy;
mod state_transitions;
mod units;
