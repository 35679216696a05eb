//! Times as Go writes them.

use std::time::Duration;

/// A time as Go writes it, from its units down: `1h30m`, `90s`, `0.5s`.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    let mut total = Duration::ZERO;
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..end].parse().ok()?;
        let (seconds, unit) = [(3600.0, "h"), (0.001, "ms"), (60.0, "m"), (1.0, "s")]
            .into_iter()
            .find(|(_, unit)| rest[end..].starts_with(unit))?;
        total = total.checked_add(Duration::try_from_secs_f64(number * seconds).ok()?)?;
        rest = &rest[end + unit.len()..];
    }
    (!text.is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_in_go() {
        let given_then = [
            ("5m", Some(300)),
            ("1h30m", Some(5400)),
            ("90s", Some(90)),
            ("0.5m", Some(30)),
            ("2000ms", Some(2)),
            ("", None),
            (".s", None),
            ("5", None),
            ("m", None),
            ("5d", None),
            ("99999999999999999999h", None),
        ];
        for (text, seconds) in given_then {
            assert_eq!(duration(text), seconds.map(Duration::from_secs), "{text}");
        }
    }
}
