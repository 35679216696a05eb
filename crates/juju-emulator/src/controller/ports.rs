//! Ports of a unit, as Juju writes, compares and keeps them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::go::strconv::{atoi, quote};

/// The endpoint name under which Juju keeps what is open for all endpoints.
pub const ALL_ENDPOINTS: &str = "";

/// A port or a range of ports of one protocol, or ICMP: `80/tcp`, `8000-8100/udp`, `icmp`.
///
/// Sorted as `opened-ports` lists them: by protocol, then by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct PortRange {
    protocol: Protocol,
    from: u16,
    to: u16,
}

/// In the order of their names, which is Juju's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Protocol {
    Icmp,
    Tcp,
    Udp,
}

/// Why a text is no port range; the text is Juju's, for example `invalid protocol "http", expected "tcp", "udp", or "icmp"`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidPortRange(String);

impl PortRange {
    /// Whether this is one port (or ICMP) rather than several.
    #[must_use]
    pub fn is_single(self) -> bool {
        self.from == self.to
    }

    /// Whether this is ICMP.
    #[must_use]
    pub fn is_icmp(self) -> bool {
        self.protocol == Protocol::Icmp
    }

    /// Whether both have a port in common, or are both ICMP.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        self.protocol == other.protocol && self.from <= other.to && other.from <= self.to
    }

    /// The range of both, where `next` begins right after this one: `80-90/tcp` of `80-89/tcp` and `90/tcp`.
    #[must_use]
    pub fn joined_with(self, next: Self) -> Option<Self> {
        let adjacent = self.protocol == next.protocol && self.to.checked_add(1) == Some(next.from);
        adjacent.then_some(Self {
            to: next.to,
            ..self
        })
    }

    /// The lowest value with this protocol and first port, for searches in a sorted map.
    fn starting_at(self, from: u16) -> Self {
        Self {
            from,
            to: 0,
            ..self
        }
    }
}

impl FromStr for PortRange {
    type Err = InvalidPortRange;

    /// Reads what `open-port` accepts: `80`, `80/TCP`, `80-90/udp`, `icmp`; the protocol is tcp unless given.
    fn from_str(text: &str) -> Result<Self, InvalidPortRange> {
        let invalid = |why: String| Err(InvalidPortRange(why));
        let text = text.to_lowercase();
        let (numbers, protocol) = text.split_once('/').unwrap_or((&text, "tcp"));
        // Juju ignores what follows `icmp/`.
        if numbers == "icmp" {
            return Ok(Self {
                protocol: Protocol::Icmp,
                from: 0,
                to: 0,
            });
        }
        let (from, to) = parse_bounds(numbers)?;
        let protocol = match protocol {
            "tcp" => Protocol::Tcp,
            "udp" => Protocol::Udp,
            "icmp" => {
                return invalid(format!(
                    "protocol \"icmp\" doesn't support any ports; got \"{from}\""
                ));
            }
            _ => {
                let protocol = quote(protocol);
                return invalid(format!(
                    "invalid protocol {protocol}, expected \"tcp\", \"udp\", or \"icmp\""
                ));
            }
        };
        if from > to {
            return invalid(format!("invalid port range {from}-{to}/{protocol}"));
        }
        match (u16::try_from(from), u16::try_from(to)) {
            (Ok(from), Ok(to)) => Ok(Self { protocol, from, to }),
            _ => invalid(format!(
                "port range bounds must be between 0 and 65535, got {from}-{to}"
            )),
        }
    }
}

fn parse_bounds(numbers: &str) -> Result<(i64, i64), InvalidPortRange> {
    let port = |text| {
        atoi(text)
            .map_err(|error| InvalidPortRange(format!("invalid port {}: {error}", quote(text))))
    };
    let bounds: Vec<&str> = numbers.split('-').collect();
    match bounds[..] {
        [single] => port(single).map(|port| (port, port)),
        [from, to] => Ok((port(from)?, port(to)?)),
        _ => Err(InvalidPortRange(format!(
            "invalid port range {}",
            quote(numbers)
        ))),
    }
}

impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { protocol, from, to } = self;
        match protocol {
            Protocol::Icmp => write!(f, "{protocol}"),
            _ if from == to => write!(f, "{from}/{protocol}"),
            _ => write!(f, "{from}-{to}/{protocol}"),
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Icmp => "icmp",
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        })
    }
}

impl From<PortRange> for String {
    fn from(range: PortRange) -> Self {
        range.to_string()
    }
}

impl TryFrom<String> for PortRange {
    type Error = InvalidPortRange;

    fn try_from(text: String) -> Result<Self, InvalidPortRange> {
        text.parse()
    }
}

/// Port ranges and the endpoints that each is open for: `{"80/tcp": [""], "443/tcp": ["website"]}`, where `""`
/// is [`ALL_ENDPOINTS`].
///
/// Juju keeps ranges that are equal or do not overlap, within a unit and within a machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OpenedPorts(BTreeMap<PortRange, BTreeSet<String>>);

impl OpenedPorts {
    /// Whether nothing is open.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Every range with the endpoints it is open for, sorted.
    pub fn iter(&self) -> impl Iterator<Item = (PortRange, &BTreeSet<String>)> {
        self.0.iter().map(|(range, endpoints)| (*range, endpoints))
    }

    /// Every range, sorted.
    pub fn ranges(&self) -> impl Iterator<Item = PortRange> {
        self.0.keys().copied()
    }

