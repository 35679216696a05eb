//! What `juju deploy` takes along of a charm directory.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::charm::metadata::Charm;
use crate::charm::stage::{check_links, entries_below};

/// What Juju never takes along. It writes `revision` anew, which nobody needs here.
const IGNORED: [&str; 8] = [
    ".git",
    ".svn",
    ".hg",
    ".bzr",
    ".tox",
    "/build/",
    "/revision",
    ".jujuignore",
];

const UNIT_HOOKS: [&str; 17] = [
    "install",
    "start",
    "config-changed",
    "upgrade-charm",
    "stop",
    "remove",
    "update-status",
    "leader-elected",
    "leader-deposed",
    "leader-settings-changed",
    "collect-metrics",
    "meter-status-changed",
    "pre-series-upgrade",
    "secret-changed",
    "secret-expired",
    "secret-remove",
    "secret-rotate",
];

/// Copies of a charm directory what Juju packs: not its version control, nor what its `.jujuignore` names. Links stay links, and
/// of modes only the owner's right to execute is kept.
///
/// # Errors
///
/// When a file cannot be read or written, a link leads out of the charm, or a line of `.jujuignore` is no pattern.
pub fn copy_directory(from: &Path, into: &Path) -> Result<()> {
    let ignored = ignored(from)?;
    fs::create_dir_all(into).with_context(|| format!("cannot create {}", into.display()))?;
    let leaves_out = |path: &Path, is_directory: bool| {
        into.starts_with(from.join(path)) || ignored.matched(path, is_directory).is_ignore()
    };
    for entry in entries_below(from, leaves_out)? {
        let (source, target) = (from.join(&entry), into.join(&entry));
        let failed = || format!("cannot copy {} to {}", source.display(), target.display());
        let metadata = fs::symlink_metadata(&source).with_context(failed)?;
        let kind = metadata.file_type();
        if kind.is_dir() {
            fs::create_dir(&target).with_context(failed)?;
        } else if kind.is_symlink() {
            let link = fs::read_link(&source).with_context(failed)?;
            std::os::unix::fs::symlink(link, &target).with_context(failed)?;
        } else if kind.is_file() {
            fs::copy(&source, &target).with_context(failed)?;
            let is_executable = metadata.permissions().mode() & 0o100 != 0;
            let mode = if is_executable { 0o755 } else { 0o644 };
            let permissions = fs::Permissions::from_mode(mode);
            fs::set_permissions(&target, permissions).with_context(failed)?;
        } else {
            bail!(
                "{} is neither a file, a directory nor a link",
                source.display()
            );
        }
    }
    check_links(into)
}

/// The patterns of the charm directory, which are Git's but for one with a slash inside: it is not bound to the top.
fn ignored(charm: &Path) -> Result<Gitignore> {
    let file = charm.join(".jujuignore");
    let own = if file.exists() {
        fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?
    } else {
        String::new()
    };
    let mut patterns = GitignoreBuilder::new("");
    patterns.allow_unclosed_class(false);
    for line in IGNORED.into_iter().chain(own.lines()) {
        let line = line.trim_start();
        let (keeps, pattern) = match line.strip_prefix('!') {
            Some(pattern) => ("!", pattern),
            None => ("", line),
        };
        let below = if line.is_empty() || line.starts_with('#') || pattern.starts_with('/') {
            ""
        } else {
            "**/"
        };
        patterns
            .add_line(None, &format!("{keeps}{below}{pattern}"))
            .with_context(|| format!("cannot use the pattern {line:?} in {}", file.display()))?;
    }
    Ok(patterns.build()?)
}

/// Makes the hooks of an unpacked charm executable, as Juju does when it packs and unpacks one.
pub(crate) fn make_hooks_executable(directory: &Path, charm: &Charm) -> Result<()> {
    for name in hooks(charm) {
        let path = directory.join("hooks").join(name);
        if let Ok(hook) = fs::symlink_metadata(&path)
            && hook.is_file()
        {
            let mode = hook.permissions().mode() | 0o111;
            fs::set_permissions(&path, fs::Permissions::from_mode(mode))
                .with_context(|| format!("cannot make {} executable", path.display()))?;
        }
    }
    Ok(())
}

