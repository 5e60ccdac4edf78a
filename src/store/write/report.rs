//! Files that the user names: reports for CI systems.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::durable;
use super::error::WriteError;

/// Adds to a file, or begins it.
///
/// # Errors
/// When it cannot be written.
pub fn append(
    path: &Path,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), WriteError> {
    let mut options = File::options();
    options.create(true).append(true);
    write_in_place(path, &options, content).map_err(WriteError::at(path))
}

/// Writes a file, in place of what has the name. A link, a pipe or a device is
/// written to as it is.
///
/// # Errors
/// When it cannot be written.
pub fn replace(
    path: &Path,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), WriteError> {
    let is_special = fs::symlink_metadata(path).is_ok_and(|metadata| !metadata.is_file());
    let written = match is_special {
        true => {
            let mut options = File::options();
            options.create(true).write(true).truncate(true);
            write_in_place(path, &options, content)
        }
        false => put(path, content),
    };
    written.map_err(WriteError::at(path))
}

/// The file is whole before it has its name.
fn put(path: &Path, content: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".attnviz-report-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut writer = BufWriter::new(builder.tempfile_in(folder)?);
    content(&mut writer)?;
    let file = writer.into_inner()?;
    durable::sync(file.as_file())?;
    file.persist(path)?;
    durable::sync_name(path)
}

/// Makes the folder that a file is to be in, where it is not there.
///
/// # Errors
/// When it cannot be made.
pub fn make_folder(path: &Path) -> Result<(), WriteError> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => {
            fs::create_dir_all(folder).map_err(WriteError::at(folder))
        }
        Some(_) | None => Ok(()),
    }
}

/// Whether a file could be written there, as far as that shows before it is.
///
/// # Errors
/// When its folder is missing, or a folder or a file that may not be written to
/// has its name.
pub fn check(path: &Path) -> Result<(), WriteError> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let checked = match fs::metadata(path) {
        Ok(found) if found.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        Ok(found) if found.is_file() => File::options().append(true).open(path).map(|_| ()),
        // A pipe would wait for its reader here.
        Ok(_) => Ok(()),
        Err(_) => fs::metadata(folder).and_then(|found| match found.is_dir() {
            true => Ok(()),
            false => Err(io::ErrorKind::NotADirectory.into()),
        }),
    };
    checked.map_err(WriteError::at(path))
}

fn write_in_place(
    path: &Path,
    options: &OpenOptions,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut writer = BufWriter::new(options.open(path)?);
    content(&mut writer)?;
    durable::sync(&writer.into_inner()?)
}
