//! The names of charms and applications.

/// What Juju takes as the name of a charm or of an application.
pub(crate) const NAME: &str = "words of lowercase letters and digits, joined by hyphens";

/// Whether Juju takes it as a name: it starts with a letter, and each of its words has one.
pub(crate) fn is_name(name: &str) -> bool {
    let is_word = |word: &str| {
        word.chars().any(|c| c.is_ascii_lowercase())
            && word
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
    };
    name.starts_with(|c: char| c.is_ascii_lowercase()) && name.split('-').all(is_word)
}
