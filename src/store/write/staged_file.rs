//! A file that is filled before it has its name.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::durable;
use super::error::WriteError;

/// A file that is being filled, beside the place that it is going to have.
/// Dropped before [`StagedFile::publish`], it leaves nothing.
#[derive(Debug)]
pub struct StagedFile {
    writer: BufWriter<NamedTempFile>,
    path: PathBuf,
}

impl StagedFile {
    /// Begins a file.
    ///
    /// # Errors
    /// When nothing can be written into its folder, or a folder has its name.
    pub fn create(path: &Path) -> Result<Self, WriteError> {
        super::report::check(path)?;
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let mut builder = tempfile::Builder::new();
        builder.prefix(".attnviz-staged-");
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let file = builder.tempfile_in(folder).map_err(WriteError::at(path))?;
        Ok(Self {
            writer: BufWriter::new(file),
            path: path.to_owned(),
        })
    }

    /// Gives the file its name, in place of what has it.
    ///
    /// # Errors
    /// When it cannot be brought to the disk or renamed.
    pub fn publish(self) -> Result<(), WriteError> {
        let Self { writer, path } = self;
        let publish = || -> io::Result<()> {
            let file = writer.into_inner()?;
            durable::sync(file.as_file())?;
            file.persist(&path)?;
            durable::sync_name(&path)
        };
        publish().map_err(WriteError::at(&path))
    }

    /// What went wrong with writing it.
    pub fn error(&self, source: io::Error) -> WriteError {
        WriteError {
            path: self.path.clone(),
            source,
        }
    }
}

impl Write for StagedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}
