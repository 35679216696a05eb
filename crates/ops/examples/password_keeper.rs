//! A charm whose leader keeps a password as a secret of the application, and hands it to whoever is related.

use ops::{Charm, Result, SecretContent, SecretId, Status, Unit};

#[derive(serde::Deserialize)]
struct Config {
    generation: u32,
}

#[derive(serde::Serialize)]
struct Credentials {
    password: SecretId,
}

struct PasswordKeeper;

impl Charm for PasswordKeeper {
    fn reconcile(&mut self, unit: &Unit) -> Result<Status> {
        let config: Config = unit.config()?;
        if let Some(leader) = unit.leader()? {
            // A real charm makes it up at random, and only when there is none yet.
            let password = format!("planted-{}", config.generation);
            let content = SecretContent::from([("password", password)]);
            let secret = leader.keep_secret("password", &content)?;
            for relation in unit.relations("passwords")? {
                secret.grant(&relation)?;
                let password = secret.id()?;
                leader.set_application_data(&relation, &Credentials { password })?;
            }
        }
        Ok(Status::active())
    }
}

fn main() -> std::process::ExitCode {
    ops::run(|_context| PasswordKeeper)
}
