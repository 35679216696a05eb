//! What a charm says about itself: its metadata, config options, actions and endpoints.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::charm::charm_yaml::{Config, DeclaredEndpoint, Metadata};
pub use crate::charm::config_option::{ConfigOption, OptionError, OptionType};
use crate::charm::name::{NAME, is_name};

/// A charm, as its YAML files declare it: the ones of a project (`charmcraft.yaml`) or of a packed charm (`metadata.yaml`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Charm {
    /// The charm's name, such as `hello-server`.
    pub name: String,
    /// Whether the charm is a subordinate, which lives beside another charm's unit.
    pub subordinate: bool,
    /// The config options by name.
    pub options: BTreeMap<String, ConfigOption>,
    /// The actions by name; the value is what `actions.yaml` says about it.
    pub actions: BTreeMap<String, Value>,
    /// The relation endpoints by name.
    pub endpoints: BTreeMap<String, Endpoint>,
    /// The names of the storages.
    pub storages: BTreeSet<String>,
    /// The names of the resources.
    pub resources: BTreeSet<String>,
    /// Whether the charm needs Kubernetes: it has containers, or assumes `k8s-api`.
    pub kubernetes: bool,
    /// The names of further endpoints without a relation (`extra-bindings`).
    pub extra_bindings: BTreeSet<String>,
}

/// One relation endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Which side of the relation the charm is.
    pub role: Role,
    /// The relation's interface, such as `http`.
    pub interface: String,
    /// Which units it brings together.
    pub scope: Scope,
    /// How many relations it may have at most, such as 1.
    pub limit: Option<u32>,
}

/// Which units a relation brings together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// All of both applications.
    Global,
    /// A principal unit and the subordinates beside it.
    Container,
}

/// The side of a relation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Declared under `provides`.
    Provider,
    /// Declared under `requires`.
    Requirer,
    /// Declared under `peers`.
    Peer,
}

/// Why a charm's files, or a config value, cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CharmError {
    /// A file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file is not the YAML that Juju expects.
    #[error("cannot use {}", path.display())]
    Yaml {
        /// The file.
        path: PathBuf,
        /// What is wrong, and on which line.
        source: serde_yaml::Error,
    },
    /// The directory is no charm; says what is missing.
    #[error("{} is not a charm: {missing}", directory.display())]
    NotACharm {
        /// The directory.
        directory: PathBuf,
        /// What is missing or wrong.
        missing: String,
    },
    /// A default in `config.yaml` does not have its option's type.
    #[error("invalid config default: {0}")]
    Default(OptionError),
}

impl Charm {
    /// Reads a charm from a project directory or from the directory of an unpacked charm.
    ///
    /// # Errors
    ///
    /// When a file is missing or wrong, or a default does not have its option's type.
    pub fn read(directory: &Path) -> Result<Self, CharmError> {
        let not_a_charm = |missing: &str| CharmError::NotACharm {
            directory: directory.to_owned(),
            missing: missing.to_owned(),
        };
        let charmcraft: Option<Metadata> = read_yaml(&directory.join("charmcraft.yaml"))?;
        let metadata: Option<Metadata> = read_yaml(&directory.join("metadata.yaml"))?;
        let (in_charmcraft_config, in_charmcraft_actions) = charmcraft
            .as_ref()
            .map(|file| (file.config.clone(), file.actions.clone()))
            .unwrap_or_default();
        let metadata = metadata
            .or(charmcraft)
            .ok_or_else(|| not_a_charm("it has neither metadata.yaml nor charmcraft.yaml"))?;
        let config = match (
            read_yaml(&directory.join("config.yaml"))?,
            in_charmcraft_config,
        ) {
            (Some(_), Some(_)) => {
                return Err(not_a_charm(
                    "config is in both charmcraft.yaml and config.yaml",
                ));
            }
            (file, section) => file.or(section).unwrap_or_default(),
        };
        let actions = match (
            read_yaml(&directory.join("actions.yaml"))?,
            in_charmcraft_actions,
        ) {
            (Some(_), Some(_)) => {
                return Err(not_a_charm(
                    "actions are in both charmcraft.yaml and actions.yaml",
                ));
            }
            (file, section) => file.or(section).unwrap_or_default(),
        };
        Self::assemble(directory, metadata, config, actions)
    }

