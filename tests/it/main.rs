//! Tests of the charm from outside, a module per level.

#![cfg(test)] // It always is; said, so that clippy lets a test's helping functions unwrap as it lets the test.

mod bad_input;
mod deployed;
#[path = "../../examples/ingress/tests/it/fake_proxy.rs"]
mod fake_proxy;
mod juju;
mod laws;
mod levels;
mod machine;
mod model;
mod on_systemd;
mod processes;
mod readme;
mod scripted_hook;
mod server;
mod state_transitions;
mod unit;
mod unit_files;
mod walls;
