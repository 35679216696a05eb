//! A charm that writes the password that it is granted into a file on its machine, and a new one once there is one.

use std::fs;

use ops::{Charm, Result, SecretId, Status, Unit};

#[derive(serde::Deserialize)]
struct Credentials {
    password: SecretId,
}

struct PasswordReader;

impl Charm for PasswordReader {
    fn reconcile(&mut self, unit: &Unit) -> Result<Status> {
        let Some(relation) = unit.relation("passwords")? else {
            return Ok(Status::active().with_message("none"));
        };
        let credentials: Credentials = relation.application_data()?;
        let content = unit.secret(&credentials.password).refresh()?;
        fs::write("password", content.get("password").unwrap_or_default())?;
        Ok(Status::active().with_message("follows"))
    }
}

fn main() -> std::process::ExitCode {
    ops::run(|_context| PasswordReader)
}
