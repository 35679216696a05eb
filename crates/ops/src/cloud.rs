//! The cloud that the unit is in, and how to reach it.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

use crate::error::{Error, Result};
use crate::hook_command::{HookCommand, Problem};
use crate::unit::Unit;

/// The cloud that the unit is in, such as `aws` in `eu-west-1`.
///
/// ```no_run
/// # fn reconcile(unit: &ops::Unit) -> ops::Result<()> {
/// let cloud = unit.cloud()?; // blocks the unit until `juju trust`
/// println!("{} at {:?}", cloud.kind, cloud.endpoint);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct CloudSpec {
    /// What kind of cloud it is, such as `lxd`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What the controller calls it, such as `localhost`.
    pub name: String,
    /// The region, such as `eu-west-1`.
    pub region: Option<String>,
    /// Where its API is, such as `https://10.0.0.1:8443`.
    pub endpoint: Option<String>,
    /// Where its identity service is, if it has one of its own.
    pub identity_endpoint: Option<String>,
    /// Where its storage service is, if it has one of its own.
    pub storage_endpoint: Option<String>,
    /// What to log in with.
    pub credential: Option<CloudCredential>,
    /// The certificates of its API, as PEM.
    #[serde(default, rename = "cacertificates")]
    pub ca_certificates: Vec<String>,
    /// Whether its certificates need not be checked.
    #[serde(default)]
    pub skip_tls_verify: bool,
    /// Whether the controller is in it too.
    #[serde(default)]
    pub is_controller_cloud: bool,
}

/// What to log in to a cloud with. `Debug` does not show the attributes, which are secret.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct CloudCredential {
    /// How to log in, such as `certificate`.
    pub auth_type: String,
    /// The keys and passwords for it, by name.
    #[serde(default, rename = "attrs")]
    pub attributes: BTreeMap<String, String>,
    /// The names of the attributes that are not told.
    #[serde(default)]
    pub redacted: Vec<String>,
}

impl fmt::Debug for CloudCredential {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("CloudCredential")
            .field("auth_type", &self.auth_type)
            .field("redacted", &self.redacted)
            .finish_non_exhaustive()
    }
}

impl Unit {
    /// The cloud that the unit is in, with credentials: `credential-get`.
    ///
    /// # Errors
    /// [`Error::Blocked`] while the operator does not trust the application with them.
    pub fn cloud(&self) -> Result<CloudSpec> {
        let command = HookCommand::new("credential-get").with_private_output();
        command
            .read_json(self.hook_commands())
            .map_err(|error| match &error.problem {
                Problem::Failed { stderr, .. } if stderr.contains("permission denied") => {
                    let application = self.name().application();
                    Error::blocked(format!(
                        "needs the credentials of the cloud; to allow it: juju trust {application}"
                    ))
                }
                _ => error.into(),
            })
    }
}
