//! Whether the places of a batch's inputs are free, asked before anything of an
//! earlier batch goes.

use super::error::BatchError;
use super::identity::{id_of, is_in_shard};
use super::source::InputSource;
use crate::store::batch_records::Shard;
use crate::store::folder::file_stem;
use crate::store::write::batch_folder::BatchFolder;

/// Looks for inputs whose place is taken by what no batch put there. Files are
/// read for that only where there is such a thing; what can be read only once is
/// not, and meets it on its way.
///
/// # Errors
/// When a place is taken, or a file cannot be read.
pub(super) fn check_room(
    folder: &BatchFolder,
    sources: &[InputSource],
    shard: Option<Shard>,
    has_thumbnails: bool,
) -> Result<(), BatchError> {
    if !folder.has_strangers()? {
        return Ok(());
    }
    for source in sources.iter().filter(|source| source.size().is_some()) {
        let mut records = source.open()?;
        while let Some(record) = records.next(source)? {
            let name = file_stem(&id_of(&record, source).0);
            // A line that is no input takes no folder.
            if record.content.is_ok() && is_in_shard(&name, shard) {
                folder.check_free(&name, has_thumbnails)?;
            }
        }
    }
    Ok(())
}

/// Counts the inputs of all files that can be read twice, those of other shards
/// included; what can be read only once is counted on its way.
///
/// # Errors
/// When there are more than so many, or a file cannot be read.
pub(super) fn check_count(sources: &[InputSource], most: u64) -> Result<(), BatchError> {
    let mut count = 0_u64;
    for source in sources.iter().filter(|source| source.size().is_some()) {
        let mut records = source.open()?;
        while records.next(source)?.is_some() {
            count += 1;
            if count > most {
                return Err(BatchError::TooManyForOnePage);
            }
        }
    }
    Ok(())
}
