//! `ExecStart=` and its kin: command lines as systemd reads them.

use std::{collections::BTreeMap, str::Chars};

use crate::unit_name::UnitName;

/// One command of `ExecStart=` or `ExecStartPre=`, specifiers replaced and variables not yet.
#[derive(Debug, PartialEq)]
pub(crate) struct ExecStart {
    program: String,
    argv: Vec<String>,
    /// `-` before the program: its failure does not count.
    pub(crate) ignore_failure: bool,
    /// `:` before the program turns this off.
    replace_variables: bool,
}

impl ExecStart {
    pub(crate) fn parse(name: &UnitName, text: &str) -> Result<Self, String> {
        let mut program = text;
        let (mut ignore_failure, mut own_argv0, mut replace_variables) = (false, false, true);
        loop {
            let prefix = program.chars().next();
            match prefix {
                Some('-') => ignore_failure = true,
                Some('@') => own_argv0 = true,
                Some(':') => replace_variables = false,
                // Privileges, which the emulated machine does not change.
                Some('+' | '!') => {}
                _ => break,
            }
            program = &program[1..];
        }
        let mut words = Vec::new();
        for word in split_words(program)? {
            if word == ";" {
                return Err(format!(
                    "several commands in one line are not part of the emulated systemctl: \"{text}\""
                ));
            }
            words.push(name.expand_specifiers(&word)?);
        }
        let mut words = words.into_iter();
        let Some(program) = words.next() else {
            return Err(format!("expected a command, found \"{text}\""));
        };
        let argv0 = if own_argv0 {
            words.next().ok_or(format!(
                "expected a name after the program, as @ asks for: \"{text}\""
            ))?
        } else {
            program.clone()
        };
        let argv = std::iter::once(argv0).chain(words).collect();
        Ok(Self {
            program,
            argv,
            ignore_failure,
            replace_variables,
        })
    }

    /// The program and its argv (the name it is called by first), with variables replaced from the service's environment.
    pub(crate) fn command_line(
        &self,
        environment: &BTreeMap<String, String>,
    ) -> (String, Vec<String>) {
        let mut argv = Vec::from_iter(self.argv.first().cloned());
        for argument in self.argv.iter().skip(1) {
            match argument.strip_prefix('$') {
                _ if !self.replace_variables => argv.push(argument.clone()),
                // A variable alone is split into words, and is nothing when it is not set.
                Some(name) if is_variable_name(name) => {
                    argv.extend(
                        environment
                            .get(name)
                            .into_iter()
                            .flat_map(|value| value.split_whitespace())
                            .map(str::to_owned),
                    );
                }
                _ => argv.push(replace_braced_variables(argument, environment)),
            }
        }
        (self.program.clone(), argv)
    }
}

fn is_variable_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && name
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || character == '_')
}

/// Replaces `${NAME}` and `$$`; any other `$` inside a word stays as it is.
fn replace_braced_variables(text: &str, environment: &BTreeMap<String, String>) -> String {
    let mut replaced = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        replaced.push_str(before);
        let variable = after
            .strip_prefix('{')
            .and_then(|after| after.split_once('}'))
            .filter(|(name, _)| is_variable_name(name));
        if let Some((name, after)) = variable {
            replaced.push_str(environment.get(name).map_or("", String::as_str));
            rest = after;
        } else {
            replaced.push('$');
            rest = after.strip_prefix('$').unwrap_or(after);
        }
    }
    replaced + rest
}

/// Splits at white space as systemd does: quotes may stand anywhere in a word, backslash escapes are C's.
pub(crate) fn split_words(text: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (None, '"' | '\'') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (Some(open), _) if open == character => quote = None,
            (None, _) if character.is_whitespace() => words.extend(word.take()),
            (_, '\\') => word
                .get_or_insert_default()
                .push_str(&unescape(&mut characters, text)?),
            _ => word.get_or_insert_default().push(character),
        }
    }
    if quote.is_some() {
        return Err(format!("expected a closing quote in \"{text}\""));
    }
    words.extend(word);
    Ok(words)
}

/// Reads what follows a backslash; an unknown escape stays as it is.
fn unescape(characters: &mut Chars<'_>, text: &str) -> Result<String, String> {
    let Some(escape) = characters.next() else {
        return Err(format!(
            "expected a character after the last \\ in \"{text}\""
        ));
    };
    let plain = match escape {
        'a' => '\u{7}',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        's' => ' ',
        't' => '\t',
        'v' => '\u{b}',
        '\\' | '"' | '\'' => escape,
        'x' | 'u' | 'U' => {
            let digits: String = characters
                .by_ref()
                .take(match escape {
                    'x' => 2,
                    'u' => 4,
                    _ => 8,
                })
                .collect();
            let character = u32::from_str_radix(&digits, 16)
                .ok()
                .and_then(char::from_u32);
            // \x names a byte, and a byte above 127 alone is no text.
            character
                .filter(|character| *character != '\0' && (escape != 'x' || character.is_ascii()))
                .ok_or_else(|| format!("\\{escape}{digits} in \"{text}\" is no character"))?
        }
        _ => return Ok(format!("\\{escape}")),
    };
    Ok(plain.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn argv(text: &str) -> Vec<String> {
        let environment = BTreeMap::from([
            ("A".to_owned(), "1".to_owned()),
            ("B".to_owned(), "2 3".to_owned()),
        ]);
        let name = UnitName::parse("web@8000.service").unwrap();
        ExecStart::parse(&name, text)
            .unwrap()
            .command_line(&environment)
            .1
    }

    // What systemd 252 made of this command line.
    #[test]
    fn words_are_quoted_and_variables_replaced_as_systemd_does() {
        let text = r#"/usr/bin/printf "<%%s>" "a b" 'c d' "e\"f" g\x41h $A ${B} "$B" $B x${A}y x$A $$A $UNSET z ${UNSET} 'q'r "s"t"#;
        let expected = [
            "/usr/bin/printf",
            "<%s>",
            "a b",
            "c d",
            "e\"f",
            "gAh",
            "1",
            "2 3",
            "2",
            "3",
            "2",
            "3",
            "x1y",
            "x$A",
            "$A",
            "z",
            "",
            "qr",
            "st",
        ];
        assert_eq!(argv(text), expected);
    }

    #[test]
    fn prefixes_are_read() {
        assert_eq!(argv("@/bin/server my-server %i"), ["my-server", "8000"]);
        assert_eq!(argv(":/bin/echo ${A}"), ["/bin/echo", "${A}"]);
        assert_eq!(argv("+!/bin/true"), ["/bin/true"]);
        let name = UnitName::parse("web@8000.service").unwrap();
        assert!(
            ExecStart::parse(&name, "-/bin/false")
                .unwrap()
                .ignore_failure
        );
    }

    #[test]
    fn a_command_that_cannot_be_read_is_refused() {
        let name = UnitName::parse("web.service").unwrap();
        for text in [
            "",
            "-",
            "/bin/echo 'a",
            "/bin/echo a ; /bin/echo b",
            "/bin/echo \\",
            "/bin/echo \\xzz",
            "/bin/echo %t",
            "@/bin/echo",
        ] {
            assert!(ExecStart::parse(&name, text).is_err(), "{text}");
        }
    }
}
