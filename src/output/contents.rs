//! The files of one run: what `encode` and `batch` have in common.

use std::cell::Cell;
use std::collections::BTreeSet;

use rayon::prelude::*;

use super::views::{PictureId, picture_formats, pictures};
use super::write::StagedFolder;
use super::{Format, MANIFEST, Manifest, OutputError, OutputOptions, ShownRecord, numbers};
use crate::analysis::Shown;
use crate::checkpoint::FileDigest;
use crate::figure::{self, Figure, FigureError};
use crate::render::{self, Drawing, Picture, TextShaper};
use crate::run::Run;
use crate::tokenizer::TokenizedInput;

thread_local! {
    /// The thread's shaper: it takes a while to make, and what it remembers
    /// serves the next run too.
    static SHAPER: Cell<Option<TextShaper>> = const { Cell::new(None) };
}

/// One picture in all its formats.
struct DrawnPicture {
    digests: Vec<FileDigest>,
    /// Letters that no font has.
    missing: BTreeSet<char>,
}

/// Draws and writes everything that the options ask for into a staged folder,
/// the manifest last, which lists the `kept` files of the final folder too.
/// `picture_drawn` is called after every picture.
pub(super) fn stage(
    run: &Run,
    shown: &Shown<'_>,
    options: &OutputOptions,
    kept: Vec<FileDigest>,
    staged: &StagedFolder,
    picture_drawn: &(dyn Fn() + Sync),
) -> Result<(Manifest, BTreeSet<char>), OutputError> {
    let formats = picture_formats(options);
    let drawn: Result<Vec<DrawnPicture>, OutputError> = pictures(&run.selection, options)
        .into_par_iter()
        .map(|picture| {
            with_shaper(|shaper| {
                let figure = figure_of(run, shown, &picture, options)?;
                let drawing = render::prepare(&figure, shaper).map_err(|source| {
                    let file = picture.file_name(formats.first().copied().unwrap_or(Format::Png));
                    OutputError::Render { file, source }
                })?;
                let mut digests = Vec::new();
                let mut missing = BTreeSet::new();
                for &format in &formats {
                    let file = picture.file_name(format);
                    let rendered = encode_as(&drawing, format, &file)?;
                    digests.push(staged.write(&file, &rendered.bytes)?);
                    missing.extend(rendered.missing_glyphs);
                    picture_drawn();
                }
                Ok(DrawnPicture { digests, missing })
            })
        })
        .collect();
    let mut files = Vec::new();
    let mut missing_glyphs = BTreeSet::new();
    for DrawnPicture { digests, missing } in drawn? {
        files.extend(digests);
        missing_glyphs.extend(missing);
    }
    // By now the files of the model are read, or nearly so.
    let model = run.model.wait()?;
    let mut manifest = Manifest::new(&model, &run.input, &run.selection, options);
    manifest.shown = ShownRecord::new(shown);
    for (format, name) in numbers::FILES {
        if options.formats.contains(&format) {
            let bytes = numbers::encode(format, shown, &manifest)?;
            files.push(staged.write(name, &bytes)?);
        }
    }
    files.extend(kept);
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

fn figure_of<'shown>(
    run: &Run,
    shown: &'shown Shown<'_>,
    picture: &PictureId,
    options: &OutputOptions,
) -> Result<Figure<'shown>, OutputError> {
    Ok(match picture {
        PictureId::Overview => figure::overview(run, shown, &options.figure)?,
        PictureId::Map(choice) => figure::single_map(run, shown, *choice, &options.figure)?,
        PictureId::Token(direction, choice) => {
            let position = choice
                .resolve(shown)
                .map_err(|error| hidden(error, &run.input))?;
            figure::token_profile(run, shown, *direction, position, &options.figure)?
        }
    })
}

/// A token that is not shown is another mistake than one that is not there.
fn hidden(error: FigureError, input: &TokenizedInput) -> OutputError {
    match error {
        FigureError::NoSuchToken { text, .. }
            if input.tokens.iter().any(|token| token.text == text) =>
        {
            OutputError::HiddenToken { text }
        }
        error => error.into(),
    }
}

fn encode_as(drawing: &Drawing<'_>, format: Format, file: &str) -> Result<Picture, OutputError> {
    let encoded = match format {
        Format::Svg => render::svg::encode(drawing),
        _ => render::png::encode(drawing),
    };
    encoded.map_err(|source| OutputError::Render {
        file: file.to_owned(),
        source,
    })
}
