//! What lands on disk for a run: pictures, numbers and a manifest, in a folder
//! of the input's own. [`mod@write`] alone creates files.

pub mod batch;
mod contents;
pub mod folder;
mod manifest;
mod numbers;
pub mod write;

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use thiserror::Error;

pub use manifest::{Manifest, OptionsRecord, SCHEMA_VERSION};

use crate::attention::{HeadId, Selection};
use crate::figure::{FigureError, FigureOptions};
use crate::render::RenderError;
use crate::run::Run;
use folder::FolderError;
use write::batch_folder::BatchFolder;
use write::{StagedFolder, WriteError};

/// The manifest's name in a run's folder.
pub const MANIFEST: &str = "manifest.json";

/// Why a run could not be written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OutputError {
    /// A file or folder could not be made.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// There is no free folder for the run.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// There is no figure of what was asked for.
    #[error(transparent)]
    Figure(#[from] FigureError),
    /// A figure could not be drawn.
    #[error("{file} could not be drawn: {source}")]
    Render {
        /// The picture.
        file: String,
        /// What went wrong.
        source: RenderError,
    },
    /// The manifest or the numbers could not be put into their format.
    #[error("{file} could not be serialized: {reason}")]
    Serialize {
        /// The file.
        file: &'static str,
        /// What went wrong.
        reason: String,
    },
}

/// A name that no value of an option has.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("unknown {kind} {found:?}, expected one of: {expected}")]
pub struct UnknownName {
    kind: &'static str,
    found: String,
    expected: String,
}

/// Which pictures are drawn of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum View {
    /// One picture of every selected head.
    Heads,
    /// The grid of all selected heads.
    Overview,
}

/// Which files are written of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// The views as pictures.
    Png,
    /// The attention tensor, with the manifest in its metadata.
    Safetensors,
    /// The manifest and the attention tensor as nested arrays.
    Json,
}

impl View {
    /// Every view.
    pub const ALL: [Self; 2] = [Self::Heads, Self::Overview];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Heads => "heads",
            Self::Overview => "overview",
        }
    }
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 3] = [Self::Png, Self::Safetensors, Self::Json];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Safetensors => "safetensors",
            Self::Json => "json",
        }
    }
}

fn by_name<T: Copy>(
    kind: &'static str,
    all: &[T],
    name: fn(T) -> &'static str,
    found: &str,
) -> Result<T, UnknownName> {
    all.iter()
        .copied()
        .find(|&value| name(value) == found)
        .ok_or_else(|| {
            let expected = all
                .iter()
                .map(|&value| name(value))
                .collect::<Vec<_>>()
                .join(", ");
            UnknownName {
                kind,
                found: found.to_owned(),
                expected,
            }
        })
}

impl FromStr for View {
    type Err = UnknownName;

    fn from_str(found: &str) -> Result<Self, UnknownName> {
        by_name("view", &Self::ALL, Self::name, found)
    }
}

impl FromStr for Format {
    type Err = UnknownName;

    fn from_str(found: &str) -> Result<Self, UnknownName> {
        by_name("format", &Self::ALL, Self::name, found)
    }
}

impl fmt::Display for View {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// What is written of a run, and how it looks.
#[derive(Debug, Clone, PartialEq)]
pub struct OutputOptions {
    /// The pictures.
    pub views: BTreeSet<View>,
    /// The files.
    pub formats: BTreeSet<Format>,
    /// How the pictures look.
    pub figure: FigureOptions,
}

/// One picture of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PictureId {
    Overview,
    Head(HeadId),
}

impl PictureId {
    /// Where the picture goes in the run's folder.
    fn file_name(self) -> String {
        match self {
            Self::Overview => "overview.png".to_owned(),
            Self::Head(HeadId { layer, head }) => {
                format!("heads/layer-{layer:02}-head-{head:02}.png")
            }
        }
    }
}

/// What a run left on disk.
#[derive(Debug, Clone, PartialEq)]
pub struct WrittenRun {
    /// The run's folder.
    pub folder: PathBuf,
    /// What the folder's `manifest.json` says.
    pub manifest: Manifest,
    /// Letters of the input that no font has, drawn as boxes.
    pub missing_glyphs: BTreeSet<char>,
}

/// The number of pictures that [`write_run`] draws.
pub fn picture_count(run: &Run, options: &OutputOptions) -> usize {
    pictures(&run.selection, options).len()
}

fn pictures(selection: &Selection, options: &OutputOptions) -> Vec<PictureId> {
    if !options.formats.contains(&Format::Png) {
        return Vec::new();
    }
    let mut pictures = Vec::new();
    if options.views.contains(&View::Overview) {
        pictures.push(PictureId::Overview);
    }
    if options.views.contains(&View::Heads) {
        pictures.extend(selection.head_ids().map(PictureId::Head));
    }
    pictures
}

/// Every file that a run's folder gets but the manifest, in the manifest's
/// order.
pub fn file_names(selection: &Selection, options: &OutputOptions) -> Vec<String> {
    let pictures = pictures(selection, options).into_iter();
    let numbers = [
        (Format::Safetensors, numbers::SAFETENSORS),
        (Format::Json, numbers::JSON),
    ];
    let numbers = numbers
        .into_iter()
        .filter(|(format, _)| options.formats.contains(format))
        .map(|(_, name)| name.to_owned());
    pictures.map(PictureId::file_name).chain(numbers).collect()
}

/// Writes everything that the options ask for into a folder below `root`,
/// drawing on all cores. The folder is put into place when it is whole; on an
/// error nothing is left of it. `picture_drawn` is called after every picture,
/// from any thread.
///
/// # Errors
/// When something cannot be drawn or written.
pub fn write_run(
    run: &Run,
    options: &OutputOptions,
    root: &Path,
    picture_drawn: &(dyn Fn() + Sync),
) -> Result<WrittenRun, OutputError> {
    let destination = folder::choose(root, run)?;
    let staged = StagedFolder::create(root)?;
    let (manifest, missing_glyphs) = contents::stage(run, options, &staged, picture_drawn)?;
    let outdated = destination.outdated_files();
    let folder = destination.path;
    staged.publish(&folder, &outdated)?;
    Ok(WrittenRun {
        folder,
        manifest,
        missing_glyphs,
    })
}

/// Writes the same files as [`write_run`] into the folder called `name` of a
/// batch, in place of whatever an earlier batch left there, and the run's
/// thumbnail.
///
/// # Errors
/// When something cannot be drawn or written.
pub fn write_batch_run(
    run: &Run,
    options: &OutputOptions,
    folder: &BatchFolder,
    name: &str,
) -> Result<WrittenRun, OutputError> {
    let staged = folder.stage()?;
    let (manifest, missing_glyphs) = contents::stage(run, options, &staged, &|| ())?;
    let thumbnail = batch::thumbnail(run, options)?;
    folder.publish(staged, name, thumbnail.as_deref())?;
    Ok(WrittenRun {
        folder: folder.input(name),
        manifest,
        missing_glyphs,
    })
}

/// Lower-case hexadecimal digits, two a byte.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
