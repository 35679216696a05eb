//! Text as Go writes it: Juju's messages and outputs show values in these forms.

/// Quotes `text` as Go's `%q` does: `two` becomes `"two"`.
pub(crate) fn quote(text: &str) -> String {
    let quoted: String = text.chars().map(quote_char).collect();
    format!("\"{quoted}\"")
}

fn quote_char(c: char) -> String {
    match c {
        '"' | '\\' => format!("\\{c}"),
        '\u{07}' => "\\a".to_owned(),
        '\u{08}' => "\\b".to_owned(),
        '\u{0c}' => "\\f".to_owned(),
        '\n' => "\\n".to_owned(),
        '\r' => "\\r".to_owned(),
        '\t' => "\\t".to_owned(),
        '\u{0b}' => "\\v".to_owned(),
        c if is_printable(c) => c.to_string(),
        c if c.is_ascii() => format!("\\x{:02x}", u32::from(c)),
        c if u32::from(c) < 0x10000 => format!("\\u{:04x}", u32::from(c)),
        c => format!("\\U{:08x}", u32::from(c)),
    }
}

/// Quotes a list as Go's `%q` does: `["b" "c"]`.
pub(crate) fn quote_list(texts: &[String]) -> String {
    let quoted: Vec<String> = texts.iter().map(|text| quote(text)).collect();
    format!("[{}]", quoted.join(" "))
}

/// Whether Go calls `c` printable. Only a string's first combining mark is escaped by Rust and not by Go, hence the `a`.
fn is_printable(c: char) -> bool {
    c == '\'' || format!("a{c}").escape_debug().eq(['a', c])
}

/// Reads a decimal number as Go's `strconv.Atoi`: `+80` and `080` are 80. The error is Go's text.
pub(crate) fn atoi(text: &str) -> Result<i64, String> {
    let failed = |why| Err(format!("strconv.Atoi: parsing {}: {why}", quote(text)));
    let (negative, digits) = match text.as_bytes() {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] | digits => (false, digits),
    };
    if digits.is_empty() {
        return failed("invalid syntax");
    }
    let mut number: u64 = 0;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return failed("invalid syntax");
        }
        let next = number
            .checked_mul(10)
            .and_then(|n| n.checked_add(u64::from(digit - b'0')));
        match next {
            Some(next) => number = next,
            None => return failed("value out of range"),
        }
    }
    let signed = if negative {
        0_i64.checked_sub_unsigned(number)
    } else {
        0_i64.checked_add_unsigned(number)
    };
    signed.map_or_else(|| failed("value out of range"), Ok)
}

/// Reads a whole number with a prefix that says its base, as Go's `strconv.ParseInt` does for base 0: `0x1f`, `0b101`, `010`,
/// `8_000`. Go's callers then see to its size.
pub(crate) fn parse_int(text: &str) -> Option<i128> {
    let (sign, unsigned) = match text.as_bytes().first()? {
        b'-' => (-1, &text[1..]),
        b'+' => (1, &text[1..]),
        _ => (1, text),
    };
    let lower = unsigned.to_ascii_lowercase();
    let (radix, digits) = match lower.get(..2) {
        Some("0x") => (16, &lower[2..]),
        Some("0o") => (8, &lower[2..]),
        Some("0b") => (2, &lower[2..]),
        _ if lower.len() > 1 && lower.starts_with('0') => (8, &lower[1..]),
        _ => (10, &lower[..]),
    };
    let has_prefix = digits.len() < lower.len();
    let groups: Vec<_> = digits.split('_').collect();
    // A line stands between digits, or between the prefix and a digit.
    let lines_are_right = |(n, group): (usize, &&str)| {
        let is_first = n == 0 && has_prefix && groups.len() > 1;
        is_first || (!group.is_empty() && group.chars().all(|c| c.is_digit(radix)))
    };
    if !groups.iter().enumerate().all(lines_are_right) {
        return None;
    }
    let number = i128::from_str_radix(&groups.concat(), radix).ok()?;
    (number <= u64::MAX.into()).then_some(sign * number)
}

