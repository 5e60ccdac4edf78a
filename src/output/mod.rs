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
use write::batch_folder::{BatchFolder, StagedInput};
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
    /// Whether what is somebody else's may be replaced.
    pub overwrite: bool,
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
            overwrite: false,
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
    /// Files of earlier commands that are still there.
    pub kept: BTreeSet<String>,
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

/// Writes everything that the options ask for into the folder of input and
/// model below `root`, drawing on all cores. The folder is put into place when
/// it is whole; on an error nothing is left of it. Where an earlier command on
/// the same two left a folder, files of the same name are replaced and all
/// others stay. `picture_drawn` is called after every picture, from any thread.
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

/// As [`write_run`], for a run that was read from the file `source`, which
/// stays as it is.
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
    let attention = run.attention.first().ok_or(OutputError::NoAttention)?;
    let maps = reshape(run, attention, &options.reshape)?;
    let contents = Contents::new(run, attention, &maps, options)?;
    if let Some(source) = source {
        check_source(run, &maps.selection, options, root, source)?;
    }
    let staged = StagedFolder::create(root)?;
    let mut drawn = contents.draw(&staged, picture_drawn)?;
    let missing_glyphs = std::mem::take(&mut drawn.missing_glyphs);
    // Only when all is drawn: it may have to wait for the model's files.
    let _lock = folder::lock(root, run)?;
    let destination = folder::choose(root, run, options.overwrite)?;
    let (manifest, kept) = contents.finish(drawn, Some(&destination), &staged)?;
    let change = destination.change(&manifest, &kept)?;
    let folder = destination.path;
    staged.publish(&folder, change.as_ref())?;
    Ok(WrittenRun {
        folder,
        manifest,
        kept: kept.into_iter().map(|file| file.name).collect(),
        missing_glyphs,
    })
}

/// Nothing may be written over the file that a run is read from.
fn check_source(
    run: &Run,
    selection: &Selection,
    options: &OutputOptions,
    root: &Path,
    source: &Path,
) -> Result<(), OutputError> {
    let folder = folder::choose(root, run, options.overwrite)?.path;
    let files = expected_files(selection, options);
    let is_written = |name: &str| files.iter().any(|(file, _)| file == name);
    match name_inside(&folder, source) {
        Some(name) if is_written(&name) => {
            let path = folder.join(name);
            Err(OutputError::ReplacesSource { path })
        }
        _ => Ok(()),
    }
}

/// The name of a file that is in the folder itself.
fn name_inside(folder: &Path, file: &Path) -> Option<String> {
    let (folder, file) = (folder.canonicalize().ok()?, file.canonicalize().ok()?);
    let name = file.file_name()?.to_str()?;
    (file.parent() == Some(&folder)).then(|| name.to_owned())
}

/// What a run of a batch left in its staged folder.
#[derive(Debug)]
pub struct StagedRun {
    /// What [`BatchFolder::publish`] puts into place.
    pub input: StagedInput,
    /// Letters of the input that no font has, drawn as boxes.
    pub missing_glyphs: BTreeSet<char>,
}

/// Writes the same files as [`write_run`] and the run's thumbnail for the
/// folder called `name` of a batch; there they take the place of whatever an
/// earlier batch left.
///
/// # Errors
/// When something cannot be drawn or written.
pub fn stage_batch_run(
    run: &Run,
    options: &OutputOptions,
    folder: &BatchFolder,
    name: &str,
) -> Result<StagedRun, OutputError> {
    let attention = run.attention.first().ok_or(OutputError::NoAttention)?;
    let maps = reshape(run, attention, &options.reshape)?;
    let contents = Contents::new(run, attention, &maps, options)?;
    let staged = folder.stage()?;
    let mut drawn = contents.draw(&staged, &|| ())?;
    let missing_glyphs = std::mem::take(&mut drawn.missing_glyphs);
    contents.finish(drawn, None, &staged)?;
    let thumbnail = batch::thumbnail(run, &maps, options)?;
    Ok(StagedRun {
        input: folder.seal(staged, name, thumbnail.as_deref())?,
        missing_glyphs,
    })
}
