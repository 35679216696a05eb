//! What a charm says about itself: its metadata, config options, actions and endpoints.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::charm::action::ActionSpec;
pub use crate::charm::charm_error::{CharmError, YamlError};
use crate::charm::charm_yaml::{Config, DeclaredEndpoint, Metadata, OptionForm, read_yaml};
pub use crate::charm::config_option::{ConfigOption, OptionError, OptionType};
use crate::charm::name::{NAME, is_name};
pub use crate::charm::resource::ResourceDeclaration;
pub use crate::charm::storage::StorageDeclaration;

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
    /// The storage by name.
    pub storages: BTreeMap<String, StorageDeclaration>,
    /// The resources by name.
    pub resources: BTreeMap<String, ResourceDeclaration>,
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
        let options = config.options.unwrap_or_default().into_iter();
        let options = options.map(|(name, form)| Ok((name.clone(), config_option(&name, form)?)));
        let options = options.collect::<Result<_, CharmError>>()?;
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
        let resources = metadata.resources.unwrap_or_default().into_iter();
        let storages = metadata.storage.unwrap_or_default().into_iter();
        Ok(Self {
            name: metadata.name,
            subordinate: metadata.subordinate.unwrap_or_default(),
            options,
            actions,
            endpoints,
            storages: storages.map(|(name, it)| (name, it.0)).collect(),
            resources: resources
                .map(|(name, it)| (name, it.unwrap_or_default()))
                .collect(),
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

    /// Checks the value of one option as a hook sees it, which has the option's type.
    ///
    /// # Errors
    ///
    /// As [`Charm::parse_option`].
    pub fn check_option(&self, name: &str, value: &Value) -> Result<Value, OptionError> {
        self.option(name)?.check(name, value)
    }

    /// Brings a value from elsewhere into the type of an option, as `juju config --file` and `juju refresh` do: `"8080"` is an int.
    ///
    /// # Errors
    ///
    /// As [`Charm::parse_option`].
    pub(crate) fn coerce_option(&self, name: &str, value: &Value) -> Result<Value, OptionError> {
        self.option(name)?.coerce(name, value)
    }

    /// Of what an operator has set for another revision of the charm, what fits this one's options; Juju forgets the rest.
    pub(crate) fn fitting(&self, settings: &BTreeMap<String, Value>) -> BTreeMap<String, Value> {
        let coerced = |(key, value): (&String, &Value)| {
            let value = self.coerce_option(key, value).ok()?;
            Some((key.clone(), value))
        };
        settings.iter().filter_map(coerced).collect()
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

    /// The declaration of one action, if the charm has it.
    #[must_use]
    pub fn action(&self, name: &str) -> Option<ActionSpec> {
        let declared = self.actions.get(name)?;
        Some(ActionSpec::new(name, declared))
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

fn config_option(name: &str, form: OptionForm) -> Result<ConfigOption, CharmError> {
    let kind = form.kind.unwrap_or_default();
    let Some(kind) = OptionType::named(&kind) else {
        let option = name.to_owned();
        return Err(CharmError::UnknownType { option, kind });
    };
    let mut option = ConfigOption {
        kind,
        default: None,
        description: form.description.unwrap_or_default(),
    };
    let default = form.default.map(|default| option.coerce(name, &default));
    option.default = default.transpose().map_err(CharmError::Default)?;
    Ok(option)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::charm::check::check_charm_directory;
    use crate::go::yaml;

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
  text: {default: 'yes'}
  many: {type: int, default: 8_000}
  untyped: {type: , default: a, default: x}
";
        let config = charm_with(config).unwrap().default_config();
        let expected = [
            ("dark", Value::from(false)),
            ("lit", true.into()),
            ("one", 1.into()),
            ("many", 8000.into()),
            ("text", "yes".into()),
            ("two", 2.into()),
            ("untyped", "x".into()),
        ];
        let expected = expected.map(|(name, value)| (name.to_owned(), Some(value)));
        assert_eq!(config, expected.into());
        let metadata: Metadata = yaml::read("name: hello\nsubordinate:\n").unwrap();
        assert_eq!(metadata.subordinate, None);
    }

    #[test]
    fn a_default_in_quotes_is_what_its_option_wants() {
        for (kind, default, value) in [
            ("int", "\"3\"", Value::from(3)),
            ("int", "'0x10'", 16.into()),
            ("boolean", "\"true\"", true.into()),
            ("boolean", "'0'", false.into()),
            ("float", "2", 2.0.into()),
        ] {
            let config = format!("options: {{o: {{type: {kind}, default: {default}}}}}");
            let config = charm_with(&config).unwrap().default_config();
            assert_eq!(config["o"], Some(value), "{kind} {default}");
        }
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
        fs::write(
            directory.path().join("metadata.yaml"),
            "name: hello\nsummary: s\ndescription: d\n",
        )
        .unwrap();
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
