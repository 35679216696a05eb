//! juju-emulator

pub mod systemctl;
