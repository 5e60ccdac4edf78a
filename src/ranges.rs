//! Indices as people write them: `0-3,11`.

use std::fmt::Display;

/// Ascending indices as ranges, both ends included.
pub fn ranges(indices: &[usize]) -> Vec<(usize, usize)> {
    let mut ranges: Vec<(usize, usize)> = Vec::new();
    for &index in indices {
        match ranges.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(index) => *last = index,
            _ => ranges.push((index, index)),
        }
    }
    ranges
}

/// Ranges as a text, with `to` between the ends of each and `and` between them.
pub fn joined<T: Display + PartialEq>(ranges: &[(T, T)], to: &str, and: &str) -> String {
    let words = ranges.iter().map(|(first, last)| match first == last {
        true => first.to_string(),
        false => format!("{first}{to}{last}"),
    });
    words.collect::<Vec<_>>().join(and)
}
