//! Tests of the charm from outside, a module per level.

#[cfg(test)]
mod machine;
#[cfg(test)]
mod on_systemd;
#[cfg(test)]
mod server;
#[cfg(test)]
mod unit;
