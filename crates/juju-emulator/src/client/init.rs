//! `init`

use std::env;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::charm::name::{NAME, is_name};
use crate::client::session::UsageError;

/// Make the project of a new charm in Rust, which builds, passes its tests and deploys. The real juju has no such verb.
///
/// It has an option, a port, two relations, an action, a secret, tests on all levels, and what packs it. `ops` and `ops-testing`
/// are taken from the sources that this program was built from, unless `--git` says where else they are.
#[derive(Debug, clap::Args)]
pub(crate) struct Init {
    /// The directory to make; the charm is named after it, as `my-charm` is after ../my-charm.
    directory: PathBuf,
    /// Take `ops` and `ops-testing` from the git repository at this address, as a charm that others build or pack has to.
    #[arg(long, value_name = "URL")]
    git: Option<String>,
}

/// The files of a project; those of a charm called my-charm.
macro_rules! template {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("../../template/", $name)))),*]
    };
}

const TEMPLATE: [(&str, &str); 13] = template![
    ".github/workflows/ci.yaml",
    ".gitignore",
    "Cargo.toml",
    "README.md",
    "charmcraft.yaml",
    "dispatch",
    "src/lib.rs",
    "src/main.rs",
    "tests/it/deployed.rs",
    "tests/it/laws.rs",
    "tests/it/main.rs",
    "tests/it/model.rs",
    "tests/it/state_transitions.rs",
];

/// What only the root of a workspace says in its Cargo.toml, which the template is not.
const ROOT: &str = "
[workspace]

[profile.release]
codegen-units = 1
lto = true
strip = true
";

/// Where a charm has its crates from.
enum Crates {
    /// A copy of their repository on this machine.
    Checkout(PathBuf),
    Git(String),
}

impl Crates {
    /// Where the crate of a name is, as Cargo.toml says it.
    fn source(&self, name: &str) -> String {
        match self {
            Self::Checkout(path) => format!("path = {}", quoted(&path.join("crates").join(name))),
            Self::Git(url) => format!("git = {}", quoted(Path::new(url))),
        }
    }
}

impl Init {
    pub(crate) fn run(self) -> Result<()> {
        let directory = &self.directory;
        let shown = directory.display();
        let name = directory.file_name().and_then(|name| name.to_str());
        let Some(name) = name.filter(|name| is_name(name)) else {
            bail!("invalid charm name: {shown} does not end in one, expected {NAME}");
        };
        if directory.exists() && fs::read_dir(directory)?.next().is_some() {
            bail!("{shown} is not empty: choose another directory");
        }
        let crates = match self.git {
            Some(url) => Crates::Git(url),
            None => Crates::Checkout(checkout()?),
        };
        if let Err(error) = make(directory, name, &crates) {
            // It was not there, or empty.
            let _ = fs::remove_dir_all(directory);
            return Err(error);
        }
        let (from, juju, then) = match &crates {
            Crates::Checkout(path) => (
                path.display().to_string(),
                "cargo juju",
                "only this machine can build it: with --git URL any can".to_owned(),
            ),
            Crates::Git(url) => (
                url.clone(),
                "juju-emulator",
                format!("install it by: cargo install --locked --git {url} juju-emulator"),
            ),
        };
        writeln!(
            io::stderr(),
            "Made charm \"{name}\" in {shown}, with ops and ops-testing from {from}\n\
             ({then})\n\
             Try it: cd {shown}; cargo test; {juju} deploy ."
        )?;
        Ok(())
    }
}

/// The repository that this program was built from.
fn checkout() -> Result<PathBuf> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    match package.ancestors().nth(2) {
        Some(root) if root.join("crates/ops/Cargo.toml").is_file() => Ok(root.to_owned()),
        _ => Err(UsageError(format!(
            "the sources that this program was built from are no longer at {}: say with --git URL where ops and ops-testing are",
            package.display()
        ))
        .into()),
    }
}

fn make(directory: &Path, name: &str, crates: &Crates) -> Result<()> {
    for (file, text) in TEMPLATE {
        write(&directory.join(file), &filled_in(file, text, name, crates))?;
    }
    fs::set_permissions(
        directory.join("dispatch"),
        fs::Permissions::from_mode(0o755),
    )?;
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    match crates {
        Crates::Checkout(path) => {
            let manifest = path.join("crates/juju-emulator/Cargo.toml");
            let alias = format!(
                "[alias]\njuju = [\"run\", \"--quiet\", \"--manifest-path\", {}, \"--\"]\n",
                quoted(&manifest)
            );
            write(&directory.join(".cargo/config.toml"), &alias)?;
            // With the versions that were tested together.
            let _ = fs::copy(path.join("Cargo.lock"), directory.join("Cargo.lock"));
            cargo.args(["update", "--workspace"])
        }
        Crates::Git(_) => cargo.arg("generate-lockfile"),
    };
    let cargo = cargo
        .arg("--quiet")
        .current_dir(directory)
        .output()
        .context("cannot run cargo, which a Rust charm needs")?;
    if !cargo.status.success() {
        bail!(
            "cargo cannot make a charm called \"{name}\":\n{}",
            String::from_utf8_lossy(&cargo.stderr).trim()
        );
    }
    Ok(())
}

/// A file of the template as a charm of this name has it.
fn filled_in(file: &str, text: &str, name: &str, crates: &Crates) -> String {
    // No type that a charm uses is called so.
    let words = name.strip_suffix("-charm").unwrap_or(name).split('-');
    let type_name: String = words.chain(["charm"]).map(capitalized).collect();
    let title = capitalized(&name.replace('-', " "));
    let text = text
        .replace("my-charm", name)
        .replace("My charm", &title)
        .replace("MyCharm", &type_name);
    match (file, crates) {
        ("Cargo.toml", _) => {
            let with_crate = |text: String, name: &str| {
                text.replace(&format!("path = \"../../{name}\""), &crates.source(name))
            };
            ["ops", "ops-testing"].into_iter().fold(text, with_crate) + ROOT
        }
        ("README.md", Crates::Git(_)) => text.replace("cargo juju", "juju-emulator"),
        _ => text,
    }
}

fn capitalized(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    first.to_ascii_uppercase() + rest
}

/// A text of TOML; what JSON escapes TOML does too.
fn quoted(path: &Path) -> String {
    serde_json::Value::from(path.to_string_lossy()).to_string()
}

fn write(path: &Path, text: &str) -> Result<()> {
    let failed = || format!("cannot write {}", path.display());
    fs::create_dir_all(path.parent().unwrap_or(path)).with_context(failed)?;
    fs::write(path, text).with_context(failed)
}
