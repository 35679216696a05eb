//! Why a charm cannot be used.

use std::io;
use std::path::PathBuf;

use crate::charm::config_option::OptionError;
pub use crate::go::yaml::YamlError;

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
        /// What is wrong, and on which line or at which key.
        source: YamlError,
    },
    /// The directory is no charm; says what is missing.
    #[error("{} is not a charm: {missing}", directory.display())]
    NotACharm {
        /// The directory.
        directory: PathBuf,
        /// What is missing or wrong.
        missing: String,
    },
    /// An option in `config.yaml` has a type that Juju does not know.
    #[error("cannot use the config of the charm: option \"{option}\" has unknown type \"{kind}\"")]
    UnknownType {
        /// The option's name.
        option: String,
        /// The type.
        kind: String,
    },
    /// A default in `config.yaml` does not have its option's type.
    #[error("invalid config default: {0}")]
    Default(OptionError),
}
