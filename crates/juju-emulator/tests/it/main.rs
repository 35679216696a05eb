//! Tests of the emulator from outside: real processes and the real binary.
#![cfg(test)] // It always is; said, so that clippy lets a test's helping functions unwrap as it lets the test.

mod actions;
mod charm_files;
mod command_line;
mod config;
mod dispatch;
mod emulated_machine;
mod exec;
mod following;
mod hook_commands;
mod integrate;
mod killed;
mod machines;
mod one_bad_unit;
mod packed_charm;
mod readme;
mod recorded;
mod recorded_actions;
mod recorded_relations;
mod recorded_secrets;
mod recorded_storage;
mod recording;
mod refusals;
mod resources;
mod secrets;
mod show_and_exec;
mod ssh;
mod status;
mod storage;
mod systemctl;
mod systemctl_answers;
mod systemctl_record;
mod trust;
mod unit_agent;
mod verbs;
