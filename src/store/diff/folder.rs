//! Which folder a comparison goes into. Two sides own a folder: every
//! comparison of the two adds its files or replaces those of the same name, and
//! what is somebody else's is never replaced without being asked.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::{DiffManifest, GRID, HEADS, HEADS_TABLE, NUMBERS, PAGE, ROWS_TABLE};
use crate::digest;
use crate::store::folder::{FolderError, folder_name};
use crate::store::write::{Change, PlaceLock, WriteError, beneath};
use crate::store::{FileRecord, MANIFEST, SerializeError, manifest_json};

/// The folder of inputs, of a comparison of many.
const INPUTS: &str = "inputs";

/// So many hexadecimal digits tell comparisons of the same name apart.
const HASH_LENGTH: usize = 16;

/// Where a comparison goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DiffPlace {
    /// Into this folder and no other.
    Folder(PathBuf),
    /// Below a folder, under this name; where that is somebody else's, with a hash
    /// behind it.
    Below {
        /// The folder above.
        root: PathBuf,
        /// Any text, of which the name is made.
        title: String,
    },
}

/// The folder of a comparison, and what is in it already.
#[derive(Debug)]
pub struct DiffDestination {
    /// The folder.
    pub path: PathBuf,
    /// Of the same sides.
    earlier: Option<Box<DiffManifest>>,
    /// What is to be overwritten.
    foreign: Vec<FileRecord>,
    is_there: bool,
}

/// What is at the place of a folder.
enum Occupant {
    Nobody,
    Diff(Box<DiffManifest>),
    /// A folder with none of the names that a comparison writes.
    Elsewise,
    /// A folder of somebody else.
    Folder,
    /// What is no folder, or a link to one.
    Other,
}

impl Occupant {
    fn of(path: &Path) -> Self {
        match fs::symlink_metadata(path) {
            // Whatever else is wrong with the place, it is told when the folder
            // is made.
            Err(_) => return Self::Nobody,
            Ok(metadata) if !metadata.is_dir() => return Self::Other,
            Ok(_) => {}
        }
        let manifest = beneath::read(path, MANIFEST).ok();
        let manifest = manifest.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        if let Some(manifest) = manifest {
            return Self::Diff(Box::new(manifest));
        }
        let names = [PAGE, HEADS_TABLE, ROWS_TABLE, HEADS, INPUTS, MANIFEST];
        let files = ["png", "svg", "npz", "safetensors", "parquet"];
        let files = files
            .iter()
            .flat_map(|extension| [GRID, NUMBERS].map(|name| format!("{name}.{extension}")));
        let mut names = names.into_iter().map(str::to_owned).chain(files);
        match names.any(|name| fs::symlink_metadata(path.join(name)).is_ok()) {
            true => Self::Folder,
            false => Self::Elsewise,
        }
    }
}

impl DiffPlace {
    /// The folder in which the comparison is built out of sight: one that is on
    /// the same disk.
    pub fn staging(&self) -> PathBuf {
        match self {
            Self::Folder(path) if path.is_dir() => path.clone(),
            Self::Folder(path) => match path.parent() {
                Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
                Some(_) | None => PathBuf::from("."),
            },
            Self::Below { root, .. } => root.clone(),
        }
    }

    /// Where the comparison goes, unless that is somebody else's.
    pub fn folder(&self) -> PathBuf {
        match self {
            Self::Folder(path) => path.clone(),
            Self::Below { root, title } => root.join(folder_name(&[title])),
        }
    }

    /// Waits until no other command writes a comparison to this place. The folder
    /// of [`Self::staging`] has to be there.
    ///
    /// # Errors
    /// When no file can be made there.
    pub fn lock(&self) -> Result<PlaceLock, WriteError> {
        let name = match self {
            Self::Folder(path) => path.display().to_string(),
            Self::Below { title, .. } => folder_name(&[title]),
        };
        PlaceLock::wait(&self.staging(), &short_hash(name.as_bytes()))
    }

    /// The folder, for a comparison with this manifest. With `overwrite` a folder
    /// of the name is taken whosever it is.
    ///
    /// # Errors
    /// When it belongs to somebody else.
    pub fn choose(
        &self,
        manifest: &DiffManifest,
        overwrite: bool,
    ) -> Result<DiffDestination, FolderError> {
        let free = |path: PathBuf| DiffDestination::at(path, manifest, overwrite);
        match self {
            Self::Folder(path) => free(path.clone()),
            Self::Below { root, title } => {
                let name = folder_name(&[title]);
                free(root.join(&name)).or_else(|_| {
                    // None of it gives serde_json a reason to refuse.
                    let owner = serde_json::to_vec(&manifest.owner()).unwrap_or_default();
                    free(root.join(format!("{name}-{}", short_hash(&owner))))
                })
            }
        }
    }
}

