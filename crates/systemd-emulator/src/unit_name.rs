//! The names of units, and the specifiers in their files.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The full name of a unit, such as `hello-server-0@8000.socket`.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub(crate) struct UnitName(String);

impl UnitName {
    /// Reads a name as systemctl's users write it: without a suffix it is a service.
    pub(crate) fn parse(name: &str) -> Result<Self, String> {
        let known = [
            "service",
            "socket",
            "target",
            "timer",
            "path",
            "mount",
            "automount",
            "swap",
            "slice",
            "scope",
            "device",
        ];
        let has_suffix = name
            .rsplit_once('.')
            .is_some_and(|(_, suffix)| known.contains(&suffix));
        let valid =
            |character: char| character.is_ascii_alphanumeric() || ":-_.\\@".contains(character);
        if name.is_empty()
            || name.starts_with(['.', '@'])
            || name.len() > 250
            || !name.chars().all(valid)
        {
            return Err(format!(
                "Invalid unit name \"{name}\": expected letters, digits and any of :-_.\\@, for example \"web@8000.socket\""
            ));
        }
        Ok(Self(if has_suffix {
            name.to_owned()
        } else {
            format!("{name}.service")
        }))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// What comes after the last dot: `socket` in `web@8000.socket`.
    pub(crate) fn kind(&self) -> &str {
        self.0.rsplit_once('.').map_or("", |(_, kind)| kind)
    }

    /// The name without its kind: `web@8000` in `web@8000.socket`.
    fn stem(&self) -> &str {
        self.0
            .rsplit_once('.')
            .map_or(self.0.as_str(), |(stem, _)| stem)
    }

    /// What comes before the `@`: `web` in `web@8000.socket`; the whole stem where there is none.
    fn prefix(&self) -> &str {
        self.stem()
            .split_once('@')
            .map_or(self.stem(), |(prefix, _)| prefix)
    }

    /// `8000` in `web@8000.socket`, empty in the template `web@.socket`, nothing in `web.socket`.
    pub(crate) fn instance(&self) -> Option<&str> {
        self.stem().split_once('@').map(|(_, instance)| instance)
    }

    pub(crate) fn is_template(&self) -> bool {
        self.instance() == Some("")
    }

    /// `web@.socket` for `web@8000.socket`.
    pub(crate) fn template(&self) -> Option<Self> {
        self.instance()
            .map(|_| Self(format!("{}@.{}", self.prefix(), self.kind())))
    }

    /// The unit of the same name and another kind: `web@8000.service` for `web@8000.socket`.
    pub(crate) fn with_kind(&self, kind: &str) -> Self {
        Self(format!("{}.{kind}", self.stem()))
    }

    /// Replaces systemd's specifiers, such as `%i`, in a unit file's text.
    pub(crate) fn expand_specifiers(&self, text: &str) -> Result<String, String> {
        let mut expanded = String::new();
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            if character != '%' {
                expanded.push(character);
                continue;
            }
            match characters.next() {
                Some('%') | None => expanded.push('%'),
                Some('n') => expanded.push_str(&self.0),
                Some('N') => expanded.push_str(self.stem()),
                Some('p') => expanded.push_str(self.prefix()),
                Some('P') => expanded.push_str(&unescape(self.prefix())),
                Some('i') => expanded.push_str(self.instance().unwrap_or_default()),
                Some('I') => expanded.push_str(&unescape(self.instance().unwrap_or_default())),
                Some(specifier) => {
                    return Err(format!(
                        "the specifier %{specifier} in \"{text}\" is not part of the emulated systemctl, which knows %i %I %n %N %p %P %%"
                    ));
                }
            }
        }
        Ok(expanded)
    }
}

impl fmt::Display for UnitName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Undoes the escaping of unit names, in which `-` stands for `/` and `\x2d` for `-`.
fn unescape(escaped: &str) -> String {
    let bytes = escaped.as_bytes();
    let mut plain = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let hexadecimal = escaped
            .get(at..at + 4)
            .and_then(|code| code.strip_prefix("\\x"))
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (hexadecimal, bytes[at]) {
            (Some(byte), _) => {
                plain.push(byte);
                at += 3;
            }
            (None, b'-') => plain.push(b'/'),
            (None, byte) => plain.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&plain).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_without_suffix_is_a_service() {
        assert_eq!(UnitName::parse("web").unwrap().as_str(), "web.service");
        assert_eq!(
            UnitName::parse("web.socket").unwrap().as_str(),
            "web.socket"
        );
        assert_eq!(
            UnitName::parse("web.foo").unwrap().as_str(),
            "web.foo.service"
        );
    }

    #[test]
    fn a_name_that_could_leave_the_unit_directory_is_refused() {
        for name in ["", "a/b", "../x.service", ".hidden", "a b", "@1.service"] {
            assert!(UnitName::parse(name).is_err(), "{name}");
        }
    }

    #[test]
    fn specifiers_are_replaced() {
        let name = UnitName::parse("hello-server-0@var-lib\\x2d1.socket").unwrap();
        for (text, expanded) in [
            ("%i", "var-lib\\x2d1"),
            ("%I", "var/lib-1"),
            ("%n", "hello-server-0@var-lib\\x2d1.socket"),
            ("%N", "hello-server-0@var-lib\\x2d1"),
            ("%p@%i.service", "hello-server-0@var-lib\\x2d1.service"),
            ("%P", "hello/server/0"),
            ("100%%", "100%"),
        ] {
            assert_eq!(name.expand_specifiers(text).unwrap(), expanded, "{text}");
        }
        assert!(name.expand_specifiers("%t/x").unwrap_err().contains("%t"));
    }
}
