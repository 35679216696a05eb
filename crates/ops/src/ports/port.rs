//! What a charm opens: ports, ranges of ports and icmp.

use std::collections::BTreeSet;
use std::fmt;
use std::num::NonZeroU16;
use std::ops::RangeInclusive;
use std::str::FromStr;

use serde::de::{self, Deserialize, Deserializer, Visitor};

use crate::ports::port_range::{PortRange, Protocol};

/// A port, a range of ports, or icmp, as Juju opens them: for all endpoints or for some.
///
/// Its text is Juju's: `80/tcp`, `8000-8100/udp`, `icmp`, and with endpoints `80/tcp (bar, foo)`.
///
/// ```
/// use ops::{Port, Protocol};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// assert_eq!(Port::tcp(8000)?.to_string(), "8000/tcp");
/// assert_eq!(Port::range(Protocol::Udp, 8000..=8100)?.to_string(), "8000-8100/udp");
/// assert_eq!(Port::icmp().to_string(), "icmp");
/// assert_eq!(Port::tcp(80)?.for_endpoints(["foo", "bar"])?.to_string(), "80/tcp (bar, foo)");
/// assert_eq!("80/tcp (bar, foo)".parse::<Port>()?, Port::tcp(80)?.for_endpoints(["bar", "foo"])?);
/// assert!(Port::tcp(0).is_err());
/// # Ok(())
/// # }
/// ```
///
/// Text is read as `open-port` reads it, `8000`, `4000/UDP` and `ICMP` included. In a charm's config it reads an option of
/// type `int` as a TCP port, and one of type `string` as such a text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Port {
    pub(crate) range: PortRange,
    pub(crate) endpoints: Endpoints,
}

/// The endpoints of the application that a port is opened for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Endpoints {
    /// All of them, those that are added later included; Juju writes `*`.
    All,
    /// These, by name; at least one.
    Named(BTreeSet<String>),
}

/// A port that Juju cannot open.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PortError {
    /// A number outside of 1 to 65535.
    #[error("{0} is not a port: choose a number from 1 to 65535")]
    Number(i128),
    /// A range whose end comes before its start.
    #[error("{from}-{to} is not a range of ports: it ends before it begins")]
    Reversed {
        /// The number that it starts with.
        from: u16,
        /// The number that it ends with.
        to: u16,
    },
    /// Port numbers for icmp.
    #[error("icmp has no port numbers")]
    IcmpNumber,
    /// No endpoint, or a name that no endpoint can have.
    #[error("{0:?} is not the name of an endpoint")]
    Endpoint(String),
    /// A text of another form than Juju's.
    #[error("{0:?} is not a port such as \"80/tcp\", \"8000-8100/udp\" or \"icmp\"")]
    Text(String),
    /// A part of a range, or more than it, to be opened or closed in a hook that has the range open or has closed it.
    #[error(
        "port {port} cannot be changed in this hook, in which Juju holds to {held}: change exactly that, or wait for the next hook"
    )]
    Overlap {
        /// What was to be opened or closed, such as `80/tcp`.
        port: Port,
        /// The range in its way, such as `70-90/tcp`.
        held: Port,
    },
    /// Icmp wanted on Kubernetes, where Juju refuses it.
    #[error("icmp cannot be opened on Kubernetes")]
    IcmpOnKubernetes,
}

impl Port {
    /// A TCP port, such as 8000.
    ///
    /// # Errors
    /// When it is 0. A [`NonZeroU16`] converts without one.
    pub fn tcp(number: u16) -> Result<Self, PortError> {
        Self::range(Protocol::Tcp, number..=number)
    }

    /// A UDP port, such as 53.
    ///
    /// # Errors
    /// When it is 0.
    pub fn udp(number: u16) -> Result<Self, PortError> {
        Self::range(Protocol::Udp, number..=number)
    }

    /// A range of ports, such as 8000 to 8100, both included.
    ///
    /// # Errors
    /// When it contains 0, ends before it begins, or is of icmp.
    pub fn range(protocol: Protocol, numbers: RangeInclusive<u16>) -> Result<Self, PortError> {
        let (from, to) = numbers.into_inner();
        if protocol == Protocol::Icmp {
            return Err(PortError::IcmpNumber);
        }
        if from > to {
            return Err(PortError::Reversed { from, to });
        }
        if from == 0 {
            return Err(PortError::Number(0));
        }
        Ok(PortRange::new(protocol, from, to).for_endpoints(Endpoints::All))
    }

