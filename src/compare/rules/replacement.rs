//! Words of a text, replaced by others.

/// A text with words replaced, all at once and each as a whole word: `he` is
/// no part of `the`.
///
/// # Errors
/// The words that are not there.
pub fn replaced(text: &str, pairs: &[(String, String)]) -> Result<String, Vec<String>> {
    let mut output = String::with_capacity(text.len());
    let mut is_used = vec![false; pairs.len()];
    let mut position = 0;
    while let Some(rest) = text.get(position..).filter(|rest| !rest.is_empty()) {
        let before = text.get(..position).and_then(|text| text.chars().last());
        // Of several that begin here, the longest.
        let found = pairs
            .iter()
            .enumerate()
            .filter(|(_, (from, _))| !from.is_empty() && is_word_at(before, rest, from))
            .max_by_key(|(_, (from, _))| from.len());
        match found {
            Some((index, (from, to))) => {
                output.push_str(to);
                is_used[index] = true;
                position += from.len();
            }
            None => {
                let letter = rest.chars().next().unwrap_or_default();
                output.push(letter);
                position += letter.len_utf8();
            }
        }
    }
    let unused = pairs.iter().zip(&is_used).filter(|(_, used)| !**used);
    let unused: Vec<String> = unused.map(|((from, _), _)| from.clone()).collect();
    match unused.is_empty() {
        true => Ok(output),
        false => Err(unused),
    }
}

/// Whether a word begins here that is no part of a longer one.
fn is_word_at(before: Option<char>, rest: &str, word: &str) -> bool {
    let Some(behind) = rest.strip_prefix(word) else {
        return false;
    };
    let joins = |one: Option<char>, other: Option<char>| {
        one.is_some_and(char::is_alphanumeric) && other.is_some_and(char::is_alphanumeric)
    };
    !joins(before, word.chars().next()) && !joins(word.chars().last(), behind.chars().next())
}
