//! The files of a Parquet table: one, or those of a folder as Spark and other
//! engines leave it.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::InputSource;
use super::error::SourceError;
use crate::digest::{sha256, sha256_of};

/// Folders of parts stand in one another at most so deep.
const MAXIMUM_DEPTH: usize = 16;

/// Whether a folder is a table: it is called so, or holds files of one alone.
pub(super) fn is_table(folder: &Path) -> bool {
    folder.is_dir()
        && (is_named_parquet(folder) || parts(folder, true).is_ok_and(|parts| !parts.is_empty()))
}

fn is_named_parquet(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    ["parquet", "pq", "parq"].contains(&extension.to_ascii_lowercase().as_str())
}

/// The files of a folder in the order of their names, also those in folders
/// such as `language=en`. What begins with `_` or `.` is the engine's own.
/// `alone`: an error where there is something else.
fn parts(folder: &Path, alone: bool) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    add_parts(folder, alone, 0, &mut found)?;
    Ok(found)
}

fn add_parts(folder: &Path, alone: bool, depth: usize, found: &mut Vec<PathBuf>) -> io::Result<()> {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    entries.sort_unstable();
    for path in entries {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with(['_', '.']) {
            continue;
        }
        match path.is_dir() {
            true if name.contains('=') && depth < MAXIMUM_DEPTH => {
                add_parts(&path, alone, depth + 1, found)?;
            }
            false if is_named_parquet(&path) => found.push(path),
            true | false if alone => return Err(io::ErrorKind::InvalidData.into()),
            true | false => {}
        }
    }
    Ok(())
}

/// The files of a source, itself where it is one.
pub(super) fn files(source: &InputSource) -> Result<Vec<PathBuf>, SourceError> {
    match source.path.is_dir() {
        true => parts(&source.path, false).map_err(|error| source.io(error)),
        false => Ok(vec![source.path.clone()]),
    }
}

/// The bytes of all files; `None` where one cannot be looked at.
pub(super) fn size(source: &InputSource) -> Option<u64> {
    let files = files(source).ok()?;
    let lengths = files
        .iter()
        .map(|file| fs::metadata(file).map(|found| found.len()));
    lengths.sum::<io::Result<u64>>().ok()
}

/// The SHA-256 of a file; of a folder that of its listing as `sha256sum` prints
/// it, with names from the folder on.
pub(super) fn digest(source: &InputSource) -> Result<String, SourceError> {
    let of_file = |path: &Path| -> Result<String, SourceError> {
        let file = File::open(path).map_err(|error| source.io(error))?;
        sha256_of(file).map_err(|error| source.io(error))
    };
    if !source.path.is_dir() {
        return of_file(&source.path);
    }
    let mut listing = String::new();
    for path in files(source)? {
        let name = path.strip_prefix(&source.path).unwrap_or(&path);
        let names: Vec<_> = name.iter().map(|part| part.to_string_lossy()).collect();
        listing.push_str(&format!("{}  {}\n", of_file(&path)?, names.join("/")));
    }
    Ok(sha256(listing))
}
