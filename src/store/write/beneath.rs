//! Files below a folder that somebody else may have filled. Names come out of
//! manifests, folders may be symbolic links: what does not lie in the folder
//! itself is neither read as ours nor changed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use crate::digest::sha256_of;

/// Whether a name is made of plain parts only, so that it cannot lead upwards
/// or to a place of its own.
pub fn is_relative(name: &Path) -> bool {
    let mut parts = name.components().peekable();
    parts.peek().is_some() && parts.all(|part| matches!(part, Component::Normal(_)))
}

/// Whether there is a folder of this name that is no symbolic link.
pub fn is_real_folder(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir())
}

/// Whether there is a file of this name that is no symbolic link.
pub fn is_real_file(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file())
}

/// Whether the way from a folder to a file below it leads through folders
/// alone, as far as they are there. The file itself is not looked at.
pub fn leads_through_folders(root: &Path, name: &Path) -> bool {
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
pub fn file(root: &Path, name: &str) -> Option<PathBuf> {
    let path = root.join(name);
    let is_plain = name.split('/').all(|part| !matches!(part, "" | "."));
    let is_there = || leads_through_folders(root, Path::new(name)) && is_real_file(&path);
    (is_plain && is_there()).then_some(path)
}

/// Opens a file below a folder, folder by folder and following no link on the
/// way: nobody can put one there between a look and the opening. The folder
/// itself is the one that the user named, link or not.
///
/// # Errors
/// When it cannot be opened, or does not really lie there.
#[cfg(unix)]
pub fn open(root: &Path, name: &str) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags, openat};
    let is_plain = name.split('/').all(|part| !matches!(part, "" | "." | ".."));
    if !is_plain {
        return Err(not_a_file());
    }
    let (folders, last) = name.rsplit_once('/').unwrap_or(("", name));
    let mut folder = File::open(root)?;
    // A pipe in the place of a file keeps nobody waiting.
    let flags = OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let at = |folder: &File, part: &str, flags| match openat(folder, part, flags, Mode::empty()) {
        Ok(opened) => Ok(File::from(opened)),
        Err(rustix::io::Errno::LOOP | rustix::io::Errno::NOTDIR) => Err(not_a_file()),
        Err(error) => Err(error.into()),
    };
    for part in folders.split('/').filter(|part| !part.is_empty()) {
        folder = at(&folder, part, flags | OFlags::DIRECTORY)?;
    }
    let file = at(&folder, last, flags)?;
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(not_a_file()),
    }
}

/// Opens a file below a folder where no link is on the way, as far as a look
/// before can tell: Windows opens no file relative to a folder.
///
/// # Errors
/// When it cannot be opened, or does not really lie there.
#[cfg(not(unix))]
pub fn open(root: &Path, name: &str) -> io::Result<File> {
    let path = root.join(name);
    // What is not there says so itself.
    if fs::symlink_metadata(&path).is_ok() && file(root, name).is_none() {
        return Err(not_a_file());
    }
    File::open(path)
}

/// How a file is opened whose name nobody may have made a link of.
#[cfg(unix)]
pub(super) fn without_following(options: &OpenOptions) -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = options.clone();
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    options.custom_flags(flags.bits().cast_signed());
    options
}

/// On Windows only an administrator makes links to files.
#[cfg(not(unix))]
pub(super) fn without_following(options: &OpenOptions) -> OpenOptions {
    options.clone()
}

/// The content of a file below a folder.
///
/// # Errors
/// As [`open`].
pub fn read(root: &Path, name: &str) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(root, name)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What is said of a link, a folder or a device in the place of a file.
pub fn not_a_file() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "is not a file of this folder")
}

/// What is said where a link leads out of a folder.
pub fn leads_out() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidInput,
        "a symbolic link is in the way, and nothing is changed behind one",
    )
}

/// Whether a file below a folder is still what a manifest lists.
pub fn is_as_listed(root: &Path, name: &str, sha256: &str) -> bool {
    open(root, name)
        .and_then(sha256_of)
        .is_ok_and(|found| found == sha256)
}

/// Whether the open file still is the one that has the name.
#[cfg(unix)]
pub(super) fn is_same_file(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    match (file.metadata(), fs::symlink_metadata(path)) {
        (Ok(open), Ok(named)) => identity(open) == identity(named),
        _ => false,
    }
}

#[cfg(not(unix))]
pub(super) fn is_same_file(_: &File, path: &Path) -> bool {
    path.exists()
}

/// Whether two names are of one file, or would be.
pub fn is_same_place(first: &Path, second: &Path) -> bool {
    first == second || File::open(first).is_ok_and(|file| is_same_file(&file, second))
}
