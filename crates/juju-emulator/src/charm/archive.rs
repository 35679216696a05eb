//! Unpacks a packed charm, a `.charm` file, as far as one from a stranger may be trusted.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::os::unix::fs::{OpenOptionsExt, symlink};
use std::path::{Component, Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use zip::ZipArchive;

use crate::charm::stage::check_links;

/// The most that an unpacked charm may have.
const LIMITS: Limits = Limits {
    bytes: 2 << 30,
    files: 100_000,
};

/// The longest path that a link may hold.
const LONGEST_LINK: u64 = 4096;

const TYPE_OF_FILE: u32 = 0o170_000;
const REGULAR: u32 = 0o100_000;

struct Limits {
    bytes: u64,
    files: usize,
}

/// Unpacks `archive` into a directory that is not there yet. Of modes only the owner's right to execute is kept, as in Juju.
pub(crate) fn unpack(archive: &Path, into: &Path) -> Result<()> {
    let file = File::open(archive).context("cannot open it")?;
    let mut zip = ZipArchive::new(BufReader::new(file))
        .context("it is not a packed charm, which is a zip archive")?;
    unpack_within(&LIMITS, &mut zip, into)
}

fn unpack_within(
    limits: &Limits,
    zip: &mut ZipArchive<impl Read + io::Seek>,
    into: &Path,
) -> Result<()> {
    let too_big = || {
        format!(
            "it is too big: a charm may have {} MiB and {} files when it is unpacked",
            limits.bytes >> 20,
            limits.files
        )
    };
    // Before anything is written; whoever lies about sizes is found out while it is.
    let declared = zip.decompressed_size().unwrap_or_default();
    if zip.len() > limits.files || declared > limits.bytes.into() {
        bail!(too_big());
    }
    fs::create_dir_all(into).with_context(|| format!("cannot create {}", into.display()))?;
    let mut left = limits.bytes;
    let mut links = Vec::new();
    for index in 0..zip.len() {
        let entry = zip
            .by_index(index)
            .context("its list of files is damaged")?;
        let name = entry.name()?.into_owned();
        let path = inside(&name)?;
        let failed = || format!("cannot unpack its file {name}");
        let target = into.join(&path);
        let mode = entry.unix_mode().unwrap_or_default();
        if entry.is_dir() {
            fs::create_dir_all(&target).with_context(failed)?;
            continue;
        }
        if entry.is_symlink() {
            let mut link = String::new();
            let mut content = entry.take(LONGEST_LINK);
            content.read_to_string(&mut link).with_context(failed)?;
            links.push((path, link));
            continue;
        }
        if ![0, REGULAR].contains(&(mode & TYPE_OF_FILE)) {
            bail!("its file {name} is neither a file, a directory nor a link");
        }
        if let Some(directory) = target.parent() {
            fs::create_dir_all(directory).with_context(failed)?;
        }
        let executable = if mode & 0o100 == 0 { 0 } else { 0o111 };
        let mut file = File::options()
            .write(true)
            .create_new(true)
            .mode(0o644 | executable)
            .open(&target)
            .with_context(failed)?;
        // One byte more than there may be tells too much from just enough.
        let written = io::copy(&mut entry.take(left + 1), &mut file).with_context(failed)?;
        left = left.checked_sub(written).with_context(too_big)?;
    }
    // Last, so that no file is written through a link.
    make_links(into, links)?;
    check_links(into)
}

fn make_links(into: &Path, links: Vec<(PathBuf, String)>) -> Result<()> {
    let are_links: BTreeSet<_> = links.iter().map(|(path, _)| path.clone()).collect();
    for (path, link) in links {
        if path
            .ancestors()
            .skip(1)
            .any(|above| are_links.contains(above))
        {
            bail!("its file {} is below a link", path.display());
        }
        let target = into.join(&path);
        let make = || {
            fs::create_dir_all(target.parent().unwrap_or(into))?;
            symlink(&link, &target)
        };
        make().with_context(|| format!("cannot unpack its link {}", path.display()))?;
    }
    Ok(())
}

/// The path of a file of the archive, which may not lead out of it.
fn inside(name: &str) -> Result<PathBuf> {
    let path = Path::new(name);
    let stays = |component| matches!(component, Component::Normal(_) | Component::CurDir);
    if name.contains('\0') || !path.components().all(stays) {
        bail!("its file {name:?} leads out of the charm");
    }
    Ok(path.components().collect())
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};
    use std::os::unix::fs::PermissionsExt;

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    const LITTLE: Limits = Limits {
        bytes: 1 << 20,
        files: 10,
    };

    /// Makes an archive of files and links.
    fn archive(files: &[(&str, u32, &str)], links: &[(&str, &str)]) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, mode, content) in files {
            let options = SimpleFileOptions::default().unix_permissions(*mode);
            zip.start_file(*name, options).unwrap();
            zip.write_all(content.as_bytes()).unwrap();
        }
        for (name, target) in links {
            zip.add_symlink(*name, *target, SimpleFileOptions::default())
                .unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    fn unpacked(archive: Vec<u8>) -> (tempfile::TempDir, Result<()>) {
        let home = tempfile::tempdir().unwrap();
        let result = ZipArchive::new(Cursor::new(archive))
            .map_err(Into::into)
            .and_then(|mut zip| unpack_within(&LITTLE, &mut zip, &home.path().join("charm")));
        (home, result)
    }

    fn refusal(archive: Vec<u8>) -> String {
        let (home, result) = unpacked(archive);
        let names = fs::read_dir(home.path()).unwrap();
        let names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
        assert!(names.iter().all(|name| name == "charm"), "{names:?}");
        format!("{:#}", result.unwrap_err())
    }

    #[test]
    fn files_links_and_the_right_to_execute_are_unpacked() {
        let files = [
            ("dispatch", 0o4775, "#!/bin/sh"),
            ("lib/a.py", 0o600, "pass"),
        ];
        let (home, result) = unpacked(archive(&files, &[("lib/b.py", "a.py")]));
        result.unwrap();
        let charm = home.path().join("charm");
        let mode = |name: &str| {
            let mode = fs::metadata(charm.join(name)).unwrap().permissions().mode();
            mode & 0o7700
        };
        assert_eq!(mode("dispatch"), 0o700);
        assert_eq!(mode("lib/a.py"), 0o600);
        assert_eq!(fs::read_to_string(charm.join("lib/b.py")).unwrap(), "pass");
    }

    #[test]
    fn what_leads_out_of_the_charm_is_refused() {
        for name in ["../x", "/etc/x", "a/../../x"] {
            let text = refusal(archive(&[(name, 0o644, "")], &[]));
            assert!(text.contains("leads out of the charm"), "{name}: {text}");
        }
        for target in ["/etc/passwd", "../x", "a/../../x"] {
            let text = refusal(archive(&[("a/b", 0o644, "")], &[("link", target)]));
            assert!(text.contains("leads out of the charm"), "{target}: {text}");
        }
        // Each link alone stays inside.
        let text = refusal(archive(
            &[("z/b", 0o644, "")],
            &[("a/b/c", "../../z"), ("out", "a/b/c/../..")],
        ));
        assert!(text.contains("leads out of the charm"), "{text}");
        let text = refusal(archive(&[], &[("a/b", "../c"), ("a/b/x", "../../..")]));
        assert!(text.contains("is below a link"), "{text}");
        let text = refusal(archive(&[("a/x", 0o644, "")], &[("a", "b")]));
        assert!(text.contains("cannot unpack its link a"), "{text}");
    }

    #[test]
    fn a_bomb_is_refused_whether_or_not_it_says_its_size() {
        let zeros = "\0".repeat((1 << 20) + 1);
        let mut bomb = archive(&[("zeros", 0o644, &zeros)], &[]);
        let text = refusal(bomb.clone());
        assert!(text.contains("a charm may have 1 MiB"), "{text}");

        // A streamed archive has sizes only after the files.
        let mut zip = ZipWriter::new_stream(Vec::new());
        zip.start_file("zeros", SimpleFileOptions::default())
            .unwrap();
        zip.write_all(zeros.as_bytes()).unwrap();
        let text = refusal(zip.finish().unwrap().into_inner());
        assert!(text.contains("a charm may have 1 MiB"), "{text}");

        // The central directory's record has the size 24 bytes after its start.
        let record = bomb.windows(4).rposition(|four| four == b"PK\x01\x02");
        let size = record.unwrap() + 24;
        bomb[size..size + 4].copy_from_slice(&7_u32.to_le_bytes());
        let text = refusal(bomb);
        assert!(text.contains("larger than its declared"), "{text}");

        let names: Vec<_> = (0..11).map(|number| number.to_string()).collect();
        let many: Vec<_> = names
            .iter()
            .map(|name| (name.as_str(), 0o644, ""))
            .collect();
        assert!(refusal(archive(&many, &[])).contains("10 files"));
    }

    #[test]
    fn a_damaged_file_is_refused() {
        let text = "all work and no play ".repeat(100);
        let mut damaged = archive(&[("dispatch", 0o755, &text)], &[]);
        let middle = 60;
        damaged[middle] ^= 0xff;
        let text = refusal(damaged);
        assert!(text.contains("cannot unpack its file dispatch"), "{text}");
    }
}
