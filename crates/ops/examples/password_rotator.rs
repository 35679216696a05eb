//! A charm whose leader makes a password up and hands it to whoever is related; an action makes up another one.

use std::fs::File;
use std::io::{self, Read};

use ops::{
    Action, ActionResults, Charm, Error, Leader, Result, Secret, SecretContent, SecretId, Status,
    Unit,
};

#[derive(serde::Serialize)]
struct Credentials {
    password: SecretId,
}

struct PasswordRotator;

impl Charm for PasswordRotator {
    fn reconcile(&mut self, unit: &Unit) -> Result<Status> {
        if let Some(leader) = unit.leader()? {
            let secret = match unit.kept_secret("password")? {
                Some(kept) => kept,
                None => keep_new_password(leader)?,
            };
            for relation in unit.relations("passwords")? {
                secret.grant(&relation)?;
                let password = secret.id()?;
                leader.set_application_data(&relation, &Credentials { password })?;
            }
        }
        Ok(Status::active())
    }

    fn action(&mut self, action: &Action<'_>, unit: &Unit) -> Result<ActionResults> {
        if action.name() != "rotate-password" {
            return Err(action.unknown());
        }
        let leader = unit.leader()?;
        let leader = leader.ok_or_else(|| Error::blocked("only the leader rotates it"))?;
        let secret = keep_new_password(leader)?;
        Ok(ActionResults::from([("secret", secret.id()?.to_string())]))
    }
}

fn keep_new_password(leader: Leader<'_>) -> Result<Secret<'_>> {
    let password = random_digits()?;
    leader.keep_secret("password", &SecretContent::from([("password", password)]))
}

fn random_digits() -> io::Result<String> {
    let mut random = [0; 16];
    File::open("/dev/urandom")?.read_exact(&mut random)?;
    Ok(format!("{:032x}", u128::from_ne_bytes(random)))
}

fn main() -> std::process::ExitCode {
    ops::run(|_context| PasswordRotator)
}
