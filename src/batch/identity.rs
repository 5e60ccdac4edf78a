//! What an input is called, and which shard it is in: a pure function of its
//! folder's name, so that neither order nor neighbours matter.

use super::source::{InputSource, Record};
use crate::digest::fingerprint;
use crate::store::batch_records::Shard;

/// Whether the input of a folder belongs to a shard. Ids that share a folder
/// meet in one, so that the second is found.
pub(super) fn is_in_shard(folder_name: &str, shard: Option<Shard>) -> bool {
    shard.is_none_or(|shard| {
        fingerprint(folder_name) % u128::from(shard.count) == u128::from(shard.index) - 1
    })
}

/// The id of an input, and whether it says it itself; else its line does.
pub(super) fn id_of(record: &Record, source: &InputSource) -> (String, bool) {
    match &record.id {
        Some(id) => (id.clone(), true),
        None => (format!("{}{:06}", source.id_prefix, record.line), false),
    }
}
