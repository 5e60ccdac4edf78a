//! What a file itself calls the queries and the keys: lists of texts under the
//! names that people and other programs give them.

/// Entries with the tokens of the queries, from the surest on.
const QUERIES: [&str; 6] = [
    "tokens",
    "labels",
    "query_tokens",
    "queries",
    "target_tokens",
    "left_text",
];

/// Entries with the tokens of the keys, where they are another sequence.
const KEYS: [&str; 5] = [
    "key_tokens",
    "key_labels",
    "keys",
    "source_tokens",
    "right_text",
];

/// Whether an entry may have tokens.
pub(super) fn may_be_tokens(entry: &str) -> bool {
    rank(&QUERIES, entry)
        .or_else(|| rank(&KEYS, entry))
        .is_some()
}

/// The place of a name, which a batch of one has a zero behind, and which may
/// stand within another entry.
fn rank(names: &[&str], entry: &str) -> Option<usize> {
    let entry = entry.strip_suffix(".0").unwrap_or(entry);
    let entry = entry.rsplit_once('.').map_or(entry, |(_, last)| last);
    names.iter().position(|&name| name == entry)
}

/// Of some lists by their entries, that of the queries and that of the keys.
pub(super) fn tokens_among(lists: &[(String, Vec<String>)]) -> [Option<Vec<String>>; 2] {
    [QUERIES.as_slice(), &KEYS].map(|names| {
        let ranked = lists
            .iter()
            .filter_map(|(entry, texts)| Some((rank(names, entry)?, texts)));
        let first = ranked.min_by_key(|(rank, _)| *rank);
        first.map(|(_, texts)| texts.clone())
    })
}
