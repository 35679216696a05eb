//! What a unit of the charm should be.

use std::num::NonZeroU16;

use ops::{
    Action, ActionResults, Charm, Error, Leader, Port, Result, Secret, SecretContent, Status, Unit,
};

/// The options of `charmcraft.yaml`.
#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Config {
    port: NonZeroU16,
}

/// What a unit says of itself in a relation of the interface `http`.
#[derive(Debug, serde::Deserialize, serde::Serialize)]
struct Website {
    hostname: String,
    port: NonZeroU16,
}

/// A website on the port that its operator chose, which may have another website as its backend.
#[derive(Debug)]
pub struct MyCharm {
    new_password: fn() -> Result<String>,
}

impl MyCharm {
    /// The charm, with what makes up passwords.
    pub fn new(new_password: fn() -> Result<String>) -> Self {
        Self { new_password }
    }

    /// The secret with the administrator's password, made up when there is none yet.
    fn password<'u>(&self, unit: &'u Unit, leader: &Leader<'u>) -> Result<Secret<'u>> {
        if let Some(kept) = unit.kept_secret("admin")? {
            return Ok(kept);
        }
        let password = (self.new_password)()?;
        leader.keep_secret("admin", &SecretContent::from([("password", password)]))
    }
}

impl Charm for MyCharm {
    fn reconcile(&mut self, unit: &Unit) -> Result<Status> {
        let config: Config = unit.config()?;
        // What others wait for comes first: a unit that waits itself publishes all the same.
        for relation in unit.relations("website")? {
            let addresses = relation.network()?;
            let hostname = addresses.ingress_addresses().first().cloned();
            relation.set_unit_data(&Website {
                hostname: hostname.ok_or_else(|| Error::waiting("for an address"))?,
                port: config.port,
            })?;
        }

        let status = match backend(unit)? {
            None => Status::active(),
            Some(Website { hostname, port }) => {
                Status::active().with_message(format!("backend is {hostname}:{port}"))
            }
        };

        unit.set_ports([config.port])?;
        if let Some(leader) = unit.leader()? {
            self.password(unit, &leader)?;
        }
        // Here the workload is installed, configured and started, each only where it is not yet what it should be.
        Ok(status)
    }

    fn action(&mut self, action: &Action<'_>, unit: &Unit) -> Result<ActionResults> {
        if action.name() != "get-password" {
            return Err(action.unknown());
        }
        let Some(leader) = unit.leader()? else {
            return Err(Error::blocked(
                "only the leader of the application knows it",
            ));
        };
        let content = self.password(unit, &leader)?.refresh()?;
        let password = content.get("password").unwrap_or_default();
        Ok([("password", password)].into())
    }

    fn stop(&mut self, unit: &Unit) -> Result<()> {
        // Here the workload is stopped.
        unit.set_ports::<Port>([])?;
        Ok(())
    }
}

/// Where the backend is, if there is one.
fn backend(unit: &Unit) -> Result<Option<Website>> {
    let Some(relation) = unit.relation("backend")? else {
        return Ok(None);
    };
    match relation.units()?.first() {
        None => Err(Error::waiting("for a unit of the backend")),
        Some(first) => Ok(Some(relation.unit_data(first)?)),
    }
}

/// A password that nobody guesses.
pub fn random_password() -> Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(std::io::Error::from)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