    /// The endpoints that exactly this range is open for.
    #[must_use]
    pub fn endpoints(&self, range: PortRange) -> Option<&BTreeSet<String>> {
        self.0.get(&range)
    }

    /// Whether exactly this range is open under exactly this endpoint name.
    #[must_use]
    pub fn contains(&self, range: PortRange, endpoint: &str) -> bool {
        self.0
            .get(&range)
            .is_some_and(|endpoints| endpoints.contains(endpoint))
    }

    /// Adds a range for one endpoint, or for [`ALL_ENDPOINTS`].
    pub fn insert(&mut self, range: PortRange, endpoint: impl Into<String>) {
        self.0.entry(range).or_default().insert(endpoint.into());
    }

    /// Takes a range from one endpoint name, whatever it is open for besides. Says whether it was there.
    pub fn remove(&mut self, range: PortRange, endpoint: &str) -> bool {
        let Some(endpoints) = self.0.get_mut(&range) else {
            return false;
        };
        let removed = endpoints.remove(endpoint);
        if endpoints.is_empty() {
            self.0.remove(&range);
        }
        removed
    }

    /// Takes a range from every endpoint.
    pub(crate) fn remove_range(&mut self, range: PortRange) {
        self.0.remove(&range);
    }

    /// Forgets single endpoints of ranges that are open for all of them anyway.
    pub(crate) fn drop_covered_endpoints(&mut self) {
        for endpoints in self.0.values_mut() {
            if endpoints.contains(ALL_ENDPOINTS) {
                endpoints.retain(|endpoint| endpoint == ALL_ENDPOINTS);
            }
        }
    }

    /// The ranges that share a port with `range`, itself included, sorted.
    pub(crate) fn overlapping(&self, range: PortRange) -> impl Iterator<Item = PortRange> {
        // Ranges do not overlap one another, so of those that start below only the nearest can reach up.
        let first = range.starting_at(range.from);
        let below = self.0.range(..first).next_back();
        let below =
            below.filter(|(below, _)| below.protocol == range.protocol && below.to >= range.from);
        let within = self.0.range(
            first..=PortRange {
                to: u16::MAX,
                ..range.starting_at(range.to)
            },
        );
        below
            .into_iter()
            .chain(within)
            .map(|(overlapping, _)| *overlapping)
    }
}

impl<E: Into<String>> FromIterator<(PortRange, E)> for OpenedPorts {
    fn from_iter<I: IntoIterator<Item = (PortRange, E)>>(ports: I) -> Self {
        let mut opened = Self::default();
        for (range, endpoint) in ports {
            opened.insert(range, endpoint);
        }
        opened
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_written_in_one_way_however_they_are_read() -> Result<(), InvalidPortRange> {
        for (text, canonical) in [
            ("80", "80/tcp"),
            ("80-80/TCP", "80/tcp"),
            ("0-65535/udp", "0-65535/udp"),
            ("ICMP/x", "icmp"),
        ] {
            let range: PortRange = text.parse()?;
            assert_eq!(range.to_string(), canonical);
            assert_eq!(canonical.parse::<PortRange>()?, range);
        }
        Ok(())
    }

    #[test]
    fn ranges_are_joined_where_one_begins_right_after_the_other() -> Result<(), InvalidPortRange> {
        for (one, next, joined) in [
            ("80-89/tcp", "90/tcp", Some("80-90/tcp")),
            ("80/tcp", "82/tcp", None),
            ("80/tcp", "81/udp", None),
            ("80-65535/tcp", "0/tcp", None),
            ("icmp", "icmp", None),
        ] {
            let range = one.parse::<PortRange>()?.joined_with(next.parse()?);
            assert_eq!(range.map(|range| range.to_string()).as_deref(), joined);
        }
        Ok(())
    }

    #[test]
    fn ranges_that_share_a_port_are_found() -> Result<(), InvalidPortRange> {
        // given
        let texts = [
            "icmp",
            "0/tcp",
            "10-20/tcp",
            "21/tcp",
            "30-40/tcp",
            "65535/tcp",
            "15/udp",
        ];
        let ranges = texts.map(str::parse::<PortRange>);
        let ranges = ranges.into_iter().collect::<Result<Vec<_>, _>>()?;
        let opened: OpenedPorts = ranges.iter().map(|range| (*range, ALL_ENDPOINTS)).collect();
        for from in 0..=50 {
            for to in from..=50 {
                let range: PortRange = format!("{from}-{to}/tcp").parse()?;
                // when
                let found: Vec<PortRange> = opened.overlapping(range).collect();
                // then
                let share = |other: &&PortRange| {
                    other.protocol == Protocol::Tcp && other.from <= to && from <= other.to
                };
                let expected: Vec<PortRange> = ranges.iter().filter(share).copied().collect();
                assert_eq!(found, expected, "{range}");
            }
        }
        Ok(())
    }

    #[test]
    fn opened_ports_are_kept_as_juju_keeps_them() -> Result<(), Box<dyn std::error::Error>> {
        let text = r#"{"icmp":["foo"],"80/tcp":[""]}"#;
        let opened: OpenedPorts = serde_json::from_str(text)?;
        assert_eq!(serde_json::to_string(&opened)?, text);
        assert!(opened.contains("80".parse()?, ALL_ENDPOINTS));
        assert!(serde_json::from_str::<OpenedPorts>(r#"{"http":[""]}"#).is_err());
        Ok(())
    }
}
