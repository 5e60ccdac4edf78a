//! Who is at work in a batch's folder: one batch or one merge at a time.

use std::fs::{self, File};
use std::path::Path;

use super::batch_folder_error::BatchFolderError;
use super::beneath;
use super::error::WriteError;
use super::leftovers::{self, Attempt};

/// The folder of what is not finished, in that of a batch.
pub const STATE: &str = ".attnviz-batch";
/// Locked while a batch is running.
pub(super) const LOCK: &str = "lock";
/// Other batches that end just now may take the lock away so many times.
const ATTEMPTS: usize = 16;

/// The lock of the batch's folder, `Err(Busy)` where somebody has it.
pub(super) fn lock(root: &Path) -> Result<Option<File>, BatchFolderError> {
    let state = root.join(STATE);
    let path = state.join(LOCK);
    for _ in 0..ATTEMPTS {
        let attempt = fs::create_dir_all(&state).and_then(|()| {
            let mut options = File::options();
            options.create(true).truncate(false).write(true);
            leftovers::try_lock(&path, &options)
        });
        match attempt.map_err(WriteError::at(&path))? {
            Attempt::Taken(file) => return Ok(Some(file)),
            // The lock of a batch that ended just now.
            Attempt::Gone => {}
            Attempt::Held => break,
        }
    }
    let path = root.to_owned();
    Err(BatchFolderError::Busy { path })
}

/// Whether a batch or a merge is at work in a folder just now.
pub fn is_running(root: &Path) -> bool {
    let state = root.join(STATE);
    let attempt = || leftovers::try_lock(&state.join(LOCK), File::options().write(true));
    beneath::is_real_folder(&state) && matches!(attempt(), Ok(Attempt::Held))
}
