//! What a program leaves that a task ran.

use anyhow::{Result, bail};
use serde_json::{Map, Value};

use crate::go::base64::base64;
use crate::hook::process::Ended;

/// What a program left that a task ran.
#[derive(Debug)]
pub(crate) struct Executed {
    pub(crate) exit_code: i32,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    /// Whether the changes that it asked for were kept.
    pub(crate) committed: bool,
}

impl Executed {
    /// Adds what Juju itself puts among the results of a task.
    pub(crate) fn add_to(&self, results: &mut Map<String, Value>) {
        results.insert("return-code".to_owned(), self.exit_code.into());
        for (name, output) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            let (text, encoding) = text(output);
            if !text.is_empty() {
                results.insert(name.to_owned(), text.into());
            }
            if let Some(encoding) = encoding {
                results.insert(format!("{name}-encoding"), encoding.into());
            }
        }
    }
}

/// What was printed, as text, and how it is encoded if it is.
pub(crate) fn text(output: &[u8]) -> (String, Option<&'static str>) {
    match str::from_utf8(output) {
        Ok(text) => (text.to_owned(), None),
        Err(_) => (base64(output), Some("base64")),
    }
}

/// What Juju says of a task whose changes it could not make.
pub(crate) const NOT_COMMITTED: &str = "committing requested changes failed";

/// What `juju exec` says that its commands exited with.
pub(crate) fn exit_code(ended: Ended) -> Result<i32> {
    match ended {
        Ended::Exited(code) => Ok(code),
        Ended::Killed(signal) => Ok(128 + signal),
        Ended::Interrupted => bail!("interrupted"),
        Ended::Missing => Ok(0),
    }
}

impl Executed {
    /// Notes that Juju does not make the changes, among what was printed.
    pub(crate) fn refused(&mut self, refusal: &str) {
        self.stderr
            .extend(format!("cannot apply changes: {refusal}\n").into_bytes());
        self.exit_code = self.exit_code.max(1);
        self.committed = false;
    }
}