    fn assemble(
        directory: &Path,
        metadata: Metadata,
        config: Config,
        actions: BTreeMap<String, Value>,
    ) -> Result<Self, CharmError> {
        if metadata.name.is_empty() {
            return Err(CharmError::NotACharm {
                directory: directory.to_owned(),
                missing: "its metadata has no name".to_owned(),
            });
        }
        if !is_name(&metadata.name) {
            return Err(CharmError::NotACharm {
                directory: directory.to_owned(),
                missing: format!("its name {:?} is not {NAME}", metadata.name),
            });
        }
        let mut options = config.options.unwrap_or_default();
        for (name, option) in &mut options {
            option.default = option.checked_default(name).map_err(CharmError::Default)?;
        }
        let sides = [
            (Role::Provider, metadata.provides),
            (Role::Requirer, metadata.requires),
            (Role::Peer, metadata.peers),
        ];
        let endpoints = sides
            .into_iter()
            .flat_map(|(role, side)| {
                let declared = side.unwrap_or_default().into_iter();
                declared.map(move |(name, declared)| (name, Endpoint::new(role, declared)))
            })
            .collect();
        Ok(Self {
            name: metadata.name,
            subordinate: metadata.subordinate.unwrap_or_default(),
            options,
            actions,
            endpoints,
            storages: metadata.storage.unwrap_or_default().into_keys().collect(),
            resources: metadata.resources.unwrap_or_default().into_keys().collect(),
            kubernetes: metadata.containers.is_some_and(|names| !names.is_empty())
                || metadata.assumes.as_ref().is_some_and(assumes_kubernetes),
            extra_bindings: metadata
                .extra_bindings
                .unwrap_or_default()
                .into_keys()
                .collect(),
        })
    }

    /// Every declared option with its default, `None` where it has none: the config of a unit whose operator set nothing.
    #[must_use]
    pub fn default_config(&self) -> BTreeMap<String, Option<Value>> {
        self.config_with(&BTreeMap::new())
    }

    /// Every declared option with the operator's value, else its default, else `None`.
    #[must_use]
    pub fn config_with(
        &self,
        settings: &BTreeMap<String, Value>,
    ) -> BTreeMap<String, Option<Value>> {
        self.options
            .iter()
            .map(|(name, option)| {
                let value = settings.get(name).or(option.default.as_ref());
                (name.clone(), value.cloned())
            })
            .collect()
    }

    /// Reads the value of one option from text, as in `juju config app server-port=8080`.
    ///
    /// # Errors
    ///
    /// Juju's refusal: `option "server-port" expected int, got "abc"`, or `unknown option "sever-port"`.
    pub fn parse_option(&self, name: &str, text: &str) -> Result<Value, OptionError> {
        self.option(name)?.parse(name, text)
    }

    /// Checks the value of one option that has a type already, as in a file for `juju config --file`.
    ///
    /// # Errors
    ///
    /// As [`Charm::parse_option`].
    pub fn check_option(&self, name: &str, value: &Value) -> Result<Value, OptionError> {
        self.option(name)?.check(name, value)
    }

    /// The declaration of one option.
    ///
    /// # Errors
    ///
    /// When the charm does not declare it.
    pub fn option(&self, name: &str) -> Result<&ConfigOption, OptionError> {
        self.options
            .get(name)
            .ok_or_else(|| OptionError::Unknown(name.to_owned()))
    }

    /// The names of all endpoints: what an application of this charm can open ports for.
    #[must_use]
    pub fn endpoint_names(&self) -> BTreeSet<String> {
        let extra = self.extra_bindings.iter().cloned();
        self.endpoints.keys().cloned().chain(extra).collect()
    }
}

impl Endpoint {
    fn new(role: Role, declared: DeclaredEndpoint) -> Self {
        Self {
            role,
            interface: declared.interface,
            scope: match declared.scope.as_deref() {
                Some("container") => Scope::Container,
                _ => Scope::Global,
            },
            limit: declared.limit.filter(|limit| *limit > 0),
        }
    }
}

/// Whether `assumes` asks for Kubernetes without an alternative, which would be below `any-of`.
fn assumes_kubernetes(assumes: &Value) -> bool {
    let mut features = assumes.as_array().into_iter().flatten();
    features.any(|feature| {
        feature == "k8s-api" || feature.get("all-of").is_some_and(assumes_kubernetes)
    })
}

