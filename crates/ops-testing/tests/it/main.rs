//! Tests of running a charm, and of the laws of a holistic charm on charms that keep them and charms that do not.

#![cfg(test)] // It always is; said, so that clippy lets a test's helping functions unwrap as it lets the test.

mod actions;
mod broken_charms;
mod broken_models;
mod context;
mod laws;
mod models;
mod programs;
mod relations;
mod storage;
