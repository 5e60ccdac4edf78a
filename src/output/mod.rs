//! What lands on disk for a run: pictures, numbers and a manifest, in a folder
//! of the input's own. [`mod@write`] alone creates files.

pub mod batch;
mod contents;
pub mod folder;
mod manifest;
mod numbers;
mod options;
pub mod saved;
mod schema;
mod size;
mod views;
pub mod write;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use thiserror::Error;

pub use manifest::{
    AttentionRecord, FileRecord, HeadsRecord, Manifest, SCHEMA_VERSION, ShownRecord, StreamRecord,
    UnitRecord,
};
pub use options::OptionsRecord;
pub use schema::read_manifest;
pub use size::MAXIMUM_LENGTH;

use crate::analysis::{ReshapeError, ReshapeOptions, reshape};
use crate::attention::Selection;
use crate::checkpoint::DigestError;
use crate::figure::{FigureError, FigureOptions, View};
use crate::names::closed_set;
use crate::remedy::{FolderKind, Remedy};
use crate::render::RenderError;
use crate::run::Run;
use contents::Contents;
use folder::FolderError;
use views::{picture_formats, pictures};
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
    /// Nothing of the run can be shown as asked for.
    #[error(transparent)]
    Reshape(#[from] ReshapeError),
    /// There is nothing to show.
    #[error("the run holds no attention")]
    NoAttention,
    /// There is no figure of what was asked for.
    #[error(transparent)]
    Figure(#[from] FigureError),
    /// A file of the model could not be read for the manifest.
    #[error(transparent)]
    Digest(#[from] DigestError),
    /// A figure could not be drawn.
    #[error("{file} could not be drawn: {source}")]
    Render {
        /// The picture.
        file: String,
        /// What went wrong.
        source: RenderError,
    },
    /// The run would be written over the file that it is read from.
    #[error("{} would be replaced, and the run is read from it", path.display())]
    ReplacesSource {
        /// The file.
        path: PathBuf,
    },
    /// More would be written than anybody writes by accident.
    #[error(
        "about {:.1} GB would be written for one input, more than {:.0} GB",
        *length as f64 / 1e9,
        MAXIMUM_LENGTH as f64 / 1e9
    )]
    TooLarge {
        /// The estimate, in bytes.
        length: u64,
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

impl OutputError {
    /// What the user can do about it.
    pub fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::Write(error) => error.remedy(),
            Self::Folder(error) => error.remedy(),
            Self::Reshape(error) => error.remedy(),
            Self::Figure(error) => error.remedy(),
            Self::Digest(error) => error.remedy(),
            Self::Render { source, .. } => source.remedy(),
            Self::ReplacesSource { .. } => Some(Remedy::NameFolder(FolderKind::Other)),
            Self::TooLarge { .. } => Some(Remedy::WriteLess),
            Self::NoAttention | Self::Serialize { .. } => None,
        }
    }
}

impl OutputError {
    /// Whether the input does not fit what is asked for, while another one
    /// might; else the machine or the folder is at fault.
    pub fn is_of_the_input(&self) -> bool {
        match self {
            Self::Reshape(_) | Self::Figure(_) | Self::TooLarge { .. } => true,
            Self::Render { source, .. } => matches!(source, RenderError::Layout(_)),
            Self::Write(_)
            | Self::Folder(_)
            | Self::Digest(_)
            | Self::NoAttention
            | Self::ReplacesSource { .. }
            | Self::Serialize { .. } => false,
        }
    }
}

/// Which files are written of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// The views as pictures of pixels.
    Png,
    /// The views as vector pictures.
    Svg,
    /// The numbers, with the manifest in the metadata.
    Safetensors,
    /// The numbers and the tokens as NumPy's archive.
    Npz,
    /// The manifest and the numbers as nested arrays.
    Json,
}

closed_set!(
    Format,
    "format",
    Png => "png",
    Svg => "svg",
    Safetensors => "safetensors",
    Npz => "npz",
    Json => "json",
);

/// What is written of a run, and how it looks.
#[derive(Debug, Clone, PartialEq)]
pub struct OutputOptions {
    /// The pictures.
    pub views: BTreeSet<View>,
    /// The files.
    pub formats: BTreeSet<Format>,
    /// What is done to the run before it is shown.
    pub reshape: ReshapeOptions,
    /// How the pictures look.
    pub figure: FigureOptions,
    /// Whether a run may take more than [`MAXIMUM_LENGTH`].
    pub large: bool,
}

