//! The ids of secrets: twenty digits and letters.

use std::io;

use crate::go::strconv::quote;
use crate::go::uuid;

/// The bare id in `secret:ID`, `secret://MODEL/ID` or `ID`. The error is Juju's text.
pub(crate) fn parse(text: &str) -> Result<String, String> {
    let path = match text.strip_prefix("secret:") {
        Some(path) => path.strip_prefix("//").unwrap_or(path),
        None => text,
    };
    let id = path.rsplit_once('/').map_or(path, |(_, id)| id);
    let is_id = id.len() == 20
        && id
            .bytes()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    if is_id {
        Ok(id.to_owned())
    } else {
        Err(format!("secret URI {} not valid", quote(text)))
    }
}

/// A new id, from the kernel's random numbers.
pub(crate) fn random() -> io::Result<String> {
    const DIGITS: &[u8] = b"0123456789abcdefghijklmnopqrstuv";
    let hex = uuid::random_hex()? + &uuid::random_hex()?;
    let pairs = hex.as_bytes().chunks(2).take(20);
    let digit = |pair: &[u8]| {
        let number = std::str::from_utf8(pair)
            .ok()
            .and_then(|pair| usize::from_str_radix(pair, 16).ok());
        char::from(DIGITS[number.unwrap_or_default() % DIGITS.len()])
    };
    Ok(pairs.map(digit).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_in_all_forms() {
        let id = "9m4e2mr0ui3e8a215n4g";
        for form in [
            "",
            "secret:",
            "secret://1c46cb1a-2b1e-4a62-8ef1-1b2f1d6a1d5b/",
        ] {
            assert_eq!(parse(&format!("{form}{id}")).as_deref(), Ok(id));
        }
        for text in ["", "secret:", "user", "secret:9M4E2MR0UI3E8A215N4G"] {
            let refusal = format!("secret URI \"{text}\" not valid");
            assert_eq!(parse(text), Err(refusal));
        }
    }

    #[test]
    fn a_new_id_is_one() {
        let (one, other) = (random().unwrap(), random().unwrap());
        assert!(parse(&one).is_ok() && one != other, "{one} {other}");
    }
}
