//! Tests of the framework from outside: a charm runs against the emulated hook commands.

#![cfg(test)] // It always is; said, so that clippy lets a test's helping functions unwrap as it lets the test.

mod actions;
mod answering;
mod asking_juju;
mod change_set;
mod config;
#[path = "../../examples/database_actions.rs"]
#[expect(dead_code, reason = "it has a main of its own")]
mod database_actions;
mod port_properties;
mod ports;
mod related_charms;
mod relations;
mod scripted;