impl DiffDestination {
    fn at(path: PathBuf, manifest: &DiffManifest, overwrite: bool) -> Result<Self, FolderError> {
        let of = |path, is_there, earlier, foreign| Self {
            path,
            earlier,
            foreign,
            is_there,
        };
        match Occupant::of(&path) {
            Occupant::Nobody => Ok(of(path, false, None, Vec::new())),
            Occupant::Elsewise => Ok(of(path, true, None, Vec::new())),
            Occupant::Diff(earlier) if earlier.is_of_same(manifest) => {
                Ok(of(path, true, Some(earlier), Vec::new()))
            }
            Occupant::Diff(earlier) if overwrite => Ok(of(path, true, None, earlier.files)),
            Occupant::Folder if overwrite => Ok(of(path, true, None, Vec::new())),
            Occupant::Diff(_) | Occupant::Folder | Occupant::Other => {
                Err(FolderError::TakenFromDiff { path })
            }
        }
    }

    /// The same, where no file of an earlier comparison stays that holds other
    /// numbers: all of them, unless its tables are those that are written again.
    /// Beside new tables nobody would tell old numbers from new ones.
    #[must_use]
    pub fn without_other_numbers(self, written: &[FileRecord]) -> Self {
        let earlier = self.earlier.iter().flat_map(|earlier| &earlier.files);
        let tables = earlier.filter(|file| [HEADS_TABLE, ROWS_TABLE].contains(&file.name.as_str()));
        let is_same = |table: &FileRecord| {
            let mut written = written.iter();
            written.any(|file| file.name == table.name && file.sha256 == table.sha256)
        };
        match tables.filter(|table| is_same(table)).count() {
            2 => self,
            _ => self.anew(),
        }
    }

    /// The same, where no file of an earlier comparison stays: the names of what is
    /// shown of many inputs say which of them came first.
    #[must_use]
    pub fn anew(mut self) -> Self {
        let earlier = self.earlier.iter().flat_map(|earlier| &earlier.files);
        self.foreign.extend(earlier.cloned());
        if let Some(earlier) = &mut self.earlier {
            earlier.files.clear();
        }
        self
    }

    /// The files of earlier comparisons of the same sides that stay: those that
    /// are not written again and hold what they held.
    pub fn kept_files(&self, written: &[FileRecord]) -> Vec<FileRecord> {
        let written: BTreeSet<&str> = written.iter().map(|file| file.name.as_str()).collect();
        let earlier = self.earlier.iter().flat_map(|earlier| &earlier.files);
        earlier
            .filter(|file| !written.contains(file.name.as_str()) && file.name != MANIFEST)
            .filter(|file| beneath::is_as_listed(&self.path, &file.name, &file.sha256))
            .cloned()
            .collect()
    }

    /// What becomes of the files that are there, apart from those that the manifest
    /// lists; `None` where nothing is. `kept` is what
    /// [`Self::kept_files`] found.
    ///
    /// # Errors
    /// As [`manifest_json`](crate::store::manifest_json).
    pub fn change(
        &self,
        manifest: &DiffManifest,
        kept: &[FileRecord],
    ) -> Result<Option<Change>, SerializeError> {
        if !self.is_there {
            return Ok(None);
        }
        let interim = DiffManifest {
            files: kept.to_vec(),
            ..self.earlier.as_deref().unwrap_or(manifest).clone()
        };
        // What somebody has changed since is somebody's.
        let written: BTreeSet<&str> = manifest
            .files
            .iter()
            .map(|file| file.name.as_str())
            .collect();
        let as_listed = self
            .foreign
            .iter()
            .filter(|file| !written.contains(file.name.as_str()))
            .filter(|file| beneath::is_as_listed(&self.path, &file.name, &file.sha256));
        Ok(Some(Change {
            interim_manifest: Some(manifest_json(&interim)?),
            outdated: as_listed.map(|file| PathBuf::from(&file.name)).collect(),
        }))
    }
}

fn short_hash(bytes: &[u8]) -> String {
    let mut digits = digest::sha256(bytes);
    digits.truncate(HASH_LENGTH);
    digits
}
