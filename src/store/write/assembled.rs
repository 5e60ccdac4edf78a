//! A batch's files that come into place together: built out of sight in the
//! folder itself, then put into place as those of any batch are.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::batch_folder::{BatchFolder, BatchFolderError, ResultsFile};
use super::batch_places::StagedInput;
use super::durable;
use super::error::WriteError;
use super::staged_folder::StagedFolder;
use crate::checkpoint::FileDigest;
use crate::digest::{HashingWriter, sha256_of};
use crate::store::batch_records::{BatchManifest, INPUTS, RESULTS, THUMBNAILS};

/// So many inputs are put into place at once.
const MANY: usize = 256;

/// A batch that is being put together. Dropped before
/// [`AssembledFolder::publish`], it leaves nothing.
#[derive(Debug)]
pub struct AssembledFolder {
    staged: StagedFolder,
    folder: BatchFolder,
}

impl AssembledFolder {
    /// Begins in a batch's folder, in which nothing changes yet.
    ///
    /// # Errors
    /// When nothing can be written there.
    pub fn create(folder: BatchFolder) -> Result<Self, WriteError> {
        folder.make_staging()?;
        let staged = folder.stage()?;
        Ok(Self { staged, folder })
    }

    /// Where a file is until the batch is put into place.
    pub fn path(&self, name: &str) -> PathBuf {
        self.staged.path.join(name)
    }

    /// Takes a file of another folder over under the same name: see
    /// [`StagedFolder::take_over`].
    ///
    /// # Errors
    /// When the file is missing, or its name is taken.
    pub fn take_over(&self, folder: &Path, name: &str) -> Result<(), WriteError> {
        self.staged.take_over(folder, name)
    }

    /// Takes the results that are complete.
    ///
    /// # Errors
    /// When they cannot be brought to the disk.
    pub fn take_results(&self, results: ResultsFile) -> Result<FileDigest, WriteError> {
        let put = results.put(&self.path(RESULTS));
        put.map_err(WriteError::at(Path::new(RESULTS)))
    }

    /// The folder that the files are in, to be filled further.
    pub fn staged(&self) -> &StagedFolder {
        &self.staged
    }

    /// Writes a file of the batch's own piece by piece.
    ///
    /// # Errors
    /// When it cannot be written, or `content` fails.
    pub fn write(
        &self,
        name: &str,
        content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<FileDigest, WriteError> {
        let write = || {
            let file = BufWriter::new(File::create(self.path(name))?);
            let mut writer = HashingWriter::new(file);
            content(&mut writer)?;
            let (writer, sha256) = writer.finish();
            self.staged.sync_before(writer.into_inner()?)?;
            Ok(sha256)
        };
        Ok(FileDigest {
            name: name.to_owned(),
            sha256: write().map_err(WriteError::at(Path::new(name)))?,
        })
    }

    /// Puts everything into place, the manifest last, with the files that it
    /// lists. An earlier batch's parts go; files that are not a batch's stay. What
    /// is not complete yet says meanwhile whose the folder is.
    ///
    /// # Errors
    /// When something cannot be renamed, or a name is taken by what no batch put
    /// there.
    pub fn publish(mut self, manifest: &BatchManifest) -> Result<(), BatchFolderError> {
        let interim = BatchManifest {
            complete: false,
            ..manifest.clone()
        };
        self.staged.seal()?;
        self.staged.wait(self.folder.root())?;
        let names = names_in(&self.path(INPUTS));
        let names = names.map_err(WriteError::at(self.folder.root()))?;
        for name in &names {
            let has_thumbnail = self.path(&format!("{THUMBNAILS}/{name}.png")).exists();
            self.folder.check_free(name, has_thumbnail)?;
        }
        self.folder.begin(&interim)?;
        for names in names.chunks(MANY) {
            let inputs: Result<Vec<StagedInput>, WriteError> =
                names.iter().map(|name| self.input(name)).collect();
            self.folder.publish(inputs?)?;
        }
        let names: std::collections::HashSet<&String> = names.iter().collect();
        self.folder
            .remove_others(|name| names.contains(&name.to_owned()))?;
        for file in &manifest.files {
            let place = self.folder.root().join(&file.name);
            let folder = place.parent().unwrap_or(&place);
            fs::create_dir_all(folder)
                .and_then(|()| fs::rename(self.path(&file.name), &place))
                .and_then(|()| durable::sync_folder(folder))
                .map_err(WriteError::at(&place))?;
        }
        Ok(self.folder.finish(manifest)?)
    }

    /// The files of an input that are taken over.
    fn input(&self, name: &str) -> Result<StagedInput, WriteError> {
        let folder = self
            .folder
            .stage_again(self.path(&format!("{INPUTS}/{name}")));
        let path = self.path(&format!("{THUMBNAILS}/{name}.png"));
        let thumbnail = match File::open(&path) {
            Ok(file) => Some(sha256_of(file).map_err(WriteError::at(&path))?),
            // Not every batch has thumbnails.
            Err(_) => None,
        };
        let thumbnail = thumbnail.map(|sha256| (path, sha256));
        Ok(StagedInput::of(name.to_owned(), folder, thumbnail))
    }
}

fn names_in(folder: &Path) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let name = |entry: io::Result<fs::DirEntry>| -> io::Result<Option<String>> {
        Ok(entry?.file_name().into_string().ok())
    };
    entries
        .filter_map(|entry| name(entry).transpose())
        .collect()
}
