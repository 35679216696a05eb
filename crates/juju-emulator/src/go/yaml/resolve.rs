//! What a plain scalar stands for in YAML 1.1, as Go's library reads it: `yes`, `0x1f`, `8_000`, `2024-02-29`.

use crate::go::strconv::parse_int;

/// What a scalar without quotes and without a tag is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Resolved {
    Null,
    Bool(bool),
    Int(i64),
    /// A whole number that only fits without a sign.
    Uint(u64),
    Float(f64),
    /// It is read as text, and written in quotes.
    Timestamp,
    Text,
}

pub(super) fn resolve(text: &str) -> Resolved {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Resolved::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            return Resolved::Bool(true);
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return Resolved::Bool(false);
        }
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => {
            return Resolved::Float(f64::INFINITY);
        }
        "-.inf" | "-.Inf" | "-.INF" => return Resolved::Float(f64::NEG_INFINITY),
        ".nan" | ".NaN" | ".NAN" => return Resolved::Float(f64::NAN),
        _ => {}
    }
    if !text.starts_with(['.', '+', '-']) && !text.starts_with(|c: char| c.is_ascii_digit()) {
        return Resolved::Text;
    }
    if is_timestamp(text) {
        return Resolved::Timestamp;
    }
    let plain = if text.starts_with('.') {
        text.to_owned()
    } else {
        text.replace('_', "")
    };
    if let Some(number) = parse_int(&plain) {
        return match i64::try_from(number) {
            Ok(number) => Resolved::Int(number),
            Err(_) if plain.starts_with(['+', '-']) => Resolved::Text,
            Err(_) => u64::try_from(number).map_or(Resolved::Text, Resolved::Uint),
        };
    }
    float(&plain).map_or(Resolved::Text, Resolved::Float)
}

/// Whether a string needs quotes to stay a string.
pub(super) fn is_ambiguous(text: &str) -> bool {
    resolve(text) != Resolved::Text || is_base_60(text.strip_prefix(['+', '-']).unwrap_or(text))
}

/// `1`, `-.5`, `2.`, `6.02e23`.
fn float(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_decimal = unsigned.starts_with(|c: char| c == '.' || c.is_ascii_digit())
        && unsigned
            .chars()
            .all(|c| matches!(c, '0'..='9' | '.' | 'e' | 'E' | '+' | '-'));
    let number = text.parse().ok().filter(|number: &f64| number.is_finite());
    number.filter(|_| is_decimal)
}

/// `12:30`, `1:02:03.5`: numbers to the base of 60, which other readers of YAML know.
fn is_base_60(unsigned: &str) -> bool {
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let mut parts = whole.split(':');
    let is_digit_or_line = |c: char| c.is_ascii_digit() || c == '_';
    let first = parts.next().unwrap_or_default();
    let rest: Vec<&str> = parts.collect();
    first.starts_with(|c: char| c.is_ascii_digit())
        && first.chars().all(is_digit_or_line)
        && fraction.chars().all(is_digit_or_line)
        && !rest.is_empty()
        && rest
            .iter()
            .all(|part| matches!(part.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9']))
}

/// `2024-02-29`, `2024-2-29 1:02:03`, `2024-02-29T01:02:03.5+01:00`.
fn is_timestamp(text: &str) -> bool {
    let (date, time) = match text.split_once([' ', 'T', 't']) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let zoned = text[date.len()..].starts_with(['T', 't']);
    is_date(date)
        && match time {
            None => true,
            Some(time) if zoned => {
                let Some(zone) = time.find(['Z', '+', '-']) else {
                    return false;
                };
                is_time(&time[..zone]) && is_zone(&time[zone..])
            }
            Some(time) => is_time(time),
        }
}

fn is_date(date: &str) -> bool {
    let [year, month, day] = date.split('-').collect::<Vec<_>>()[..] else {
        return false;
    };
    let (Some(month), Some(day)) = (short_number(month), short_number(day)) else {
        return false;
    };
    let Some(year) = year.parse::<u32>().ok().filter(|_| year.len() == 4) else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1..=days).contains(&day)
}

fn is_time(time: &str) -> bool {
    let (time, fraction) = time.split_once(['.', ',']).unwrap_or((time, "0"));
    let [hour, minute, second] = time.split(':').map(short_number).collect::<Vec<_>>()[..] else {
        return false;
    };
    let below = |number: Option<u32>, limit| number.is_some_and(|number| number < limit);
    below(hour, 24)
        && below(minute, 60)
        && below(second, 60)
        && !fraction.is_empty()
        && fraction.chars().all(|c| c.is_ascii_digit())
}

fn is_zone(zone: &str) -> bool {
    let numbers = zone[1..].split_once(':').map(|(hour, minute)| {
        (
            hour.len(),
            short_number(hour),
            minute.len(),
            short_number(minute),
        )
    });
    zone == "Z"
        || (!zone.starts_with('Z') && matches!(numbers, Some((2, Some(0..=24), 2, Some(0..=60)))))
}

/// A number of one or two digits.
fn short_number(text: &str) -> Option<u32> {
    text.parse()
        .ok()
        .filter(|_| (1..=2).contains(&text.len()) && text.bytes().all(|c| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::{Resolved, is_ambiguous, resolve};

    #[test]
    fn what_reads_as_something_else_needs_quotes() {
        for text in [
            "",
            "yes",
            "~",
            ".inf",
            "-.inf",
            "12",
            "1_000",
            "0x1f",
            "0b101",
            "-0o17",
            "6.02e23",
            ".5",
            "12:30",
            "1:02:03.5",
            "2024-02-29",
            "2024-2-9 1:02:03.5",
            "2024-02-29T01:02:03Z",
            "2024-02-29t01:02:03+01:00",
        ] {
            assert!(is_ambiguous(text), "{text}");
        }
        for text in [
            "yess",
            "-",
            "1.2.3",
            "0xg",
            "1e999",
            "12:60",
            "10.0.0.1",
            "2023-02-29",
            "2024-13-01",
            "2024-01-01T01:02:03",
            "2024-01-01 25:00:00",
            "0x1ffffffffffffffff",
        ] {
            assert!(!is_ambiguous(text), "{text}");
        }
    }

    #[test]
    fn plain_scalars_are_read_as_yaml_1_1() {
        for (text, value) in [
            ("~", Resolved::Null),
            ("Off", Resolved::Bool(false)),
            ("y", Resolved::Bool(true)),
            ("8_000", Resolved::Int(8000)),
            ("010", Resolved::Int(8)),
            ("08", Resolved::Float(8.0)),
            ("-0x10", Resolved::Int(-16)),
            ("18446744073709551615", Resolved::Uint(u64::MAX)),
            ("1e3", Resolved::Float(1000.0)),
            ("2024-01-01", Resolved::Timestamp),
            ("12:30", Resolved::Text),
            ("1_0_", Resolved::Int(10)),
            ("yess", Resolved::Text),
        ] {
            assert_eq!(resolve(text), value, "{text}");
        }
    }
}
