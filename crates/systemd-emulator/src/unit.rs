//! Units of any kind.

use std::{fs, io, net::IpAddr, path::Path};

use crate::{service::Service, socket::Socket, unit_file::UnitFile, unit_name::UnitName};

/// A service or socket unit, understood.
#[derive(Debug)]
pub(crate) struct Unit {
    pub(crate) name: UnitName,
    pub(crate) file: UnitFile,
    pub(crate) description: String,
    pub(crate) requires: Vec<UnitName>,
    pub(crate) binds_to: Vec<UnitName>,
    pub(crate) wants: Vec<UnitName>,
    pub(crate) part_of: Vec<UnitName>,
    pub(crate) conflicts: Vec<UnitName>,
    pub(crate) kind: Kind,
}

#[derive(Debug)]
pub(crate) enum Kind {
    Service(Service),
    Socket(Socket),
}

/// Why a unit cannot be used.
#[derive(Debug)]
pub(crate) enum LoadError {
    NotFound,
    BadSetting(String),
}

/// Settings that change what a unit does, and that are missing here: better refused than ignored.
const REFUSED: [(&str, &[&str]); 3] = [
    (
        "Service",
        &[
            "BusName",
            "ExecCondition",
            "ExecStartPost",
            "ExecStop",
            "ExecStopPost",
            "RootDirectory",
            "RootImage",
            "Sockets",
            "RuntimeDirectory",
            "StateDirectory",
            "CacheDirectory",
            "LogsDirectory",
            "ConfigurationDirectory",
        ],
    ),
    (
        "Socket",
        &[
            "ListenDatagram",
            "ListenSequentialPacket",
            "ListenFIFO",
            "ListenSpecial",
            "ListenNetlink",
            "ListenMessageQueue",
            "ListenUSBFunction",
            "ExecStartPre",
            "ExecStartPost",
            "ExecStopPre",
            "ExecStopPost",
        ],
    ),
    ("Install", &["Alias", "DefaultInstance"]),
];

