//! Prefix codes of deflate: lengths that suit how often symbols occur, and the
//! codes that follow from them.

/// Code lengths, at most `limit` bits, for symbols that occur so often; 0 for
/// those that do not. Always at least one symbol gets a code.
pub(super) fn code_lengths(counts: &[u32], limit: usize, lengths: &mut [u8]) {
    lengths.fill(0);
    let mut leaves: Vec<(u32, u16)> = (0_u16..)
        .zip(counts)
        .filter(|&(_, &count)| count > 0)
        .map(|(symbol, &count)| (count, symbol))
        .collect();
    leaves.sort_unstable();
    let depths = limited(&tree_depths(&leaves), limit, leaves.len());
    // The rarest symbols get the longest codes.
    let mut rarest = leaves.iter();
    for (depth, &count) in depths.iter().enumerate().rev() {
        for (_, symbol) in rarest.by_ref().take(count) {
            if let Some(length) = lengths.get_mut(usize::from(*symbol)) {
                // At most 15.
                *length = depth as u8;
            }
        }
    }
}

/// How many leaves of the Huffman tree are so deep. `leaves` ascend.
fn tree_depths(leaves: &[(u32, u16)]) -> Vec<usize> {
    let count = leaves.len();
    if count < 2 {
        return vec![0, count];
    }
    // Leaves first, then the nodes above them; both ascend, so that the two
    // lightest are always at the front of one or the other.
    let mut weights: Vec<u64> = leaves
        .iter()
        .map(|&(weight, _)| u64::from(weight))
        .collect();
    let mut parents = vec![0; 2 * count - 1];
    let (mut leaf, mut node) = (0, count);
    for parent in count..2 * count - 1 {
        let mut weight = 0;
        for _ in 0..2 {
            let takes_leaf = leaf < count && (node >= parent || weights[leaf] <= weights[node]);
            let lightest = if takes_leaf { &mut leaf } else { &mut node };
            weight += weights[*lightest];
            parents[*lightest] = parent;
            *lightest += 1;
        }
        weights.push(weight);
    }
    let mut depths = vec![0; 2 * count - 1];
    let mut counts = vec![0; count + 1];
    for index in (0..2 * count - 2).rev() {
        depths[index] = depths[parents[index]] + 1;
        if index < count {
            counts[depths[index]] += 1;
        }
    }
    counts
}

/// The same number of leaves with none deeper than `limit`.
fn limited(depths: &[usize], limit: usize, leaf_count: usize) -> Vec<usize> {
    let mut counts = vec![0; limit + 1];
    for (depth, &count) in depths.iter().enumerate() {
        counts[depth.min(limit)] += count;
    }
    debug_assert!(leaf_count <= 1 << limit);
    // In units of the deepest leaf; a full tree has 1 << limit of them.
    let mut taken: usize = (1..=limit)
        .map(|depth| counts[depth] << (limit - depth))
        .sum();
    while taken > 1 << limit {
        // A leaf goes one deeper and takes one of the deepest beside it.
        let Some(depth) = (1..limit).rev().find(|&depth| counts[depth] > 0) else {
            break;
        };
        counts[limit] -= 1;
        counts[depth] -= 1;
        counts[depth + 1] += 2;
        taken -= 1;
    }
    counts
}

/// The canonical codes of lengths, as deflate writes them: reversed, the first
/// bit lowest.
pub(super) fn codes(lengths: &[u8], codes: &mut [u16]) {
    let mut next = [0_u32; 16];
    for &length in lengths {
        if length > 0 {
            next[usize::from(length & 15)] += 1;
        }
    }
    let mut first = 0;
    for count in &mut next {
        let after = (first + *count) << 1;
        *count = first;
        first = after;
    }
    for (code, &length) in codes.iter_mut().zip(lengths) {
        *code = 0;
        if length > 0 {
            let value = &mut next[usize::from(length & 15)];
            *code = (*value as u16).reverse_bits() >> (16 - length);
            *value += 1;
        }
    }
}
