//! Numbers of a protocol: what a port is before endpoints come into it.

use std::fmt;
use std::str::FromStr;

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
    pub(crate) const ICMP: Self = Self {
        protocol: Protocol::Icmp,
        from: 0,
        to: 0,
    };

    pub(crate) fn is_before(self, other: Self) -> bool {
        (self.protocol, self.to) < (other.protocol, other.from)
    }

    pub(crate) fn overlaps(self, other: Self) -> bool {
        !self.is_before(other) && !other.is_before(self)
    }

    /// What is in both of two ranges that overlap.
    pub(crate) fn part_in(self, other: Self) -> Self {
        Self {
            from: self.from.max(other.from),
            to: self.to.min(other.to),
            ..self
        }
    }

    pub(crate) fn part_below(self, other: Self) -> Option<Self> {
        (self.from < other.from).then(|| Self {
            to: other.from - 1,
            ..self
        })
    }

    pub(crate) fn part_above(self, other: Self) -> Option<Self> {
        (self.to > other.to).then(|| Self {
            from: other.to + 1,
            ..self
        })
    }
}

/// What `open-port` takes; a number without a protocol is of tcp, and what follows `icmp/` does not count.
impl FromStr for PortRange {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let text = text.to_lowercase();
        let (numbers, protocol) = text.split_once('/').unwrap_or((&text, "tcp"));
        if numbers == "icmp" {
            return Ok(Self::ICMP);
        }
        let protocol = match protocol {
            "tcp" => Protocol::Tcp,
            "udp" => Protocol::Udp,
            _ => return Err(()),
        };
        let (from, to) = numbers.split_once('-').unwrap_or((numbers, numbers));
        let number = |text: &str| text.parse::<u16>().map_err(|_| ());
        Ok(Self {
            protocol,
            from: number(from)?,
            to: number(to)?,
        })
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