impl Unit {
    /// Reads the unit from the directory of unit files; `address` is where a socket with a port alone listens.
    pub(crate) fn load(units: &Path, address: IpAddr, name: &UnitName) -> Result<Self, LoadError> {
        let path = UnitFile::find(units, name).ok_or(LoadError::NotFound)?;
        let in_file = format!("{}: ", path.display());
        match UnitFile::read(path) {
            Ok(Ok(file)) => Self::read(file, units, address, name)
                .map_err(|reason| LoadError::BadSetting(in_file + &reason)),
            Ok(Err(reason)) => Err(LoadError::BadSetting(in_file + &reason)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(LoadError::NotFound),
            Err(error) => Err(LoadError::BadSetting(format!("{in_file}{error}"))),
        }
    }

    fn read(
        file: UnitFile,
        units: &Path,
        address: IpAddr,
        name: &UnitName,
    ) -> Result<Self, String> {
        refused_setting(&file)?;
        let names = |key| read_names(&file, name, key);
        let linked = |kind| linked_units(&units.join(format!("{name}.{kind}")));
        let kind = match name.kind() {
            "service" => Kind::Service(Service::read(&file, name)?),
            "socket" => Kind::Socket(Socket::read(&file, name, address)?),
            kind => {
                return Err(format!(
                    "{kind} units are not part of the emulated systemctl, only services and sockets"
                ));
            }
        };
        Ok(Self {
            name: name.clone(),
            description: name
                .expand_specifiers(file.last("Unit", "Description").unwrap_or("%n"))?,
            requires: [names("Requires")?, names("Requisite")?, linked("requires")].concat(),
            binds_to: names("BindsTo")?,
            wants: [names("Wants")?, linked("wants")].concat(),
            part_of: names("PartOf")?,
            conflicts: names("Conflicts")?,
            kind,
            file,
        })
    }

    /// The units that, when they are stopped, stop this one too.
    pub(crate) fn stops_with(&self) -> Vec<UnitName> {
        [self.requires.as_slice(), &self.binds_to, &self.part_of].concat()
    }
}

/// Fails with the name of a setting that this systemctl lacks.
pub(crate) fn refused_setting(file: &UnitFile) -> Result<(), String> {
    for (section, keys) in REFUSED {
        if let Some(key) = keys.iter().find(|key| file.last(section, key).is_some()) {
            return Err(format!("{key}= is not part of the emulated systemctl"));
        }
    }
    Ok(())
}

/// Reads a list of unit names, leaving out what always counts as reached here: targets, mounts and the like.
fn read_names(file: &UnitFile, name: &UnitName, key: &str) -> Result<Vec<UnitName>, String> {
    let mut names = Vec::new();
    for word in file
        .all("Unit", key)
        .iter()
        .flat_map(|value| value.split_whitespace())
    {
        let other = UnitName::parse(&name.expand_specifiers(word)?)
            .map_err(|reason| format!("{key}=: {reason}"))?;
        if ["service", "socket"].contains(&other.kind()) {
            names.push(other);
        }
    }
    Ok(names)
}

/// The service and socket units that have a link in a directory such as `multi-user.target.wants`.
pub(crate) fn linked_units(directory: &Path) -> Vec<UnitName> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| UnitName::parse(entry.file_name().to_str()?).ok());
    let mut names: Vec<_> = names
        .filter(|name| ["service", "socket"].contains(&name.kind()))
        .collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::SocketAddr;

    fn load(name: &str, text: &str) -> Result<Unit, LoadError> {
        let units = tempfile::tempdir().unwrap();
        fs::write(units.path().join(name), text).unwrap();
        Unit::load(
            units.path(),
            "127.0.0.2".parse().unwrap(),
            &UnitName::parse(name).unwrap(),
        )
    }

    #[test]
    fn a_socket_listens_on_the_machines_address_unless_it_names_one() {
        let unit = load(
            "web.socket",
            "[Socket]\nListenStream=8000\nListenStream=127.0.0.9:80\nListenStream=[::1]:81\n",
        )
        .unwrap();
        let Kind::Socket(socket) = unit.kind else {
            panic!("{unit:?}")
        };
        let expected: Vec<SocketAddr> = ["127.0.0.2:8000", "127.0.0.9:80", "[::1]:81"]
            .map(|address| address.parse().unwrap())
            .into();
        assert_eq!(
            (socket.listen, socket.service.as_str()),
            (expected, "web.service")
        );
    }

    #[test]
    fn what_would_change_behaviour_and_is_missing_is_refused_by_name() {
        for (name, text, named) in [
            (
                "web.service",
                "[Service]\nExecStart=/bin/true\nType=forking\n",
                "Type=forking",
            ),
            (
                "web.service",
                "[Service]\nExecStart=/bin/true\nExecStop=/bin/true\n",
                "ExecStop=",
            ),
            (
                "web.service",
                "[Service]\nExecStart=/bin/true\nStateDirectory=web\n",
                "StateDirectory=",
            ),
            (
                "web.service",
                "[Service]\nExecStart=/bin/true\nStandardInput=socket\n",
                "StandardInput=socket",
            ),
            (
                "web.service",
                "[Service]\nExecStart=/bin/true\nKillMode=process\n",
                "KillMode=process",
            ),
            (
                "web.service",
                "[Service]\nExecStart=/bin/true\nKillSignal=SIGNONE\n",
                "SIGNONE",
            ),
            (
                "web.service",
                "[Service]\nExecStart=/bin/true\nTimeoutStopSec=soon\n",
                "soon",
            ),
            (
                "web.service",
                "[Service]\nExecStart=/bin/true\nWorkingDirectory=web\n",
                "WorkingDirectory=",
            ),
            (
                "web.service",
                "[Service]\nExecStart=/bin/a\nExecStart=/bin/b\n",
                "found 2",
            ),
            ("web.service", "[Service]\nUser=web\n", "found 0"),
            (
                "web.socket",
                "[Socket]\nListenDatagram=53\n",
                "ListenDatagram=",
            ),
            (
                "web.socket",
                "[Socket]\nListenStream=80\nAccept=yes\n",
                "Accept=yes",
            ),
            (
                "web.socket",
                "[Socket]\nListenStream=/run/web.sock\n",
                "/run/web.sock",
            ),
            ("web.socket", "[Socket]\nListenStream=0\n", "ListenStream=0"),
            ("web.socket", "[Socket]\n", "ListenStream="),
            ("web.timer", "[Timer]\n", "timer"),
        ] {
            let Err(LoadError::BadSetting(reason)) = load(name, text) else {
                panic!("{text} was accepted")
            };
            assert!(reason.contains(named), "{reason} does not name {named}");
        }
    }

    #[test]
    fn a_hardened_service_is_accepted() {
        let unit = load("web.service", "[Unit]\nRequires=network.target %p.socket\n[Service]\nExecStart=/bin/true\nDynamicUser=yes\nProtectSystem=strict\nRestart=on-failure\nMemoryMax=1G\n").unwrap();
        assert_eq!(unit.requires, [UnitName::parse("web.socket").unwrap()]);
    }
}
