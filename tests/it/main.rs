//! Tests of the charm from outside, a module per level.

#[cfg(test)]
mod server;
