//! A charm that tells whoever is related where it listens, and knows who they are; the other side is `address_requirer`.

use ops::{Charm, Result, Status, Unit};

#[derive(serde::Serialize, serde::Deserialize)]
struct Address {
    address: String,
    port: u16,
}

#[derive(serde::Serialize)]
struct Application {
    leader: String,
}

struct Provider;

impl Charm for Provider {
    fn reconcile(&mut self, unit: &Unit) -> Result<Status> {
        let number = unit.name().number();
        let ours = Address {
            address: format!("10.0.0.{number}"),
            port: 8000,
        };
        let mut known = Vec::new();
        for relation in unit.relations("addresses")? {
            relation.set_unit_data(&ours)?;
            if let Some(leader) = unit.leader()? {
                let leader_is = Application {
                    leader: unit.name().to_string(),
                };
                leader.set_application_data(&relation, &leader_is)?;
            }
            for (other, published) in relation.units_data()? {
                let Address { address, port } = published?;
                known.push(format!("{other}={address}:{port}"));
            }
        }
        Ok(Status::active().with_message(known.join(" ")))
    }
}

fn main() -> std::process::ExitCode {
    ops::run(|_context| Provider)
}
