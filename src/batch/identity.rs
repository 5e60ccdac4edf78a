//! What an input is called, which folder it gets, and which shard it is in:
//! pure functions of its id, so that neither order nor neighbours matter.

use sha2::{Digest, Sha256};

use crate::output::batch::Shard;
use crate::output::folder::folder_name;

/// The name of an input's folder. An id that is a safe name is its own folder;
/// any other gets a readable part of it and a hash, so that ids that differ in
/// case or in what a folder's name cannot hold never meet.
pub(super) fn folder_of(id: &str) -> String {
    let name = folder_name(id, None);
    if name == id && id.is_ascii() {
        return name;
    }
    let digest = Sha256::digest(id);
    let digits: String = digest
        .iter()
        .take(4)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("{name}-{digits}")
}

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
