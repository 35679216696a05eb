//! The addresses of machines.

use std::net::Ipv4Addr;

/// Machine 0 has 127.0.0.1, machine 1 has 127.0.0.2, and so on.
pub(crate) fn address(machine: u32) -> Ipv4Addr {
    Ipv4Addr::from_bits(Ipv4Addr::LOCALHOST.to_bits().saturating_add(machine))
}