/// Reads a YAML file; `None` when there is no such file, or nothing in it.
fn read_yaml<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<Option<T>, CharmError> {
    match fs::read_to_string(path) {
        Ok(text) => parse_yaml(&text).map_err(|source| CharmError::Yaml {
            path: path.to_owned(),
            source,
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(CharmError::Read {
            path: path.to_owned(),
            source,
        }),
    }
}

fn parse_yaml<T: for<'de> Deserialize<'de>>(text: &str) -> Result<T, serde_yaml::Error> {
    if !text.contains("<<") {
        return serde_yaml::from_str(text);
    }
    // Errors in what is merged know no line.
    let mut value: serde_yaml::Value = serde_yaml::from_str(text)?;
    value.apply_merge()?;
    serde_yaml::from_value(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charm::check::check_charm_directory;

    fn charm_with(config: &str) -> Result<Charm, CharmError> {
        let directory = tempfile::tempdir().unwrap();
        fs::write(
            directory.path().join("charmcraft.yaml"),
            "name: hello\nrequires: {db: mysql, web: {interface: http}}\nextra-bindings: {admin: null}\n",
        )
        .unwrap();
        fs::write(directory.path().join("config.yaml"), config).unwrap();
        Charm::read(directory.path())
    }

    const ALL_TYPES: &str = "options:
  port: {type: int, default: 8000}
  ratio: {type: float, default: 2}
  debug: {type: boolean}
  title: {default: hi}
  key: {type: secret}
";

    #[test]
    fn every_option_has_its_default_or_none() {
        let charm = charm_with(ALL_TYPES).unwrap();
        let config = charm.default_config();
        assert_eq!(config["port"], Some(8000.into()));
        assert_eq!(config["ratio"], Some(2.0.into()));
        assert_eq!(config["debug"], None);
        assert_eq!(config["title"], Some("hi".into()));
        assert_eq!(
            charm.endpoint_names().into_iter().collect::<Vec<_>>(),
            ["admin", "db", "web"]
        );
    }

    #[test]
    fn values_given_as_text_are_read_or_refused_as_juju_does() {
        let charm = charm_with(ALL_TYPES).unwrap();
        let given_then = [
            ("port", "8080", Ok(Value::from(8080))),
            ("port", "-1", Ok((-1).into())),
            (
                "port",
                "abc",
                Err(r#"option "port" expected int, got "abc""#),
            ),
            (
                "port",
                "1.5",
                Err(r#"option "port" expected int, got "1.5""#),
            ),
            ("port", "", Err(r#"option "port" expected int, got """#)),
            (
                "port",
                "99999999999999999999",
                Err(r#"option "port" expected int, got "99999999999999999999""#),
            ),
            ("ratio", "1.5", Ok(1.5.into())),
            (
                "ratio",
                "inf",
                Err(r#"option "ratio" expected float, got "inf""#),
            ),
            ("debug", "True", Ok(true.into())),
            (
                "debug",
                "yes",
                Err(r#"option "debug" expected boolean, got "yes""#),
            ),
            ("title", "", Ok("".into())),
            ("prot", "1", Err(r#"unknown option "prot""#)),
        ];
        for (name, text, then) in given_then {
            let value = charm.parse_option(name, text);
            assert_eq!(
                value.map_err(|error| error.to_string()),
                then.map_err(str::to_owned),
                "{name}={text}"
            );
        }
    }

    #[test]
    fn yaml_that_only_juju_takes_is_taken() {
        let config = "x: &x {type: int, default: 1}
options:
  one: *x
  two: {<<: *x, default: 2}
  lit: {type: boolean, default: yes}
  dark: {type: boolean, default: Off}
  text: {default: yes}
";
        let config = charm_with(config).unwrap().default_config();
        let expected = [
            ("dark", Value::from(false)),
            ("lit", true.into()),
            ("one", 1.into()),
            ("text", "yes".into()),
            ("two", 2.into()),
        ];
        let expected = expected.map(|(name, value)| (name.to_owned(), Some(value)));
        assert_eq!(config, expected.into());
        let metadata: Metadata = parse_yaml("name: hello\nsubordinate:\n").unwrap();
        assert_eq!(metadata.subordinate, None);
    }

    #[test]
    fn a_default_of_the_wrong_type_is_refused() {
        let refusal = charm_with("options: {port: {type: int, default: eight}}").unwrap_err();
        assert_eq!(
            refusal.to_string(),
            r#"invalid config default: option "port" expected int, got "eight""#
        );
    }

    #[test]
    fn a_directory_without_an_executable_dispatch_is_no_charm() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("metadata.yaml"), "name: hello").unwrap();
        let refusal = check_charm_directory(directory.path()).unwrap_err();
        assert!(
            refusal
                .to_string()
                .ends_with("it has neither dispatch nor hooks/"),
            "{refusal}"
        );
        fs::write(directory.path().join("dispatch"), "").unwrap();
        let refusal = check_charm_directory(directory.path()).unwrap_err();
        assert!(refusal.to_string().contains("chmod 755"), "{refusal}");
    }
}
