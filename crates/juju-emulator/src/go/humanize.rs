//! How long ago something was, as the Go library humanize says it.

use jiff::Timestamp;

/// `now`, `1 second ago`, `16 minutes ago`, `2 weeks ago`.
pub(crate) fn ago(then: Timestamp, now: Timestamp) -> String {
    const UNITS: [(i64, &str); 7] = [
        (365 * 86400, "year"),
        (30 * 86400, "month"),
        (7 * 86400, "week"),
        (86400, "day"),
        (3600, "hour"),
        (60, "minute"),
        (1, "second"),
    ];
    let seconds = now.as_second() - then.as_second();
    let unit = UNITS.into_iter().find(|(unit, _)| seconds >= *unit);
    match unit.map(|(unit, name)| (seconds / unit, name)) {
        None => "now".to_owned(),
        Some((1, name)) => format!("1 {name} ago"),
        Some((number, name)) => format!("{number} {name}s ago"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_said_as_in_go() {
        for (seconds, said) in [
            (0, "now"),
            (1, "1 second ago"),
            (43, "43 seconds ago"),
            (60, "1 minute ago"),
            (990, "16 minutes ago"),
            (3600, "1 hour ago"),
            (90_000, "1 day ago"),
            (15 * 86400, "2 weeks ago"),
            (400 * 86400, "1 year ago"),
        ] {
            let now = Timestamp::from_second(seconds).unwrap();
            assert_eq!(ago(Timestamp::UNIX_EPOCH, now), said);
        }
    }
}
