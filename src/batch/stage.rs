//! What an input of a batch gets: the files of a run, and a thumbnail.

use std::collections::BTreeSet;

use crate::analysis::{Maps, reshape};
use crate::pipeline::{Contents, OutputError};
use crate::render;
use crate::run::Run;
use crate::store::batch_records::THUMBNAILS;
use crate::store::write::StagedInput;
use crate::store::write::batch_folder::BatchFolder;
use crate::store::{Format, OutputOptions};

/// What a run of a batch left in its staged folder.
#[derive(Debug)]
pub struct StagedRun {
    /// What [`BatchFolder::publish`] puts into place.
    pub input: StagedInput,
    /// Letters of the input that no font has, drawn as boxes.
    pub missing_glyphs: BTreeSet<char>,
}

/// The page of a batch, from that of an input.
const LIST: &str = "../../index.html";

/// Writes the same files as [`write_run`](crate::pipeline::write_run) and the run's thumbnail for the
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
    let contents = Contents::new(run, attention, &maps, options)?.listed_in(Some(LIST));
    let staged = folder.stage()?;
    let mut drawn = contents.draw(&staged, &|| ())?;
    let missing_glyphs = std::mem::take(&mut drawn.missing_glyphs);
    contents.finish(drawn, None, &staged)?;
    let thumbnail = thumbnail(run, &maps, options)?;
    Ok(StagedRun {
        input: folder.seal(staged, name, thumbnail.as_deref())?,
        missing_glyphs,
    })
}

/// The thumbnail of a run, where one is to be drawn.
fn thumbnail(
    run: &Run,
    maps: &Maps<'_>,
    options: &OutputOptions,
) -> Result<Option<Vec<u8>>, OutputError> {
    if !has_thumbnails(options) {
        return Ok(None);
    }
    let picture = render::thumbnail(run, maps, &options.figure);
    let picture = picture.map_err(|source| OutputError::Render {
        file: THUMBNAILS.to_owned(),
        source,
    })?;
    Ok(Some(picture.bytes))
}

/// Whether inputs get a thumbnail: where they get pictures.
pub fn has_thumbnails(options: &OutputOptions) -> bool {
    options.formats.contains(&Format::Png)
}