/// Reads a truth value as Go's `strconv.ParseBool`. The error is Go's text.
pub(crate) fn parse_bool(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Ok(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Ok(false),
        _ => Err(format!(
            "strconv.ParseBool: parsing {}: invalid syntax",
            quote(text)
        )),
    }
}

/// Writes a number as Go's JSON does: with an exponent below 1e-6 and from 1e+21 on.
pub(crate) fn json_number(number: f64) -> String {
    let size = number.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        with_exponent(number, 1)
    } else {
        number.to_string()
    }
}

/// Writes a number as Go's YAML does: with an exponent below 1e-04 and from 1e+06 on, as in `5.24288e+06`.
pub(crate) fn yaml_number(number: f64) -> String {
    let size = number.abs();
    if size != 0.0 && !(1e-4..1e6).contains(&size) {
        with_exponent(number, 2)
    } else {
        number.to_string()
    }
}

/// Writes `1e+06` where Rust writes `1e6`.
fn with_exponent(number: f64, min_digits: usize) -> String {
    let text = format!("{number:e}");
    match text.split_once('e') {
        Some((mantissa, exponent)) => {
            let (sign, digits) = exponent
                .strip_prefix('-')
                .map_or(('+', exponent), |digits| ('-', digits));
            format!("{mantissa}e{sign}{digits:0>min_digits$}")
        }
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_quoted_as_go_quotes_them() {
        for (text, quoted) in [
            ("two", r#""two""#),
            ("it's \"so\" \\", r#""it's \"so\" \\""#),
            ("a\tb\nc\0d\u{7f}", r#""a\tb\nc\x00d\x7f""#),
            (
                "é\u{301}\u{a0}\u{1f600}\u{e0001}",
                "\"é\u{301}\\u00a0\u{1f600}\\U000e0001\"",
            ),
        ] {
            assert_eq!(quote(text), quoted);
        }
    }

    #[test]
    fn numbers_are_read_as_go_reads_them() {
        for (text, number) in [
            ("80", 80),
            ("080", 80),
            ("+80", 80),
            ("-1", -1),
            ("9223372036854775807", i64::MAX),
        ] {
            assert_eq!(atoi(text), Ok(number), "{text}");
        }
        for (text, why) in [
            ("", "invalid syntax"),
            ("+", "invalid syntax"),
            (" 80", "invalid syntax"),
            ("0x10", "invalid syntax"),
            ("9223372036854775808", "value out of range"),
            ("99999999999999999999x", "value out of range"),
        ] {
            assert_eq!(
                atoi(text),
                Err(format!("strconv.Atoi: parsing \"{text}\": {why}"))
            );
        }
    }

    #[test]
    fn numbers_with_a_base_are_read_as_go_reads_them() {
        for (text, number) in [
            ("3", Some(3)),
            ("-3", Some(-3)),
            ("+0x1F", Some(31)),
            ("010", Some(8)),
            ("0o17", Some(15)),
            ("0b_101", Some(5)),
            ("0_7", Some(7)),
            ("8_000", Some(8000)),
            ("0", Some(0)),
            ("", None),
            ("-", None),
            ("_8", None),
            ("8_", None),
            ("8__0", None),
            ("08", None),
            ("0x", None),
            ("0x-1", None),
            ("1.0", None),
            ("é", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(parse_int(text), number, "{text}");
        }
    }

    #[test]
    fn numbers_are_written_as_go_writes_them() {
        for (number, json, yaml) in [
            (0.0, "0", "0"),
            (45.0, "45", "45"),
            (-1.5, "-1.5", "-1.5"),
            (999_999.0, "999999", "999999"),
            (1_000_000.0, "1000000", "1e+06"),
            (5_242_880.0, "5242880", "5.24288e+06"),
            (0.0001, "0.0001", "0.0001"),
            (0.00001, "0.00001", "1e-05"),
            (1e-7, "1e-7", "1e-07"),
            (1e21, "1e+21", "1e+21"),
            (1e100, "1e+100", "1e+100"),
        ] {
            assert_eq!(json_number(number), json);
            assert_eq!(yaml_number(number), yaml);
        }
    }
}
