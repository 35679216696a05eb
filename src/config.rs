//! What the operator can choose: the options of `config.yaml`.

use std::num::NonZeroU16;

use serde::Deserialize;

/// SSH's port, through which Juju itself reaches the machine.
const SSH: u16 = 22;

/// The charm's options, such as `server-port: 8000`.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[cfg_attr(test, serde(deny_unknown_fields))]
#[serde(rename_all = "kebab-case")]
pub struct Config {
    /// The TCP port that the server answers on.
    pub server_port: ServerPort,
}

/// A port that the server can have: 1 to 65535, and not SSH's.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(try_from = "i64")]
pub struct ServerPort(NonZeroU16);

impl From<ServerPort> for NonZeroU16 {
    fn from(port: ServerPort) -> Self {
        port.0
    }
}

impl TryFrom<i64> for ServerPort {
    type Error = String;

    fn try_from(number: i64) -> Result<Self, String> {
        match u16::try_from(number).map(NonZeroU16::new) {
            Ok(Some(port)) if port.get() == SSH => {
                Err(format!("{SSH} is reserved for SSH; choose another port"))
            }
            Ok(Some(port)) => Ok(Self(port)),
            _ => Err(format!(
                "{number} is not a port; choose one from 1 to 65535"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::Value;

    use super::*;

    #[test]
    fn the_options_are_those_of_config_yaml_and_its_defaults_are_good() {
        #[derive(Deserialize)]
        struct ConfigYaml {
            options: BTreeMap<String, OptionYaml>,
        }
        #[derive(Deserialize)]
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
