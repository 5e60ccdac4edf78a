//! From a run to its folder: reshaped, drawn, put into place.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{Contents, OutputError};
use crate::analysis::{Drowning, Maps, drowning, reshape};
use crate::attention::{HeadId, Selection};
use crate::figure::{FigureError, View, link_between};
use crate::run::Run;
use crate::store::folder::{Destination, FolderError};
use crate::store::write::StagedFolder;
use crate::store::{Manifest, OutputOptions, expected_files, folder, picture_formats, pictures};

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
    /// What the first position takes of the attention of all maps that are
    /// shown, where it drowns the rest.
    pub drowning: Option<Drowning>,
    /// The links that views are of.
    pub links: Vec<FoundLink>,
}

/// A link, and the heads that have it most.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundLink {
    /// The view that it is of.
    pub view: String,
    /// The label of the unit that attends.
    pub query: String,
    /// The label of the unit that is attended to.
    pub key: String,
    /// The strongest heads, in order; none where no head has the link.
    pub heads: Vec<(HeadId, f32)>,
}

/// So many heads of a link are named.
const NAMED_HEADS: usize = 3;

/// The links that views are of.
fn found_links(
    run: &Run,
    maps: &Maps<'_>,
    options: &OutputOptions,
) -> Result<Vec<FoundLink>, FigureError> {
    let mut links = Vec::new();
    for view in &options.views {
        let (from, to) = match view {
            View::Link(from, to) => (from, to),
            View::Heads
            | View::Overview
            | View::Mean
            | View::Max
            | View::Unit(..)
            | View::Rollout
            | View::Similarity
            | View::Scores
            | View::Lines
            | View::Text(_) => continue,
        };
        let link = link_between(run, maps, from, to)?;
        links.push(FoundLink {
            view: view.to_string(),
            heads: link.strongest(NAMED_HEADS),
            query: link.query,
            key: link.key,
        });
    }
    Ok(links)
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
    write_run_beside(run, options, (root, None), None, picture_drawn)
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
    write_run_beside(run, options, (root, None), Some(source), picture_drawn)
}

/// As [`redraw_run`], into the folder `name` below `root`, whatever the input
/// is: the runs of a batch keep their names.
///
/// # Errors
/// As [`redraw_run`], and when the folder is somebody else's.
pub fn redraw_run_as(
    run: &Run,
    options: &OutputOptions,
    (root, name): (&Path, &str),
    source: &Path,
    picture_drawn: &(dyn Fn() + Sync),
) -> Result<WrittenRun, OutputError> {
    let place = (root, Some(name));
    write_run_beside(run, options, place, Some(source), picture_drawn)
}

/// The folder below `root` that has the name, or that the input names.
fn destination(
    run: &Run,
    options: &OutputOptions,
    (root, name): (&Path, Option<&str>),
) -> Result<Destination, FolderError> {
    match name {
        Some(name) => folder::named(root, name, run, options.overwrite),
        None => folder::choose(root, run, options.overwrite),
    }
}

fn write_run_beside(
    run: &Run,
    options: &OutputOptions,
    place: (&Path, Option<&str>),
    source: Option<&Path>,
    picture_drawn: &(dyn Fn() + Sync),
) -> Result<WrittenRun, OutputError> {
    let attention = run.attention.first().ok_or(OutputError::NoAttention)?;
    let maps = reshape(run, attention, &options.reshape)?;
    // Runs that keep their names are listed in a page beside their folders.
    let list = place.1.map(|_| "../index.html");
    let contents = Contents::new(run, attention, &maps, options)?.listed_in(list);
    if let Some(source) = source {
        check_source(run, &maps.selection, options, place, source)?;
    }
    let (root, name) = place;
    let staged = StagedFolder::create(root)?;
    let mut drawn = contents.draw(&staged, picture_drawn)?;
    let missing_glyphs = std::mem::take(&mut drawn.missing_glyphs);
    // Only when all is drawn: it may have to wait for the model's files.
    let _lock = match name {
        Some(name) => folder::lock_name(root, name)?,
        None => folder::lock(root, run)?,
    };
    let destination = destination(run, options, place)?;
    let (manifest, kept) = contents.finish(drawn, Some(&destination), &staged)?;
    let change = destination.change(&manifest, &kept)?;
    let folder = destination.path;
    staged.publish(&folder, change.as_ref())?;
    Ok(WrittenRun {
        folder,
        manifest,
        kept: kept.into_iter().map(|file| file.name).collect(),
        missing_glyphs,
        drowning: drowning(&maps, &maps.ids),
        links: found_links(run, &maps, options)?,
    })
}

/// Nothing may be written over the file that a run is read from.
fn check_source(
    run: &Run,
    selection: &Selection,
    options: &OutputOptions,
    place: (&Path, Option<&str>),
    source: &Path,
) -> Result<(), OutputError> {
    let folder = destination(run, options, place)?.path;
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