    /// The protocol of `ping`, which has no port numbers; Juju refuses it on Kubernetes.
    #[must_use]
    pub fn icmp() -> Self {
        PortRange::ICMP.for_endpoints(Endpoints::All)
    }

    /// The same for these endpoints of the application alone, such as `["website"]`.
    ///
    /// # Errors
    /// When there is none, or a name that no endpoint can have.
    pub fn for_endpoints<E: Into<String>>(
        self,
        endpoints: impl IntoIterator<Item = E>,
    ) -> Result<Self, PortError> {
        let names: BTreeSet<String> = endpoints.into_iter().map(Into::into).collect();
        let invalid = |name: &&String| {
            name.is_empty()
                || name.contains(|letter: char| ",()*".contains(letter) || letter.is_whitespace())
        };
        match names.iter().find(invalid) {
            Some(name) => Err(PortError::Endpoint(name.clone())),
            None if names.is_empty() => Err(PortError::Endpoint(String::new())),
            None => Ok(self.range.for_endpoints(Endpoints::Named(names))),
        }
    }

    /// The protocol.
    #[must_use]
    pub fn protocol(&self) -> Protocol {
        self.range.protocol
    }

    /// The port numbers, such as `8000..=8000`; none for icmp.
    #[must_use]
    pub fn numbers(&self) -> Option<RangeInclusive<u16>> {
        (self.protocol() != Protocol::Icmp).then_some(self.range.from..=self.range.to)
    }

    /// The endpoints that it is for.
    #[must_use]
    pub fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// Reads what `opened-ports` prints. Unlike a charm, Juju also knows port 0, which somebody may have opened by hand.
    pub(crate) fn from_juju(text: &str) -> Result<Self, PortError> {
        let with_endpoints = text
            .strip_suffix(')')
            .and_then(|text| text.split_once(" ("));
        let (numbers, endpoints) = with_endpoints.unwrap_or((text, "*"));
        let range = PortRange::read(numbers).ok_or_else(|| PortError::Text(text.to_owned()))?;
        let PortRange { from, to, .. } = range;
        if from > to {
            return Err(PortError::Reversed { from, to });
        }
        let port = range.for_endpoints(Endpoints::All);
        match endpoints {
            "*" => Ok(port),
            names => port.for_endpoints(names.split(',').map(str::trim)),
        }
    }

    /// Whether the other begins right after this one, for the same endpoints.
    pub(crate) fn is_continued_by(&self, next: &Self) -> bool {
        self.protocol() == next.protocol()
            && self.range.to.checked_add(1) == Some(next.range.from)
            && self.endpoints == next.endpoints
    }

    /// As Kubernetes takes it.
    pub(crate) fn one_by_one(&self) -> impl Iterator<Item = Self> {
        let Self { range, endpoints } = self;
        let single = |number| PortRange::new(range.protocol, number, number);
        (range.from..=range.to).map(move |number| single(number).for_endpoints(endpoints.clone()))
    }
}

impl PortRange {
    pub(crate) fn for_endpoints(self, endpoints: Endpoints) -> Port {
        Port {
            range: self,
            endpoints,
        }
    }
}

impl From<NonZeroU16> for Port {
    fn from(number: NonZeroU16) -> Self {
        PortRange::new(Protocol::Tcp, number.get(), number.get()).for_endpoints(Endpoints::All)
    }
}

impl FromStr for Port {
    type Err = PortError;

    fn from_str(text: &str) -> Result<Self, PortError> {
        let port = Self::from_juju(text)?;
        match port.numbers() {
            Some(numbers) if numbers.contains(&0) => Err(PortError::Number(0)),
            _ => Ok(port),
        }
    }
}

impl fmt::Display for Port {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.range)?;
        match &self.endpoints {
            Endpoints::All => Ok(()),
            Endpoints::Named(names) => write!(formatter, " ({})", join(names, ", ")),
        }
    }
}

/// The names of endpoints as one text.
pub(crate) fn join(names: &BTreeSet<String>, separator: &str) -> String {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    names.join(separator)
}

impl<'de> Deserialize<'de> for Port {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumberOrText;

