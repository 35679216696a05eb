//! A charm with a secret, run by processes: its content is where Juju keeps it, and nowhere else that somebody could look.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use escargot::CargoBuild;
use tempfile::TempDir;

/// Writes down what a process is given, and then does what it is for.
const SEEN: &str = r#"#!/bin/sh
{ echo "$0 $*"; tr '\0' '\n' </proc/$$/environ; } >>HOME/seen
name=${0##*/}
PATH=${PATH#*:}
exec "$name" "$@"
"#;
const COMMANDS: [&str; 12] = [
    "config-get",
    "is-leader",
    "juju-log",
    "relation-get",
    "relation-ids",
    "relation-list",
    "relation-set",
    "secret-add",
    "secret-get",
    "secret-grant",
    "secret-info-get",
    "secret-set",
];
const METADATA: &str =
    "{name: keeper, summary: s, description: d, provides: {passwords: {interface: passwords}}}";
/// Reads what it is granted, so that Juju has something to tell.
const READER: &str = r#"#!/bin/sh
for id in $(relation-ids passwords); do
    secret=$(relation-get -r $id --app password keeper)
    [ -z "$secret" ] || secret-get "$secret" --refresh password >>HOME/read
done
"#;

struct Operator {
    home: TempDir,
    juju: PathBuf,
}

impl Operator {
    fn write(&self, path: &str, text: &str) {
        let path = self.home.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let text = text.replace("HOME", &self.home.path().display().to_string());
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "what an operator runs is no hook command"
    )]
    fn ok(&self, line: &str) -> String {
        let output = Command::new(&self.juju)
            .args(line.split(' '))
            .current_dir(self.home.path())
            .env("JUJU_EMULATOR_DATA", self.home.path().join("data"))
            .env_remove("JUJU_MODEL")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(output.status.success(), "{line}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }
}

fn files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap().flatten() {
        match entry.file_type().unwrap() {
            kind if kind.is_dir() => files(&entry.path(), found),
            kind if kind.is_file() => found.push(entry.path()),
            _ => {}
        }
    }
}

#[test]
fn the_content_of_a_secret_is_in_one_file_that_its_user_alone_can_read() {
    // given
    let (home, juju) = (
        tempfile::tempdir().unwrap(),
        ops_testing::emulator().unwrap(),
    );
    let operator = Operator { home, juju };
    let example = CargoBuild::new()
        .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .example("password_keeper");
    let keeper = example.run().unwrap().path().display().to_string();
    for command in COMMANDS {
        operator.write(&format!("seeing/{command}"), SEEN);
    }
    let dispatch = format!(
        "#!/bin/sh\nexport RUST_LOG=trace TMPDIR=HOME/tmp PATH=HOME/seeing:$PATH\nexec {keeper}\n"
    );
    operator.write("keeper/dispatch", &dispatch);
    operator.write("keeper/metadata.yaml", METADATA);
    operator.write(
        "keeper/config.yaml",
        "options: {generation: {type: int, default: 1}}",
    );
    operator.write("tmp/.keep", "");
    operator.write("reader/dispatch", READER);
    let reader = METADATA
        .replace("provides", "requires")
        .replace("name: keeper", "name: reader");
    operator.write("reader/metadata.yaml", &reader);
    // when
    operator.ok("deploy ./keeper");
    operator.ok("deploy ./reader");
    operator.ok("integrate keeper reader");
    operator.ok("config keeper generation=2");
    // then
    let read = fs::read_to_string(operator.home.path().join("read")).unwrap();
    assert!(
        read.starts_with("planted-1\n") && read.ends_with("planted-2\n"),
        "{read}"
    );
    let seen = fs::read_to_string(operator.home.path().join("seen")).unwrap();
    for command in ["secret-add", "secret-set", "secret-grant"] {
        assert!(seen.contains(&format!("/{command} ")), "{command}: {seen}");
    }
    let mut all = Vec::new();
    files(operator.home.path(), &mut all);
    // As it is, and as Juju keeps it: `planted-` in base64, whatever follows.
    let shows = |text: &[u8]| {
        let markers = [&b"planted-"[..], b"cGxhbnRlZC"];
        markers
            .iter()
            .any(|marker| text.windows(marker.len()).any(|window| window == *marker))
    };
    all.retain(|path| shows(&fs::read(path).unwrap()) && !path.ends_with("read"));
    let data = operator.home.path().join("data");
    let [state] = &all[..] else {
        panic!("{all:?}");
    };
    assert!(
        state.starts_with(data) && state.ends_with("state.json"),
        "{state:?}"
    );
    assert_eq!(
        state.metadata().unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert!(!shows(operator.ok("debug-log --replay").as_bytes()));
    let left: Vec<_> = fs::read_dir(operator.home.path().join("tmp"))
        .unwrap()
        .collect();
    assert_eq!(left.len(), 1, "{left:?}");
}
