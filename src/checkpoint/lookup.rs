//! How the files of a checkpoint are asked for, wherever they are.

use std::fs;

use super::CheckpointError;
use super::digest::PendingDigest;
use super::hub::CachedFile;

/// The largest text file that is read, in bytes. The largest vocabularies in
/// use are a tenth of it.
const MAXIMUM_TEXT_LENGTH: u64 = 256 << 20;

/// Asks for one file by name; `None` if the checkpoint does not have it.
pub(super) type Lookup<'a> = &'a mut dyn FnMut(&str) -> Result<Option<CachedFile>, CheckpointError>;

/// The bytes of a text file, and its digest.
pub(super) fn text(
    name: &str,
    lookup: Lookup<'_>,
    digests: &mut Vec<PendingDigest>,
) -> Result<Option<Vec<u8>>, CheckpointError> {
    let Some(file) = lookup(name)? else {
        return Ok(None);
    };
    let io = |source| CheckpointError::Io {
        path: file.path.clone(),
        source,
    };
    let found = fs::metadata(&file.path).map_err(io)?.len();
    if found > MAXIMUM_TEXT_LENGTH {
        let (file, maximum) = (name.to_owned(), MAXIMUM_TEXT_LENGTH);
        return Err(CheckpointError::FileTooLarge {
            file,
            maximum,
            found,
        });
    }
    let bytes = fs::read(&file.path).map_err(io)?;
    digests.push(PendingDigest::of_bytes(name, &bytes));
    Ok(Some(bytes))
}