/// The names of the hooks that a charm can have.
fn hooks(charm: &Charm) -> impl Iterator<Item = String> {
    let endpoints = charm.endpoints.keys();
    let of_relations = endpoints.flat_map(|endpoint| {
        ["created", "joined", "changed", "departed", "broken"]
            .map(|event| format!("{endpoint}-relation-{event}"))
    });
    let of_storages = charm.storages.keys().flat_map(|storage| {
        ["attached", "detaching"].map(|event| format!("{storage}-storage-{event}"))
    });
    let of_units = UNIT_HOOKS.map(str::to_owned).into_iter();
    of_units.chain(of_relations).chain(of_storages)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::charm::stage::install;

    fn write(directory: &Path, name: &str, content: &str) {
        let path = directory.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn packed(files: &[&str], jujuignore: Option<&str>) -> Vec<PathBuf> {
        let home = tempfile::tempdir().unwrap();
        let [charm, staged] = ["charm", "staged"].map(|name| home.path().join(name));
        for file in files {
            write(&charm, file, "");
        }
        if let Some(patterns) = jujuignore {
            write(&charm, ".jujuignore", patterns);
        }
        copy_directory(&charm, &staged).unwrap();
        let mut entries = entries_below(&staged, |_, _| false).unwrap();
        entries.retain(|entry| staged.join(entry).is_file());
        entries
    }

    #[test]
    fn version_control_and_what_builds_leave_is_not_packed() {
        let files = [
            ".git/HEAD",
            ".tox/a/b",
            "lib/.git",
            "lib/.hg/x",
            "build/x",
            "lib/build/x",
            "revision",
            "version",
            "venv/x",
            ".gitignore",
            "dispatch",
        ];
        let then = [".gitignore", "dispatch", "lib/build/x", "venv/x", "version"];
        assert_eq!(packed(&files, None), then.map(PathBuf::from));
    }

    #[test]
    fn jujuignore_has_the_patterns_of_git() {
        let files = [
            "a.swp",
            "lib/a.swp",
            "lib/keep.swp",
            "doc/x",
            "lib/doc",
            "a/b/c",
            "x/a/b/c",
            "#x",
            "y ",
        ];
        let patterns = "# text\r\n*.swp\r\n\r\n!keep.swp\ndoc/\n  a/b\n\\#x\ny\\ \n";
        let then = ["lib/doc", "lib/keep.swp"];
        assert_eq!(packed(&files, Some(patterns)), then.map(PathBuf::from));
        let then = ["dir/top"];
        assert_eq!(
            packed(&["top", "dir/top"], Some("/top")),
            then.map(PathBuf::from)
        );
        let then = ["x/y"];
        assert_eq!(
            packed(&["x/y", "x/1/2/z", "x/z"], Some("x/**/z")),
            then.map(PathBuf::from)
        );
    }

    #[test]
    fn a_link_that_is_not_packed_may_lead_anywhere() {
        let home = tempfile::tempdir().unwrap();
        let [charm, staged] = ["charm", "staged"].map(|name| home.path().join(name));
        write(&charm, "dispatch", "");
        fs::create_dir(charm.join(".tox")).unwrap();
        std::os::unix::fs::symlink("/usr/bin/python3", charm.join(".tox/python")).unwrap();
        copy_directory(&charm, &staged).unwrap();
        let entries = entries_below(&staged, |_, _| false).unwrap();
        assert_eq!(entries, [PathBuf::from("dispatch")]);
    }

    #[test]
    fn an_empty_directory_is_part_of_a_charm() {
        let home = tempfile::tempdir().unwrap();
        let [charm, staged, unit] = ["charm", "staged", "unit"].map(|name| home.path().join(name));
        fs::create_dir_all(charm.join("lib/empty")).unwrap();
        copy_directory(&charm, &staged).unwrap();
        install(&staged, None, &unit).unwrap();
        assert!(unit.join("lib/empty").is_dir());
    }

    #[test]
    fn a_link_that_leads_out_of_the_charm_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let charm = home.path().join("charm");
        for (number, (link, refused)) in [
            ("../etc", true),
            ("/etc/passwd", true),
            ("b/../../x", true),
            ("b", false),
        ]
        .into_iter()
        .enumerate()
        {
            write(&charm, "b", "");
            let _ = fs::remove_file(charm.join("a"));
            std::os::unix::fs::symlink(link, charm.join("a")).unwrap();
            let result = copy_directory(&charm, &home.path().join(number.to_string()));
            assert_eq!(result.is_err(), refused, "{link}");
        }
    }
}
