//! What the operator can choose: the options of `config.yaml`.

use std::fmt::{self, Display};
use std::num::NonZeroU16;

use serde::de::{self, Deserialize, Deserializer, Visitor};

/// SSH's port, through which Juju itself reaches the machine.
const SSH: u16 = 22;

/// The charm's options, such as `server-port: 8000`.
#[derive(Clone, Copy, Debug, serde::Deserialize, PartialEq, Eq)]
#[cfg_attr(test, serde(deny_unknown_fields))]
#[serde(rename_all = "kebab-case")]
pub struct Config {
    /// The TCP port that the server answers on.
    pub server_port: ServerPort,
}

/// A port that the server can have: 1 to 65535, and not SSH's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerPort(NonZeroU16);

impl From<ServerPort> for NonZeroU16 {
    fn from(port: ServerPort) -> Self {
        port.0
    }
}

impl TryFrom<u64> for ServerPort {
    type Error = String;

    fn try_from(number: u64) -> Result<Self, String> {
        match u16::try_from(number).map(NonZeroU16::new) {
            Ok(Some(port)) if port.get() == SSH => {
                Err(format!("{SSH} is reserved for SSH; choose another port"))
            }
            Ok(Some(port)) => Ok(Self(port)),
            _ => Err(not_a_port(number)),
        }
    }
}

fn not_a_port(number: impl Display) -> String {
    format!("{number} is not a port; choose one from 1 to 65535")
}

impl<'de> Deserialize<'de> for ServerPort {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number;

        impl Visitor<'_> for Number {
            type Value = ServerPort;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a port from 1 to 65535")
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<ServerPort, E> {
                ServerPort::try_from(number).map_err(E::custom)
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<ServerPort, E> {
                self.visit_u64(u64::try_from(number).map_err(|_| E::custom(not_a_port(number)))?)
            }

            /// An integer beyond 64 bits is read as one.
            fn visit_f64<E: de::Error>(self, number: f64) -> Result<ServerPort, E> {
                Err(E::custom(not_a_port(number)))
            }
        }

        deserializer.deserialize_any(Number)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::Value;

    use super::*;

    #[test]
    fn the_options_are_those_of_config_yaml_and_its_defaults_are_good() {
        #[derive(serde::Deserialize)]
        struct ConfigYaml {
            options: BTreeMap<String, OptionYaml>,
        }
        #[derive(serde::Deserialize)]
        struct OptionYaml {
            default: Value,
        }
        let yaml: ConfigYaml = serde_yaml::from_str(include_str!("../config.yaml")).unwrap();
        let defaults: BTreeMap<String, Value> = yaml
            .options
            .into_iter()
            .map(|(name, option)| (name, option.default))
            .collect();

        let config: Config =
            serde_json::from_value(serde_json::to_value(defaults).unwrap()).unwrap();

        assert_eq!(config.server_port, ServerPort::try_from(8000).unwrap());
    }
}
