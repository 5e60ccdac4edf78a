//! The files of one run: what `encode` and `batch` have in common.

use std::cell::Cell;
use std::collections::BTreeSet;

use rayon::prelude::*;

use super::write::StagedFolder;
use super::{Format, MANIFEST, Manifest, OutputError, OutputOptions, PictureId, numbers};
use crate::checkpoint::FileDigest;
use crate::figure;
use crate::render::{self, TextShaper};
use crate::run::Run;

thread_local! {
    /// The thread's shaper: it takes a while to make, and what it remembers
    /// serves the next run too.
    static SHAPER: Cell<Option<TextShaper>> = const { Cell::new(None) };
}

/// Draws and writes everything that the options ask for into a staged folder,
/// the manifest last. `picture_drawn` is called after every picture.
pub(super) fn stage(
    run: &Run,
    options: &OutputOptions,
    staged: &StagedFolder,
    picture_drawn: &(dyn Fn() + Sync),
) -> Result<(Manifest, BTreeSet<char>), OutputError> {
    let drawn: Result<Vec<(FileDigest, BTreeSet<char>)>, OutputError> =
        super::pictures(&run.selection, options)
            .into_par_iter()
            .map(|picture| {
                let drawn = with_shaper(|shaper| draw(run, picture, options, shaper, staged));
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
    let mut manifest = Manifest::new(&run.model, &run.input, &run.selection, options);
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
    Ok((manifest, missing_glyphs))
}

/// Lends the thread's shaper. It is taken out meanwhile, so that work which
/// the thread begins in between would get one of its own.
fn with_shaper<T>(use_shaper: impl FnOnce(&mut TextShaper) -> T) -> T {
    let mut shaper = SHAPER.take().unwrap_or_default();
    let result = use_shaper(&mut shaper);
    SHAPER.set(Some(shaper));
    result
}

fn draw(
    run: &Run,
    picture: PictureId,
    options: &OutputOptions,
    shaper: &mut TextShaper,
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