impl Default for OutputOptions {
    /// The overview as PNG: what a batch draws.
    fn default() -> Self {
        Self {
            views: BTreeSet::from([View::Overview]),
            formats: BTreeSet::from([Format::Png]),
            reshape: ReshapeOptions::default(),
            figure: FigureOptions::default(),
            large: false,
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

/// The number of picture files that [`write_run`] draws.
pub fn picture_count(run: &Run, options: &OutputOptions) -> usize {
    let selection = run
        .attention
        .first()
        .map(|attention| attention.maps().selection());
    selection.map_or(0, |selection| pictures(selection, options).len())
        * picture_formats(options).len()
}

/// Every file that a run's folder gets but the manifest, in the manifest's
/// order, with the options that make it.
pub fn expected_files(
    selection: &Selection,
    options: &OutputOptions,
) -> Vec<(String, OptionsRecord)> {
    let formats = picture_formats(options);
    let mut files = Vec::new();
    for picture in pictures(selection, options) {
        let record = OptionsRecord::of_picture(&picture.view.to_string(), options);
        let names = formats.iter().map(|&format| picture.file_name(format));
        files.extend(names.map(|name| (name, record.clone())));
    }
    let numbers = numbers::FILES.into_iter();
    files.extend(
        numbers
            .filter(|(format, _)| options.formats.contains(format))
            .map(|(_, name)| (name.to_owned(), OptionsRecord::of_numbers(options))),
    );
    files
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
    write_run_beside(run, options, root, None, picture_drawn)
}

/// As [`write_run`], for a run that was read from the file `source`. Where the
/// run's folder is the one that it was read from, that file stays and is still
/// listed in the manifest.
///
/// # Errors
/// When something cannot be drawn or written, or `source` would be replaced.
pub fn redraw_run(
    run: &Run,
    options: &OutputOptions,
    root: &Path,
    source: &Path,
    picture_drawn: &(dyn Fn() + Sync),
) -> Result<WrittenRun, OutputError> {
    write_run_beside(run, options, root, Some(source), picture_drawn)
}

fn write_run_beside(
    run: &Run,
    options: &OutputOptions,
    root: &Path,
    source: Option<&Path>,
    picture_drawn: &(dyn Fn() + Sync),
) -> Result<WrittenRun, OutputError> {
    let destination = folder::choose(root, run)?;
    let attention = run.attention.first().ok_or(OutputError::NoAttention)?;
    let maps = reshape(run, attention, &options.reshape)?;
    let contents = Contents::new(run, attention, &maps, options)?;
    let source = source.and_then(|source| name_inside(&destination.path, source));
    let kept = match &source {
        None => Vec::new(),
        Some(name) => {
            let files = expected_files(&maps.selection, options);
            if files.iter().any(|(file, _)| file == name) {
                let path = destination.path.join(name);
                return Err(OutputError::ReplacesSource { path });
            }
            destination.earlier_file(name).into_iter().collect()
        }
    };
    let staged = StagedFolder::create(root)?;
    let (manifest, missing_glyphs) = contents.stage(kept, &staged, picture_drawn)?;
    let mut outdated = destination.outdated_files();
    outdated.retain(|file| source.as_deref().is_none_or(|name| file != Path::new(name)));
    let folder = destination.path;
    staged.publish(&folder, &outdated)?;
    Ok(WrittenRun {
        folder,
        manifest,
        missing_glyphs,
    })
}

/// The name of a file that is in the folder itself.
fn name_inside(folder: &Path, file: &Path) -> Option<String> {
    let (folder, file) = (folder.canonicalize().ok()?, file.canonicalize().ok()?);
    let name = file.file_name()?.to_str()?;
    (file.parent() == Some(&folder)).then(|| name.to_owned())
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
    let attention = run.attention.first().ok_or(OutputError::NoAttention)?;
    let maps = reshape(run, attention, &options.reshape)?;
    let contents = Contents::new(run, attention, &maps, options)?;
    let staged = folder.stage()?;
    let (manifest, missing_glyphs) = contents.stage(Vec::new(), &staged, &|| ())?;
    let thumbnail = batch::thumbnail(run, &maps, options)?;
    folder.publish(staged, name, thumbnail.as_deref())?;
    Ok(WrittenRun {
        folder: folder.input(name),
        manifest,
        missing_glyphs,
    })
}
