//! Numbers of a protocol: what a port is before endpoints come into it.

use std::fmt;

/// The numbers of a protocol, in the order in which Juju sorts them; icmp, which has none, holds 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct PortRange {
    pub(crate) protocol: Protocol,
    pub(crate) from: u16,
    pub(crate) to: u16,
}

/// A protocol that Juju can open ports of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// `icmp`, which has no port numbers.
    Icmp,
    /// `tcp`.
    Tcp,
    /// `udp`.
    Udp,
}

impl PortRange {
    pub(crate) const ICMP: Self = Self::new(Protocol::Icmp, 0, 0);

    pub(crate) const fn new(protocol: Protocol, from: u16, to: u16) -> Self {
        Self { protocol, from, to }
    }

    pub(crate) fn overlaps(self, other: Self) -> bool {
        self.protocol == other.protocol && self.from <= other.to && other.from <= self.to
    }

    /// Reads what `open-port` takes; a number without a protocol is of tcp, and what follows `icmp/` does not count.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let text = text.to_lowercase();
        let (numbers, protocol) = text.split_once('/').unwrap_or((&text, "tcp"));
        let protocol = match (numbers, protocol) {
            ("icmp", _) => return Some(Self::ICMP),
            (_, "tcp") => Protocol::Tcp,
            (_, "udp") => Protocol::Udp,
            _ => return None,
        };
        let (from, to) = numbers.split_once('-').unwrap_or((numbers, numbers));
        Some(Self::new(protocol, from.parse().ok()?, to.parse().ok()?))
    }
}

impl fmt::Display for PortRange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { protocol, from, to } = self;
        match protocol {
            Protocol::Icmp => write!(formatter, "icmp"),
            _ if from == to => write!(formatter, "{from}/{protocol}"),
            _ => write!(formatter, "{from}-{to}/{protocol}"),
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Icmp => "icmp",
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        })
    }
}