        impl Visitor<'_> for NumberOrText {
            type Value = Port;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a port from 1 to 65535")
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Port, E> {
                let port = u16::try_from(number).map_err(|_| PortError::Number(number.into()));
                port.and_then(Port::tcp).map_err(E::custom)
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Port, E> {
                Err(E::custom(PortError::Number(number.into())))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Port, E> {
                text.parse().map_err(E::custom)
            }
        }

        deserializer.deserialize_any(NumberOrText)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_port_is_juju_s_and_is_read_back() {
        for text in [
            "80/tcp",
            "53/udp",
            "8000-8100/tcp",
            "1-65535/udp",
            "icmp",
            "icmp (foo)",
            "80/tcp (bar, foo)",
            "8000-8100/udp (bar)",
        ] {
            assert_eq!(text.parse::<Port>().unwrap().to_string(), text);
        }
        assert_eq!("80/tcp (*)".parse(), Port::tcp(80));
        for (text, port) in [
            ("80", "80/tcp"),
            ("4000/UDP", "4000/udp"),
            ("1-2/Tcp", "1-2/tcp"),
            ("080-+90", "80-90/tcp"),
            ("ICMP", "icmp"),
            ("icmp/", "icmp"),
            ("Icmp/x", "icmp"),
            ("80/TCP (Foo,bar,  baz)", "80/tcp (Foo, bar, baz)"),
        ] {
            assert_eq!(text.parse::<Port>().unwrap().to_string(), port, "{text}");
        }
    }

    #[test]
    fn what_juju_could_not_open_cannot_be_made() {
        assert_eq!(Port::tcp(0), Err(PortError::Number(0)));
        assert_eq!(
            Port::range(Protocol::Tcp, 0..=80),
            Err(PortError::Number(0))
        );
        assert_eq!(
            Port::range(Protocol::Udp, RangeInclusive::new(90, 80)),
            Err(PortError::Reversed { from: 90, to: 80 })
        );
        assert_eq!(
            Port::range(Protocol::Icmp, 80..=80),
            Err(PortError::IcmpNumber)
        );
        for endpoints in [&[][..], &[""], &["a", ""], &["a,b"], &["*"], &["a b"]] {
            assert!(
                Port::icmp()
                    .for_endpoints(endpoints.iter().copied())
                    .is_err()
            );
        }
        for text in [
            "",
            "tcp",
            "/tcp",
            "0/tcp",
            "0-80/tcp",
            "90-80/tcp",
            "65536/tcp",
            "-1/tcp",
            "80/sctp",
            "80/icmp",
            "icmp-1",
            "icmpx",
            "80-/tcp",
            "1-2-3/tcp",
            "80/tcp ()",
            "80/tcp (a",
            "80/tcp (a,)",
            " 80/tcp",
        ] {
            assert!(text.parse::<Port>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn juju_may_know_port_0() {
        assert_eq!(
            Port::from_juju("0-65535/tcp").unwrap().to_string(),
            "0-65535/tcp"
        );
    }

    #[test]
    fn ports_sort_as_juju_sorts_them() {
        let mut ports: Vec<Port> = ["53/udp", "80/tcp", "9-90/tcp", "icmp", "9/tcp"]
            .map(|text| text.parse().unwrap())
            .into();
        ports.sort();
        let texts: Vec<String> = ports.iter().map(Port::to_string).collect();
        assert_eq!(texts, ["icmp", "9/tcp", "9-90/tcp", "80/tcp", "53/udp"]);
    }

    #[test]
    fn a_config_option_is_read_as_a_tcp_port() {
        let read = |json| serde_json::from_str::<Port>(json);
        assert_eq!(read("8000").unwrap(), Port::tcp(8000).unwrap());
        assert_eq!(read("\"53/udp\"").unwrap(), Port::udp(53).unwrap());
        for (json, message) in [
            ("0", "0 is not a port: choose a number from 1 to 65535"),
            ("-1", "-1 is not a port: choose a number from 1 to 65535"),
            (
                "65536",
                "65536 is not a port: choose a number from 1 to 65535",
            ),
            ("\"80/udpp\"", "\"80/udpp\" is not a port such as"),
            (
                "80.5",
                "invalid type: floating point `80.5`, expected a port from 1 to 65535",
            ),
        ] {
            let error = read(json).unwrap_err().to_string();
            assert!(error.starts_with(message), "{error}");
        }
    }
}
