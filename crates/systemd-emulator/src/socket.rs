//! Socket units.

use std::net::{IpAddr, SocketAddr};

use crate::{
    unit_file::{UnitFile, boolean},
    unit_name::UnitName,
};

/// The `[Socket]` section of a unit.
#[derive(Debug)]
pub(crate) struct Socket {
    pub(crate) listen: Vec<SocketAddr>,
    pub(crate) service: UnitName,
    pub(crate) descriptor_name: String,
}

impl Socket {
    pub(crate) fn read(file: &UnitFile, name: &UnitName, address: IpAddr) -> Result<Self, String> {
        if let Some(accept) = file.last("Socket", "Accept")
            && boolean(accept)?
        {
            return Err(
                "Accept=yes is not part of the emulated systemctl, only Accept=no".to_owned(),
            );
        }
        let mut listen = Vec::new();
        for text in file.all("Socket", "ListenStream") {
            let text = name.expand_specifiers(text)?;
            let port = text
                .parse()
                .ok()
                .filter(|port| *port != 0)
                .map(|port: u16| SocketAddr::new(address, port));
            listen.push(port.or_else(|| text.parse().ok()).ok_or_else(|| {
                format!("ListenStream={text} is not part of the emulated systemctl: expected a port (1 to 65535) or address:port")
            })?);
        }
        if listen.is_empty() {
            return Err("expected ListenStream=, found none".to_owned());
        }
        let service = match file.last("Socket", "Service") {
            Some(service) => UnitName::parse(&name.expand_specifiers(service)?)?,
            None => name.with_kind("service"),
        };
        let descriptor_name =
            name.expand_specifiers(file.last("Socket", "FileDescriptorName").unwrap_or("%n"))?;
        Ok(Self {
            listen,
            service,
            descriptor_name,
        })
    }
}
