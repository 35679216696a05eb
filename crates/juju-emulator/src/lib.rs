//! juju-emulator
