//! Files that the user names: reports for CI systems.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::error::WriteError;

/// Passes bytes on and computes their SHA-256.
#[derive(Debug)]
pub(super) struct HashingWriter<W> {
    inner: W,
    hasher: Sha256,
}

impl<W: Write> HashingWriter<W> {
    pub(super) fn new(inner: W) -> Self {
        Self {
            inner,
            hasher: Sha256::new(),
        }
    }

    /// The writer and the SHA-256 of what it got.
    pub(super) fn finish(self) -> (W, String) {
        let sha256 = crate::output::hexadecimal(&self.hasher.finalize());
        (self.inner, sha256)
    }
}

impl<W: Write> Write for HashingWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.hasher.update(bytes.get(..count).unwrap_or(bytes));
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Adds to a file, or begins it.
///
/// # Errors
/// When it cannot be written.
pub fn append(
    path: &Path,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), WriteError> {
    let append = || {
        let file = File::options().create(true).append(true).open(path)?;
        let mut writer = BufWriter::new(file);
        content(&mut writer)?;
        writer.flush()
    };
    append().map_err(WriteError::at(path))
}

/// Writes a file, in place of what has the name.
///
/// # Errors
/// When it cannot be written.
pub fn replace(
    path: &Path,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), WriteError> {
    let replace = || {
        let mut name = path.as_os_str().to_owned();
        name.push(".unfinished");
        let unfinished = PathBuf::from(name);
        let mut writer = BufWriter::new(File::create(&unfinished)?);
        let written = content(&mut writer)
            .and_then(|()| writer.flush())
            .and_then(|()| fs::rename(&unfinished, path));
        if written.is_err() {
            let _ = fs::remove_file(&unfinished);
        }
        written
    };
    replace().map_err(WriteError::at(path))
}
