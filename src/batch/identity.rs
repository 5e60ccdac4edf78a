//! What tells inputs apart, and which shard one is in: pure functions of its
//! folder's name, so that neither order nor neighbours matter.

use sha2::{Digest, Sha256};

use crate::output::batch::Shard;

/// Sixteen bytes that tell texts apart: the beginning of their SHA-256.
pub(super) fn fingerprint(text: &str) -> u128 {
    Sha256::digest(text)
        .iter()
        .take(16)
        .fold(0, |number, &byte| number << 8 | u128::from(byte))
}

/// Whether the input of a folder belongs to a shard. Ids that share a folder
/// meet in one, so that the second is found.
pub(super) fn is_in_shard(folder_name: &str, shard: Option<Shard>) -> bool {
    shard.is_none_or(|shard| {
        fingerprint(folder_name) % u128::from(shard.count) == u128::from(shard.index) - 1
    })
}
