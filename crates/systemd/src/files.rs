//! Files that are written and removed as a whole, and only when they must be.

use std::fs::{self, File};
use std::io::{self, Cursor, Read, Seek};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// Compared at a time, so that a large file takes little memory.
const CHUNK: usize = 64 * 1024;

/// Whether the file at `path` exists with exactly this content; `content` is at its beginning again afterwards.
pub(crate) fn has_content(path: &Path, content: &mut (impl Read + Seek)) -> Result<bool> {
    let mut file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        file => file.map_err(Error::file("read", path))?,
    };
    let same = same_content(&mut file, content).and_then(|same| content.rewind().map(|()| same));
    same.map_err(Error::file("compare", path))
}

fn same_content(left: &mut impl Read, right: &mut impl Read) -> io::Result<bool> {
    let (mut left_chunk, mut right_chunk) = (Vec::with_capacity(CHUNK), Vec::with_capacity(CHUNK));
    loop {
        left_chunk.clear();
        right_chunk.clear();
        left.take(CHUNK as u64).read_to_end(&mut left_chunk)?;
        right.take(CHUNK as u64).read_to_end(&mut right_chunk)?;
        if left_chunk != right_chunk {
            return Ok(false);
        }
        if left_chunk.is_empty() {
            return Ok(true);
        }
    }
}

/// Makes the file at `path` one with this text, which all users may read, such as what a service is configured by.
///
/// It is replaced in one step, and only when it has another text.
///
/// # Errors
/// When the file system refuses; then the file is as it was.
pub fn write_file(path: &Path, text: &str) -> Result<()> {
    let mut text = Cursor::new(text);
    if has_content(path, &mut text)? {
        return Ok(());
    }
    replace(path, &mut text, 0o644)
}

/// Puts `content` at `path` in one step: a reader, or a crash, finds the old file or the new one.
pub(crate) fn replace(path: &Path, content: &mut impl Read, mode: u32) -> Result<()> {
    let temporary = temporary(path);
    let write = |content| -> io::Result<()> {
        let mut file = File::create(&temporary)?;
        io::copy(content, &mut file)?;
        file.set_permissions(fs::Permissions::from_mode(mode))?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    };
    write(content)
        // Nobody needs the half-written file, least of all on a full disk.
        .inspect_err(|_| drop(fs::remove_file(&temporary)))
        .map_err(Error::file("write", path))
}

fn temporary(path: &Path) -> PathBuf {
    path.with_extension("new")
}

/// Removes the file at `path`, if there is one, with what is left where its writing was killed.
///
/// # Errors
/// When the file system refuses.
pub fn remove_file(path: &Path) -> Result<()> {
    remove_one(&temporary(path))?;
    remove_one(path)
}

fn remove_one(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result.map_err(Error::file("remove", path)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_only_when_it_has_another_text() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("routes.json");
        write_file(&path, "{}").unwrap();
        let number = || std::os::unix::fs::MetadataExt::ino(&fs::metadata(&path).unwrap());
        let first = number();
        write_file(&path, "{}").unwrap();
        assert_eq!(number(), first);
        write_file(&path, "[]").unwrap();
        assert_ne!(number(), first);
        assert_eq!(fs::read_to_string(&path).unwrap(), "[]");
        remove_file(&path).unwrap();
        remove_file(&path).unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn compares_contents_of_many_chunks() {
        let content = vec![7; 2 * CHUNK + 1];
        let same = |left: &[u8], right: &[u8]| same_content(&mut &*left, &mut &*right).unwrap();
        assert!(same(&content, &content));
        assert!(!same(&content, &content[1..]));
        assert!(!same(&content[..CHUNK], &content));
        assert!(same(b"", b""));
    }
}
