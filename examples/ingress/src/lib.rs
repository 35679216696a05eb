//! ingress: a Juju machine charm that gives related applications a stable address.
//!
//! [`charm`] says what the unit should be, [`routes`] which application has which path and where its units are.
//! [`proxy`] is what runs, which [`systemd`] keeps running.

pub mod charm;
mod headers;
pub mod proxy;
pub mod routes;
pub mod systemd;
mod units;
