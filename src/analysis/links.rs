//! The strongest links of a map, for lists beside it.

/// How much a query attends to a key.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Link {
    /// Zero-based row.
    pub query: usize,
    /// Zero-based column.
    pub key: usize,
    /// The attention.
    pub value: f32,
}

/// The `count` greatest cells of a map of shape `[query, key]`, the greatest
/// first, equal ones in the order of their rows and columns.
pub fn strongest_links(map: &[f32], key_count: usize, count: usize) -> Vec<Link> {
    let mut links: Vec<Link> = map
        .iter()
        .enumerate()
        .map(|(index, &value)| Link {
            query: index / key_count.max(1),
            key: index % key_count.max(1),
            value,
        })
        // What a mask forbids is no link.
        .filter(|link| !link.value.is_nan())
        .collect();
    let order = |left: &Link, right: &Link| {
        right
            .value
            .total_cmp(&left.value)
            .then((left.query, left.key).cmp(&(right.query, right.key)))
    };
    if count < links.len() {
        // Only the front has to be in order.
        links.select_nth_unstable_by(count, order);
        links.truncate(count);
    }
    links.sort_unstable_by(order);
    links
}
