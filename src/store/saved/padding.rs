//! Padding of a batch: units at the end that attend to nothing and that
//! nothing attends to. A softmax over keys that are all masked is NaN, and what
//! is masked gets 0.

/// How many queries and keys there are before the padding: those at the end
/// whose values are NaN or 0 in every head are left out. A unit that is a query
/// and a key (`is_one_sequence`) has to be blank as both. `values` are maps of
/// `[query, key]`; attention that is blank throughout has no padding.
pub(super) fn without_padding(
    values: &[f32],
    [queries, keys]: [usize; 2],
    is_one_sequence: bool,
) -> [usize; 2] {
    let is_blank = |value: &f32| *value == 0.0 || value.is_nan();
    let maps = || values.chunks_exact((queries * keys).max(1));
    let is_blank_row = |query: usize| {
        let row = query * keys..(query + 1) * keys;
        maps().all(|map| {
            map.get(row.clone())
                .is_some_and(|row| row.iter().all(is_blank))
        })
    };
    let is_blank_column = |key: usize, queries: usize| {
        maps().all(|map| {
            map.iter()
                .skip(key)
                .step_by(keys.max(1))
                .take(queries)
                .all(is_blank)
        })
    };
    let mut kept = [queries, keys];
    if is_one_sequence {
        while kept[0] > 0 && is_blank_row(kept[0] - 1) && is_blank_column(kept[0] - 1, queries) {
            kept = [kept[0] - 1; 2];
        }
    } else {
        while kept[0] > 0 && is_blank_row(kept[0] - 1) {
            kept[0] -= 1;
        }
        while kept[1] > 0 && is_blank_column(kept[1] - 1, kept[0]) {
            kept[1] -= 1;
        }
    }
    match kept.contains(&0) {
        true => [queries, keys],
        false => kept,
    }
}

/// The first queries and keys of every map.
pub(super) fn cut(values: &[f32], [queries, keys]: [usize; 2], kept: [usize; 2]) -> Vec<f32> {
    let [kept_queries, kept_keys] = kept;
    values
        .chunks_exact((queries * keys).max(1))
        .flat_map(|map| map.chunks_exact(keys.max(1)).take(kept_queries))
        .flat_map(|row| row.iter().take(kept_keys).copied())
        .collect()
}

/// What was cut off, as sentences without a full stop.
pub(super) fn notes(
    [queries, keys]: [usize; 2],
    kept: [usize; 2],
    is_one_sequence: bool,
) -> Vec<String> {
    let of = |noun: &str, count: usize, kept: usize| {
        let last = match count - kept {
            0 => return None,
            1 => format!("the last of {count} {noun} is"),
            cut => format!("the last {cut} of {count} {noun} are"),
        };
        Some(format!(
            "{last} NaN or 0 in every head and cut off as padding"
        ))
    };
    let notes = match is_one_sequence {
        true => [of("tokens", queries, kept[0]), None],
        false => [of("queries", queries, kept[0]), of("keys", keys, kept[1])],
    };
    notes.into_iter().flatten().collect()
}
