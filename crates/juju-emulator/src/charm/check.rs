//! Whether a directory is a charm that an agent can run.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::{Map, Value};

use crate::charm::action::ActionSpec;
use crate::charm::charm_yaml::read_yaml;
use crate::charm::metadata::{Charm, CharmError};

/// Checks that a directory is a charm that an agent can run: metadata, sound config, and an executable `dispatch` or `hooks/`.
///
/// # Errors
///
/// Says what is missing; nothing has been changed then.
pub(crate) fn check_charm_directory(directory: &Path) -> Result<Charm, CharmError> {
    let not_a_charm = |missing: &str| CharmError::NotACharm {
        directory: directory.to_owned(),
        missing: missing.to_owned(),
    };
    if !directory.join("metadata.yaml").is_file() {
        return Err(not_a_charm("it has no metadata.yaml"));
    }
    let charm = Charm::read(directory)?;
    check_declarations(directory, "metadata.yaml", &charm)?;
    match fs::metadata(directory.join("dispatch")) {
        Ok(file) if file.is_file() && file.permissions().mode() & 0o111 != 0 => Ok(charm),
        Ok(_) => Err(not_a_charm(
            "its dispatch is not an executable file; try `chmod 755 dispatch`",
        )),
        Err(_) if directory.join("hooks").is_dir() => Ok(charm),
        Err(_) => Err(not_a_charm("it has neither dispatch nor hooks/")),
    }
}

/// Checks that a charm declares what Juju wants from every charm, in `metadata.yaml` or `charmcraft.yaml`, of actions, and in
/// `config.yaml`.
pub(crate) fn check_declarations(
    directory: &Path,
    metadata: &str,
    charm: &Charm,
) -> Result<(), CharmError> {
    let refused = |file: &str, what: &str| {
        Err(CharmError::NotACharm {
            directory: directory.to_owned(),
            missing: format!("its {file} {what}"),
        })
    };
    let declared: Map<String, Value> = read_yaml(&directory.join(metadata))?.unwrap_or_default();
    for key in ["name", "summary", "description"] {
        if !declared.get(key).is_some_and(Value::is_string) {
            return refused(metadata, &format!("has no {key} that is a text"));
        }
    }
    let is_jujus = |name: &str| name.starts_with("juju-");
    let may_be_jujus = declared["name"].as_str().is_some_and(is_jujus);
    let mut seen = BTreeSet::new();
    for role in ["provides", "requires", "peers"] {
        let endpoints = declared.get(role).and_then(Value::as_object);
        for (endpoint, about) in endpoints.into_iter().flatten() {
            // A subordinate charm may say so of what it has in common with its principal.
            let in_container = role == "requires" && about["scope"] == "container";
            let is_reserved = endpoint == "juju" || is_jujus(endpoint);
            if is_reserved && !may_be_jujus && !in_container {
                let what = format!("calls a relation {endpoint:?}, a name that is reserved");
                return refused(metadata, &what);
            }
            if !seen.insert(endpoint) {
                return refused(metadata, &format!("calls two relations {endpoint:?}"));
            }
        }
    }
    for (name, about) in &charm.actions {
        if let Err(why) = ActionSpec::check_declared(&charm.name, name, about) {
            return refused("actions", &format!("are none of Juju's: {why}"));
        }
    }
    let config: Option<Map<String, Value>> = read_yaml(&directory.join("config.yaml"))?;
    match config {
        Some(config) if !config.contains_key("options") => {
            let what =
                "has no options; a charm without any has no such file, or `options: {}` in it";
            refused("config.yaml", what)
        }
        _ => Ok(()),
    }
}
