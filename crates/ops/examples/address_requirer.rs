//! A charm that knows where the units of the other side listen, and who leads them; the other side is `address_provider`.

use ops::{Charm, Result, Status, Unit};

#[derive(serde::Serialize, serde::Deserialize)]
struct Address {
    address: String,
    port: u16,
}

#[derive(serde::Deserialize)]
struct Application {
    leader: String,
}

struct Requirer;

impl Charm for Requirer {
    fn reconcile(&mut self, unit: &Unit) -> Result<Status> {
        let Some(relation) = unit.relation("addresses")? else {
            return Ok(Status::blocked("integrate it with an address provider"));
        };
        let address = format!("10.0.1.{}", unit.name().number());
        relation.set_unit_data(&Address {
            address,
            port: 9000,
        })?;
        let Application { leader } = relation.application_data()?;
        let mut known = vec![format!("leader={leader}")];
        for (other, published) in relation.units_data()? {
            let Address { address, port } = published?;
            known.push(format!("{other}={address}:{port}"));
        }
        Ok(Status::active().with_message(known.join(" ")))
    }
}

fn main() -> std::process::ExitCode {
    ops::run(|_context| Requirer)
}
