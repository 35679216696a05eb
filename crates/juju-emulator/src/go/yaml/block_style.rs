//! Values in YAML's block style, quoted and folded as yaml.v2 does it.

use serde_json::{Map, Value};

use crate::go::strconv::yaml_number;
use crate::go::yaml::{resolve, sort};

/// Where a line is folded, at the next blank.
const WIDTH: usize = 80;

/// Writes a value, its keys sorted, with one newline at the end; nothing at all for null.
pub(crate) fn document(value: &Value) -> String {
    Writer::default().document(value)
}

/// Writes a value as [`document`] does, but with its keys in their order, as yaml.v2 does for Go's structs.
pub(crate) fn document_in_order(value: &Value) -> String {
    document_with_times(value, &[])
}

/// Writes a value as [`document_in_order`] does; what is under these keys are times, which have no quotes as texts have.
pub(crate) fn document_with_times(value: &Value, times: &'static [&'static str]) -> String {
    let in_order = true;
    let writer = Writer {
        in_order,
        times,
        ..Writer::default()
    };
    writer.document(value)
}

#[derive(Default)]
struct Writer {
    in_order: bool,
    times: &'static [&'static str],
    text: String,
    column: usize,
}

impl Writer {
    fn document(mut self, value: &Value) -> String {
        match value {
            Value::Null => return String::new(),
            Value::Object(fields) if !fields.is_empty() => self.mapping(fields, 0),
            Value::Array(items) if !items.is_empty() => self.sequence(items, 0),
            scalar => self.scalar(scalar, 2),
        }
        self.text.truncate(self.text.trim_end_matches('\n').len());
        self.text + "\n"
    }

    fn put(&mut self, c: char) {
        self.text.push(c);
        self.column += 1;
    }

    fn put_all(&mut self, text: &str) {
        text.chars().for_each(|c| self.put(c));
    }

    fn new_line(&mut self, indent: usize) {
        self.text.push('\n');
        self.text.extend(std::iter::repeat_n(' ', indent));
        self.column = indent;
    }

    fn mapping(&mut self, fields: &Map<String, Value>, indent: usize) {
        let fields = if self.in_order {
            fields.iter().collect()
        } else {
            sort::by_key(fields)
        };
        for (n, (key, value)) in fields.into_iter().enumerate() {
            if n > 0 {
                self.new_line(indent);
            }
            self.string(key, None);
            self.put(':');
            match value {
                Value::Object(fields) if !fields.is_empty() => {
                    self.new_line(indent + 2);
                    self.mapping(fields, indent + 2);
                }
                Value::Array(items) if !items.is_empty() => {
                    self.new_line(indent);
                    self.sequence(items, indent);
                }
                Value::String(time) if self.times.contains(&key.as_str()) => {
                    self.put(' ');
                    self.put_all(time);
                }
                scalar => {
                    self.put(' ');
                    self.scalar(scalar, indent + 2);
                }
            }
        }
    }

    fn sequence(&mut self, items: &[Value], indent: usize) {
        for (n, item) in items.iter().enumerate() {
            if n > 0 {
                self.new_line(indent);
            }
            self.put_all("- ");
            match item {
                Value::Object(fields) if !fields.is_empty() => self.mapping(fields, indent + 2),
                Value::Array(items) if !items.is_empty() => self.sequence(items, indent + 2),
                scalar => self.scalar(scalar, indent + 2),
            }
        }
    }

    /// Writes what has no block of its own; lines after its first are indented by `indent`.
    fn scalar(&mut self, value: &Value, indent: usize) {
        match value {
            Value::String(text) => self.string(text, Some(indent)),
            Value::Number(number) => {
                let text = number
                    .as_f64()
                    .map_or_else(|| number.to_string(), yaml_number);
                self.put_all(&text);
            }
            _ => self.put_all(&value.to_string()),
        }
    }

    /// Writes a string in the style that suits it; only a value, which has an `indent`, may have more than one line.
    fn string(&mut self, text: &str, indent: Option<usize>) {
        let has_newline = text.contains('\n');
        let special = !text.chars().all(is_printable) || text.contains(" \n");
        match indent {
            Some(indent) if has_newline && !special && !text.ends_with(' ') => {
                self.literal(text, indent);
            }
            _ if has_newline || special || resolve::is_ambiguous(text) => {
                self.double_quoted(text, indent);
            }
            _ if needs_quotes(text) => {
                self.put('\'');
                self.folded(&text.replace('\'', "''"), indent, 1);
                self.put('\'');
            }
            _ => self.folded(text, indent, 0),
        }
    }

    /// Writes one line of text, folded at single blanks; not within `margin` characters of its ends.
    fn folded(&mut self, text: &str, indent: Option<usize>, margin: usize) {
        let chars: Vec<char> = text.chars().collect();
        for (i, c) in chars.iter().enumerate() {
            let single_blank = *c == ' '
                && i.checked_sub(1).map(|i| chars[i]) != Some(' ')
                && chars.get(i + 1) != Some(&' ');
            let inside = i >= margin && i + margin < chars.len();
            match indent {
                Some(indent) if single_blank && inside && self.column > WIDTH => {
                    self.new_line(indent);
                }
                _ => self.put(*c),
            }
        }
    }

