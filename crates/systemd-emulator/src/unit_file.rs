//! Unit files: sections, settings and their lines.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::unit_name::UnitName;

/// A unit file as it is written: sections, keys and values, before any of them has a meaning.
#[derive(Debug)]
pub(crate) struct UnitFile {
    pub(crate) path: PathBuf,
    assignments: Vec<Assignment>,
}

#[derive(Debug)]
struct Assignment {
    section: String,
    key: String,
    value: String,
}

impl UnitFile {
    /// Where the unit's file is: its own, or else that of its template.
    pub(crate) fn find(units: &Path, name: &UnitName) -> Option<PathBuf> {
        let template = name
            .template()
            .map(|template| units.join(template.as_str()));
        [Some(units.join(name.as_str())), template]
            .into_iter()
            .flatten()
            .find(|path| path.exists())
    }

    /// Reads the file; the inner error is a sentence about its content.
    pub(crate) fn read(path: PathBuf) -> io::Result<Result<Self, String>> {
        let text = fs::read_to_string(&path)?;
        Ok(parse(&text).map(|assignments| Self { path, assignments }))
    }

    /// All values of a key that may be repeated; an empty one takes back those before it.
    pub(crate) fn all(&self, section: &str, key: &str) -> Vec<&str> {
        let mut values = Vec::new();
        for value in self.written(section, key) {
            if value.is_empty() {
                values.clear();
            } else {
                values.push(value);
            }
        }
        values
    }

    /// The value of a key of which the last counts; empty is as good as absent.
    pub(crate) fn last(&self, section: &str, key: &str) -> Option<&str> {
        self.written(section, key)
            .last()
            .filter(|value| !value.is_empty())
    }

    fn written(&self, section: &str, key: &str) -> impl Iterator<Item = &str> {
        self.assignments
            .iter()
            .filter(move |assignment| assignment.section == section && assignment.key == key)
            .map(|assignment| assignment.value.as_str())
    }
}

fn parse(text: &str) -> Result<Vec<Assignment>, String> {
    let mut assignments = Vec::new();
    let mut section = String::new();
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let mut line = line.trim().to_owned();
        if line.is_empty() || is_comment(&line) {
            continue;
        }
        while let Some(continued) = line.strip_suffix('\\') {
            let next = lines
                .by_ref()
                .map(|(_, line)| line.trim())
                .find(|line| !is_comment(line));
            line = format!("{continued} {}", next.unwrap_or_default());
        }
        if let Some(name) = line
            .strip_prefix('[')
            .and_then(|line| line.strip_suffix(']'))
        {
            name.clone_into(&mut section);
        } else if let Some((key, value)) = line.split_once('=')
            && !section.is_empty()
        {
            assignments.push(Assignment {
                section: section.clone(),
                key: key.trim_end().to_owned(),
                value: value.trim().to_owned(),
            });
        } else {
            return Err(format!(
                "line {}: expected [Section] or, inside a section, Key=value, found \"{line}\"",
                number + 1
            ));
        }
    }
    Ok(assignments)
}

fn is_comment(line: &str) -> bool {
    line.starts_with(['#', ';'])
}

/// Reads systemd's words for yes and no.
pub(crate) fn boolean(text: &str) -> Result<bool, String> {
    match text {
        "1" | "yes" | "y" | "true" | "t" | "on" => Ok(true),
        "0" | "no" | "n" | "false" | "f" | "off" => Ok(false),
        _ => Err(format!("expected yes or no, found \"{text}\"")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit_file(text: &str) -> UnitFile {
        UnitFile {
            path: PathBuf::new(),
            assignments: parse(text).unwrap(),
        }
    }

    #[test]
    fn sections_may_be_repeated_and_lines_continued() {
        let file = unit_file(
            "[Service]\nExecStart=/bin/echo a \\\n# not this\n  b\n; nor this\n[Unit]\nDescription = x=y\n[Service]\nExecStart=c\n",
        );
        assert_eq!(file.all("Service", "ExecStart"), ["/bin/echo a  b", "c"]);
        assert_eq!(file.last("Unit", "Description"), Some("x=y"));
    }

    #[test]
    fn an_empty_value_resets() {
        let file =
            unit_file("[Service]\nExecStart=a\nExecStart=\nExecStart=b\nType=oneshot\nType=\n");
        assert_eq!(file.all("Service", "ExecStart"), ["b"]);
        assert_eq!(file.last("Service", "Type"), None);
    }

    #[test]
    fn a_line_that_says_nothing_is_refused_with_its_number() {
        assert!(
            parse("[Service]\n\nTypo\n")
                .unwrap_err()
                .starts_with("line 3: ")
        );
        assert!(parse("Type=simple\n").unwrap_err().starts_with("line 1: "));
    }
}
