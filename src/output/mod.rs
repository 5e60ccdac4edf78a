//! What lands on disk for a run: pictures, numbers and a manifest, in a folder
//! of the input's own. [`mod@write`] alone creates files.

pub mod batch;
pub mod folder;
mod manifest;
mod numbers;
pub mod write;

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use rayon::prelude::*;
use thiserror::Error;

pub use manifest::{Manifest, OptionsRecord, SCHEMA_VERSION};

use crate::attention::HeadId;
use crate::checkpoint::FileDigest;
use crate::figure::{self, FigureError, FigureOptions};
use crate::render::{self, RenderError};
use crate::run::Run;
use folder::FolderError;
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
    pictures(run, options).len()
}

fn pictures(run: &Run, options: &OutputOptions) -> Vec<PictureId> {
    if !options.formats.contains(&Format::Png) {
        return Vec::new();
    }
    let mut pictures = Vec::new();
    if options.views.contains(&View::Overview) {
        pictures.push(PictureId::Overview);
    }
    if options.views.contains(&View::Heads) {
        pictures.extend(run.selection.head_ids().map(PictureId::Head));
    }
    pictures
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
    let drawn: Result<Vec<(FileDigest, BTreeSet<char>)>, OutputError> = pictures(run, options)
        .into_par_iter()
        .map_init(render::TextShaper::new, |shaper, picture| {
            let drawn = draw(run, picture, options, shaper, &staged);
            picture_drawn();
            drawn
        })
        .collect();
    let mut files = Vec::new();
    let mut missing_glyphs = BTreeSet::new();
    for (digest, missing) in drawn? {
        files.push(digest);
        missing_glyphs.extend(missing);
    }
    let mut manifest = Manifest::new(run, options);
    if options.formats.contains(&Format::Safetensors) {
        let bytes = numbers::safetensors(run, &manifest)?;
        files.push(staged.write(numbers::SAFETENSORS, &bytes)?);
    }
    if options.formats.contains(&Format::Json) {
        let bytes = numbers::json(run, &manifest)?;
        files.push(staged.write(numbers::JSON, &bytes)?);
    }
    manifest.files = files;
    staged.write(MANIFEST, &manifest.to_json()?)?;
    let outdated = destination.outdated_files();
    let folder = destination.path;
    staged.publish(&folder, &outdated)?;
    Ok(WrittenRun {
        folder,
        manifest,
        missing_glyphs,
    })
}

fn draw(
    run: &Run,
    picture: PictureId,
    options: &OutputOptions,
    shaper: &mut render::TextShaper,
    staged: &StagedFolder,
) -> Result<(FileDigest, BTreeSet<char>), OutputError> {
    let file = picture.file_name();
    let figure = match picture {
        PictureId::Overview => figure::overview(run, &options.figure)?,
        PictureId::Head(id) => figure::head_map(run, id, &options.figure)?,
    };
    let rendered = render::png::encode(&figure, shaper).map_err(|source| OutputError::Render {
        file: file.clone(),
        source,
    })?;
    Ok((
        staged.write(&file, &rendered.bytes)?,
        rendered.missing_glyphs,
    ))
}
