//! A file that is on its way: the bytes that have arrived, beside the place
//! that the whole will have.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;

use super::HubError;
use super::cache::{cache_io, remove};

/// How many bytes of the part can be built on; a part that is longer than the
/// file belongs to something else and is dropped.
pub(super) fn usable_bytes(part: &Path, size: Option<u64>) -> Result<u64, HubError> {
    let present = match fs::metadata(part) {
        Ok(metadata) => metadata.len(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
        Err(source) => return Err(cache_io("read", part, source)),
    };
    if size.is_some_and(|size| present > size) {
        remove(part)?;
        return Ok(0);
    }
    Ok(present)
}

pub(super) fn open_part(part: &Path, start: u64) -> Result<File, HubError> {
    let mut options = OpenOptions::new();
    if start > 0 {
        options.append(true);
    } else {
        options.write(true).create(true).truncate(true);
    }
    options
        .open(part)
        .map_err(|source| cache_io("write", part, source))
}
