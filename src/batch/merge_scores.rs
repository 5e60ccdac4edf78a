//! The files of scores of all shards into those that an unsharded run would have
//! left, byte for byte.

use std::io;
use std::path::PathBuf;

use super::scores::{PartWriter, ScoredInputs, ScoredRecord, heads_of};
use super::shards::{MergeError, ShardFolder};
use crate::store::batch_records::{BatchManifest, RESULTS, ResultRecord, is_part};
use crate::store::write::{StagedFolder, beneath, files_of_scores};

/// The files of scores of a merged batch while its records come.
pub(super) struct MergedScores {
    /// Of each shard, by its folder.
    shards: Vec<(PathBuf, ScoredInputs)>,
    table: PartWriter,
    /// No input has a smaller index.
    next_index: u64,
}

impl MergedScores {
    /// Of these shards, whose files are what their manifests list.
    pub(super) fn open(
        shards: &[ShardFolder],
        manifest: &BatchManifest,
    ) -> Result<Self, MergeError> {
        let heads = heads_of(manifest);
        let open = |shard: &ShardFolder| {
            check(shard)?;
            let inputs = ScoredInputs::open(&shard.path, heads.clone());
            let inputs = inputs.map_err(|source| MergeError::Read {
                path: shard.path.join(RESULTS),
                source,
            })?;
            Ok((shard.path.clone(), inputs))
        };
        Ok(Self {
            shards: shards.iter().map(open).collect::<Result<_, MergeError>>()?,
            table: PartWriter::new(&heads),
            next_index: 0,
        })
    }

    /// Takes the scores of a record over, which is the next of its shard.
    pub(super) fn take_over(
        &mut self,
        shard: &ShardFolder,
        record: &ResultRecord,
        folder: &StagedFolder,
    ) -> Result<(), MergeError> {
        let damaged = |reason: String| MergeError::Damaged {
            path: shard.path.clone(),
            reason,
        };
        let inputs = self.shards.iter_mut().find(|(path, _)| *path == shard.path);
        let input = inputs.and_then(|(_, inputs)| inputs.next());
        let input: io::Result<Option<ScoredRecord>> = input.transpose();
        let input = input.map_err(|error| damaged(error.to_string()))?;
        let Some(ScoredRecord { scores, .. }) = input.filter(|input| input.record == *record)
        else {
            return Err(damaged("its results changed meanwhile".to_owned()));
        };
        if record.folder.is_some() || record.thumbnail.is_some() || record.picture.is_some() {
            return Err(damaged(format!("the input {:?} names pictures", record.id)));
        }
        let Some((index, scores)) = scores else {
            return Ok(());
        };
        if index < self.next_index {
            return Err(damaged(format!(
                "the input {:?} is out of its order",
                record.id
            )));
        }
        self.next_index = index.saturating_add(1);
        Ok(self.table.push(folder, index, &record.id, &scores)?)
    }

    /// Ends the last file.
    pub(super) fn finish(self, folder: &StagedFolder) -> Result<(), MergeError> {
        self.table.finish(folder)?;
        Ok(())
    }
}

/// Whether the files of scores of a shard are those that its manifest lists, all
/// of them and no others.
fn check(shard: &ShardFolder) -> Result<(), MergeError> {
    let listed = shard
        .manifest
        .files
        .iter()
        .filter(|file| is_part(&file.name));
    let found = files_of_scores(&shard.path);
    if let Some(name) = found
        .iter()
        .find(|name| !listed.clone().any(|file| file.name == **name))
    {
        return Err(MergeError::Damaged {
            path: shard.path.join(name),
            reason: "its manifest does not list it".to_owned(),
        });
    }
    for file in listed {
        if !beneath::is_as_listed(&shard.path, &file.name, &file.sha256) {
            return Err(MergeError::Damaged {
                path: shard.path.join(&file.name),
                reason: "it is not what its manifest lists".to_owned(),
            });
        }
    }
    Ok(())
}
