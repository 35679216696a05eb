//! The names of charms, applications and units.

/// What Juju takes as the name of a charm or of an application, as long as a file can be named after it.
pub(crate) const NAME: &str =
    "words of lowercase letters and digits, joined by hyphens, of at most 200 characters";

/// The name of a directory has up to 255 bytes, and says more than the application: `unit-NAME-12`.
const LONGEST: usize = 200;

/// Whether Juju takes it as a name: it starts with a letter, and each of its words has one.
pub(crate) fn is_name(name: &str) -> bool {
    let is_word = |word: &str| {
        word.chars().any(|c| c.is_ascii_lowercase())
            && word
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
    };
    name.len() <= LONGEST
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.split('-').all(is_word)
}

/// Whether Juju takes it as the name of a unit: `app/0`, but not `app/00`.
pub(crate) fn is_unit(name: &str) -> bool {
    name.split_once('/')
        .is_some_and(|(application, number)| is_name(application) && is_machine(number))
}

/// Whether Juju takes it as the name of an action, and of a parameter or result: `max-size`.
pub(crate) fn is_action(name: &str) -> bool {
    let is_alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let ends = [name.bytes().next(), name.bytes().last()];
    ends.into_iter().all(|end| end.is_some_and(is_alphanumeric))
        && name
            .bytes()
            .all(|byte| is_alphanumeric(byte) || byte == b'-')
}

/// Whether Juju takes it as the number of a machine: `0`, but not `00`. Machines in machines, `0/lxd/1`, are none here.
pub(crate) fn is_machine(number: &str) -> bool {
    let is_number = !number.is_empty() && number.chars().all(|c| c.is_ascii_digit());
    is_number && (number == "0" || !number.starts_with('0'))
}

/// Whether Juju takes it as the id of a storage: `data/0`.
pub(crate) fn is_storage(id: &str) -> bool {
    is_unit(id)
}

/// Whether it is the name of a unit, or of whichever unit leads an application: `app/leader`.
pub(crate) fn is_unit_or_leader(name: &str) -> bool {
    is_unit(name) || name.strip_suffix("/leader").is_some_and(is_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_units_name_is_its_applications_and_a_number() {
        for name in ["app/0", "a-b2c/10"] {
            assert!(is_unit(name) && is_unit_or_leader(name), "{name}");
        }
        for name in [
            "app",
            "app/",
            "app/00",
            "app/-1",
            "app/leader",
            "-a/0",
            "A/0",
            "a/b/0",
            "a/0/1",
        ] {
            assert!(!is_unit(name), "{name}");
        }
        assert!(is_unit_or_leader("app/leader") && !is_unit_or_leader("/leader"));
    }
}
