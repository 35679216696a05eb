//! The names of charms and applications.

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
