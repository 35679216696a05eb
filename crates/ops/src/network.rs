//! The unit's addresses.

use std::net::IpAddr;

use serde::Deserialize;

use crate::error::{Error, Result};
use crate::hook_command::HookCommand;
use crate::relation::relation::Relation;
use crate::unit::Unit;

/// The unit's addresses for an endpoint or a relation.
///
/// ```no_run
/// # fn reconcile(unit: &ops::Unit) -> ops::Result<()> {
/// let network = unit.network("website")?;
/// println!("listen on {}, tell others {:?}", network.bind_address(), network.ingress_addresses());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    bind_address: IpAddr,
    ingress_addresses: Vec<String>,
    egress_subnets: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Answer {
    bind_addresses: Option<Vec<Interface>>,
    egress_subnets: Option<Vec<String>>,
    ingress_addresses: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Interface {
    addresses: Option<Vec<Address>>,
}

#[derive(Deserialize)]
struct Address {
    value: IpAddr,
}

impl Network {
    /// The address to listen on, such as `10.0.0.5`.
    #[must_use]
    pub fn bind_address(&self) -> IpAddr {
        self.bind_address
    }

    /// The addresses or host names under which others reach the unit, the best one first.
    #[must_use]
    pub fn ingress_addresses(&self) -> &[String] {
        &self.ingress_addresses
    }

    /// The networks that the unit's own connections come from, such as `10.0.0.5/32`.
    #[must_use]
    pub fn egress_subnets(&self) -> &[String] {
        &self.egress_subnets
    }

    fn read(command: HookCommand, endpoint: &str, unit: &Unit) -> Result<Self> {
        let answer: Answer = command.read_json(unit.hook_commands())?;
        let interfaces = answer.bind_addresses.unwrap_or_default().into_iter();
        let mut addresses = interfaces.flat_map(|it| it.addresses.unwrap_or_default());
        let Some(address) = addresses.next() else {
            return Err(Error::waiting(format!("for an address for {endpoint}")));
        };
        Ok(Self {
            bind_address: address.value,
            ingress_addresses: answer.ingress_addresses.unwrap_or_default(),
            egress_subnets: answer.egress_subnets.unwrap_or_default(),
        })
    }
}

impl Unit {
    /// The unit's addresses for an endpoint that the charm declares, such as `website`: `network-get`.
    ///
    /// # Errors
    /// [`Error::Waiting`] while the unit has none.
    pub fn network(&self, endpoint: &str) -> Result<Network> {
        let command = HookCommand::new("network-get").arg(endpoint);
        Network::read(command, endpoint, self)
    }
}

impl Relation<'_> {
    /// The unit's addresses for this relation, which can differ from those for its endpoint: `network-get -r db:7`.
    ///
    /// # Errors
    /// [`Error::Waiting`] while the unit has none.
    pub fn network(&self) -> Result<Network> {
        let (id, endpoint) = (self.id().to_string(), self.id().endpoint());
        let command = HookCommand::new("network-get")
            .arg("-r")
            .arg(&id)
            .arg(endpoint);
        Network::read(command, endpoint, self.unit())
    }
}
