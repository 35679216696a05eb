//! The way of a secret's content to Juju: a file that only the charm's user can read, for the time of one hook command.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};

use tempfile::TempDir;
use zeroize::Zeroizing;

use crate::secret::content::SecretContent;

/// A file in a directory of its own that is gone when this is dropped.
pub(crate) struct PrivateFile {
    _directory: TempDir,
    path: String,
}

impl PrivateFile {
    pub(crate) fn new(content: &SecretContent) -> io::Result<Self> {
        let private = std::fs::Permissions::from_mode(0o700);
        let mut directory = tempfile::Builder::new();
        let directory = directory
            .prefix("ops-secret-")
            .permissions(private)
            .tempdir()?;
        let path = directory.path().join("content");
        let mut options = File::options();
        let mut file = options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)?;
        // Made in memory first, since no buffer but ours is overwritten.
        let texts = content.texts();
        // A byte is written as six at most, as in \u001f.
        let size: usize = texts
            .iter()
            .map(|(key, text)| key.len() + 6 * text.len() + 8)
            .sum();
        let mut json = Zeroizing::new(Vec::with_capacity(size + 2));
        serde_json::to_writer(&mut *json, &texts)?;
        file.write_all(&json)?;
        let path = path.into_os_string().into_string();
        let path = path.map_err(|path| {
            io::Error::other(format!(
                "the temporary directory {} is not named in UTF-8",
                path.display()
            ))
        })?;
        Ok(Self {
            _directory: directory,
            path,
        })
    }

    /// Where it is, such as `/tmp/ops-secret-1yKcQb/content`.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn nobody_else_can_read_it_and_it_goes_away() {
        let content = SecretContent::from([("password", "\u{1}\"hunter2"), ("user", "bob")]);
        let file = PrivateFile::new(&content).unwrap();
        let path = Path::new(file.path()).to_owned();
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text, r#"{"password":"\u0001\"hunter2","user":"bob"}"#);
        drop(file);
        assert!(!path.parent().unwrap().exists());
    }
}
