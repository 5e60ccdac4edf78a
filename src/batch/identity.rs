//! What an input is called, which folder it gets, and which shard it is in:
//! pure functions of its id, so that neither order nor neighbours matter.

use sha2::{Digest, Sha256};

use crate::output::batch::Shard;

/// Sixteen bytes that tell texts apart: the beginning of their SHA-256.
pub(super) fn fingerprint(text: &str) -> u128 {
    Sha256::digest(text)
        .iter()
        .take(16)
        .fold(0, |number, &byte| number << 8 | u128::from(byte))
}

/// Whether an id belongs to a shard. Equal ids belong to the same one.
pub(super) fn is_in_shard(id: &str, shard: Option<Shard>) -> bool {
    shard.is_none_or(|shard| {
        fingerprint(id) % u128::from(shard.count) == u128::from(shard.index) - 1
    })
}
