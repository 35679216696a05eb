//! The order of a mapping's keys: letters after anything else, and numbers by value, so that `a9` is before `a10`.

/// The fields in that order.
pub(super) fn by_key<T>(fields: Vec<(String, T)>) -> Vec<(String, T)> {
    // Not a library sort: the order is not transitive for every set of keys, and those may panic then.
    let mut sorted: Vec<(String, T)> = Vec::with_capacity(fields.len());
    for field in fields {
        let place = sorted.partition_point(|before| is_less(&before.0, &field.0));
        sorted.insert(place, field);
    }
    sorted
}

fn is_less(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let Some(i) = a.iter().zip(&b).position(|(a, b)| a != b) else {
        return a.len() < b.len();
    };
    match (a[i].is_alphabetic(), b[i].is_alphabetic()) {
        (true, true) => a[i] < b[i],
        (false, false) => {
            // Zeros count only after another digit: 100 is more than 10, 007 is not more than 7.
            let after_digit = a[..i]
                .iter()
                .rev()
                .take_while(|c| c.is_ascii_digit())
                .any(|c| *c != '0');
            let first = i64::from((a[i] == '0' || b[i] == '0') && after_digit);
            (number(first, &a[i..]), a[i]) < (number(first, &b[i..]), b[i])
        }
        (_, b_is_letter) => b_is_letter,
    }
}

/// The value of the digits at the start, after a first one, and how many they are.
fn number(first: i64, text: &[char]) -> (i64, usize) {
    let digits = text.iter().map_while(|c| c.to_digit(10));
    digits.fold((first, 0), |(number, count), digit| {
        (
            number.wrapping_mul(10).wrapping_add(i64::from(digit)),
            count + 1,
        )
    })
}