    fn double_quoted(&mut self, text: &str, indent: Option<usize>) {
        self.put('"');
        let chars: Vec<char> = text.chars().collect();
        for (i, c) in chars.iter().enumerate() {
            let inside = i > 0 && i + 1 < chars.len();
            match indent {
                Some(indent)
                    if *c == ' ' && inside && chars[i - 1] != ' ' && self.column > WIDTH =>
                {
                    self.new_line(indent);
                    if chars[i + 1] == ' ' {
                        self.put('\\');
                    }
                }
                _ => self.put_all(&escaped(*c)),
            }
        }
        self.put('"');
    }

    /// Writes `|` and the lines as they are; says with a digit when the first begins with a blank, and how the last ends.
    fn literal(&mut self, text: &str, indent: usize) {
        self.put('|');
        if text.starts_with([' ', '\n']) {
            self.put('2');
        }
        if !text.ends_with('\n') {
            self.put('-');
        } else if text == "\n" || text.ends_with("\n\n") {
            self.put('+');
        }
        for line in text.split_terminator('\n') {
            self.new_line(if line.is_empty() { 0 } else { indent });
            self.put_all(line);
        }
    }
}

/// Whether a string, printable and in one line, would be read as something else without quotes.
fn needs_quotes(text: &str) -> bool {
    let mut chars = text.chars();
    let blank_second = chars.clone().nth(1).is_none_or(|c| c == ' ');
    let bad_start = match chars.next() {
        Some(
            '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%'
            | '@' | '`' | ' ',
        ) => true,
        Some('?' | ':' | '-') => blank_second,
        _ => false,
    };
    bad_start
        || text.starts_with("---")
        || text.starts_with("...")
        || text.ends_with([' ', ':'])
        || text.contains(": ")
        || text.contains(" #")
}

/// Whether YAML's Go library writes a character unescaped.
fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{2027}' | '\u{202a}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}')
}

fn escaped(c: char) -> String {
    let letter = match c {
        '"' | '\\' => c,
        '\0' => '0',
        '\u{07}' => 'a',
        '\u{08}' => 'b',
        '\t' => 't',
        '\n' => 'n',
        '\u{0b}' => 'v',
        '\u{0c}' => 'f',
        '\r' => 'r',
        '\u{1b}' => 'e',
        '\u{85}' => 'N',
        '\u{2028}' => 'L',
        '\u{2029}' => 'P',
        c if is_printable(c) => return c.to_string(),
        c => {
            return match u32::from(c) {
                code @ ..=0xff => format!("\\x{code:02X}"),
                code @ ..=0xffff => format!("\\u{code:04X}"),
                code => format!("\\U{code:08X}"),
            };
        }
    };
    format!("\\{letter}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::document;

    /// Each text is what yaml.v2 wrote for the value.
    #[test]
    fn values_are_written_as_yaml_v2_writes_them() {
        let words = "word ".repeat(20);
        for (value, yaml) in [
            (json!(null), ""),
            (json!(true), "true\n"),
            (json!(1_000_000), "1e+06\n"),
            (json!({}), "{}\n"),
            (json!([]), "[]\n"),
            (json!("plain text"), "plain text\n"),
            (json!(""), "\"\"\n"),
            (json!(" blank"), "' blank'\n"),
            (json!("it's: so"), "'it''s: so'\n"),
            (json!("a\ttab"), "\"a\\ttab\"\n"),
            (json!("\u{1f600}"), "\"\\U0001F600\"\n"),
            (json!("two\nlines"), "|-\n  two\n  lines\n"),
            (json!("ends\n"), "|\n  ends\n"),
            (json!({"a": "x\n\n", "b": 1}), "a: |+\n  x\n\nb: 1\n"),
            (json!({"a": "  x\ny"}), "a: |2-\n    x\n  y\n"),
            (json!("blank \nend"), "\"blank \\nend\"\n"),
            (
                json!({ "a": words.trim() }),
                "a: word word word word word word word word word word word word word word word word\n  word word word word\n",
            ),
            (
                json!({"k": ["a", ["b", "c"], {"x": 1, "y": {}}, [], {"z": [1]}]}),
                "k:\n- a\n- - b\n  - c\n- x: 1\n  \"y\": {}\n- []\n- z:\n  - 1\n",
            ),
            (
                json!({"a10": 1, "a9": 2, "A": 3, "a-b": 4, "ab": 5}),
                "A: 3\na-b: 4\na9: 2\na10: 1\nab: 5\n",
            ),
        ] {
            assert_eq!(document(&value), yaml, "{value}");
        }
    }
}
