//! Files below a folder that somebody else may have filled. Names come out of
//! manifests, folders may be symbolic links: what does not lie in the folder
//! itself is neither read as ours nor changed.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use crate::digest::sha256_of;

/// Whether a name is made of plain parts only, so that it cannot lead upwards
/// or to a place of its own.
pub(in crate::output) fn is_relative(name: &Path) -> bool {
    let mut parts = name.components().peekable();
    parts.peek().is_some() && parts.all(|part| matches!(part, Component::Normal(_)))
}

/// Whether there is a folder of this name that is no symbolic link.
pub(in crate::output) fn is_real_folder(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir())
}

/// Whether there is a file of this name that is no symbolic link.
pub(in crate::output) fn is_real_file(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file())
}

/// Whether the way from a folder to a file below it leads through folders
/// alone, as far as they are there. The file itself is not looked at.
pub(in crate::output) fn leads_through_folders(root: &Path, name: &Path) -> bool {
    let folders = name.ancestors().skip(1);
    let mut folders = folders.filter(|folder| !folder.as_os_str().is_empty());
    is_relative(name)
        && folders.all(|folder| {
            let path = root.join(folder);
            match fs::symlink_metadata(&path) {
                Ok(metadata) => metadata.is_dir(),
                Err(error) => error.kind() == io::ErrorKind::NotFound,
            }
        })
}

/// The place of a file below a folder, if it really lies there. A file has one
/// name, with `/` between its parts.
pub(in crate::output) fn file(root: &Path, name: &str) -> Option<PathBuf> {
    let path = root.join(name);
    let is_plain = name.split('/').all(|part| !matches!(part, "" | "."));
    let is_there = || leads_through_folders(root, Path::new(name)) && is_real_file(&path);
    (is_plain && is_there()).then_some(path)
}

/// The content of a file below a folder.
///
/// # Errors
/// When it cannot be read, or does not really lie there.
pub(in crate::output) fn read(root: &Path, name: &str) -> io::Result<Vec<u8>> {
    let path = root.join(name);
    // What is not there says so itself.
    if fs::symlink_metadata(&path).is_ok() && file(root, name).is_none() {
        return Err(not_a_file());
    }
    fs::read(path)
}

/// What is said of a link, a folder or a device in the place of a file.
pub(in crate::output) fn not_a_file() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "is not a file of this folder")
}

/// What is said where a link leads out of a folder.
pub(in crate::output) fn leads_out() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidInput,
        "a symbolic link is in the way, and nothing is changed behind one",
    )
}

/// Whether a file below a folder is still what a manifest lists.
pub(in crate::output) fn is_as_listed(root: &Path, name: &str, sha256: &str) -> bool {
    file(root, name)
        .and_then(|path| sha256_of(fs::File::open(path).ok()?).ok())
        .is_some_and(|found| found == sha256)
}
