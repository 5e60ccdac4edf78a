//! The files of one run: what `encode` and `batch` have in common.

use std::cell::Cell;
use std::collections::BTreeSet;

use rayon::prelude::*;

use super::views::{ViewedPicture, picture_formats, pictures};
use super::write::StagedFolder;
use super::{
    FileRecord, Format, MANIFEST, MAXIMUM_LENGTH, Manifest, OptionsRecord, OutputError,
    OutputOptions, ShownRecord, numbers, size,
};
use crate::analysis::{Maps, Reductions};
use crate::attention::Attention;
use crate::figure::{self, Figure};
use crate::render::{self, Picture, TextShaper};
use crate::run::Run;

thread_local! {
    /// The thread's shaper: it takes a while to make, and what it remembers
    /// serves the next run too.
    static SHAPER: Cell<Option<TextShaper>> = const { Cell::new(None) };
}

/// What is to be written of a run.
pub(super) struct Contents<'run> {
    run: &'run Run,
    attention: &'run Attention,
    maps: &'run Maps<'run>,
    options: &'run OutputOptions,
}

/// One picture in all its formats.
struct DrawnPicture {
    files: Vec<FileRecord>,
    /// Letters that no font has.
    missing: BTreeSet<char>,
}

impl<'run> Contents<'run> {
    pub(super) fn new(
        run: &'run Run,
        attention: &'run Attention,
        maps: &'run Maps<'run>,
        options: &'run OutputOptions,
    ) -> Result<Self, OutputError> {
        let length = size::estimate(attention, maps, options);
        match length > MAXIMUM_LENGTH && !options.large {
            true => Err(OutputError::TooLarge { length }),
            false => Ok(Self {
                run,
                attention,
                maps,
                options,
            }),
        }
    }

    /// Draws and writes everything that the options ask for into a staged
    /// folder, the manifest last, which lists the `kept` files of the final
    /// folder too. `picture_drawn` is called after every picture.
    pub(super) fn stage(
        &self,
        kept: Vec<FileRecord>,
        staged: &StagedFolder,
        picture_drawn: &(dyn Fn() + Sync),
    ) -> Result<(Manifest, BTreeSet<char>), OutputError> {
        let reductions = Reductions::new(self.maps);
        let drawn: Result<Vec<DrawnPicture>, OutputError> =
            pictures(&self.maps.selection, self.options)
                .into_par_iter()
                .map(|picture| self.draw(&picture, &reductions, staged, picture_drawn))
                .collect();
        let mut files = Vec::new();
        let mut missing_glyphs = BTreeSet::new();
        for picture in drawn? {
            files.extend(picture.files);
            missing_glyphs.extend(picture.missing);
        }
        // By now the files of the model are read, or nearly so.
        let model = self.run.model.wait()?;
        let mut manifest = Manifest::new(self.run, &model);
        manifest.shown = ShownRecord::new(self.maps, self.attention);
        files.extend(self.write_numbers(&manifest, &reductions, staged)?);
        files.extend(kept);
        manifest.files = files;
        staged.write(MANIFEST, &manifest.to_json()?)?;
        Ok((manifest, missing_glyphs))
    }

    fn draw(
        &self,
        picture: &ViewedPicture,
        reductions: &Reductions<'_>,
        staged: &StagedFolder,
        picture_drawn: &(dyn Fn() + Sync),
    ) -> Result<DrawnPicture, OutputError> {
        let options = OptionsRecord::of_picture(&picture.view.to_string(), self.options);
        let figure = figure::figure(
            self.run,
            self.maps,
            reductions,
            &picture.id,
            &self.options.figure,
        )?;
        let mut drawn = DrawnPicture {
            files: Vec::new(),
            missing: BTreeSet::new(),
        };
        for format in picture_formats(self.options) {
            let file = picture.file_name(format);
            let rendered = with_shaper(|shaper| render_as(&figure, format, &file, shaper))?;
            let digest = staged.write(&file, &rendered.bytes)?;
            drawn.files.push(FileRecord {
                name: digest.name,
                sha256: digest.sha256,
                options: options.clone(),
            });
            drawn.missing.extend(rendered.missing_glyphs);
            picture_drawn();
        }
        Ok(drawn)
    }

    fn write_numbers(
        &self,
        manifest: &Manifest,
        reductions: &Reductions<'_>,
        staged: &StagedFolder,
    ) -> Result<Vec<FileRecord>, OutputError> {
        let formats: Vec<_> = numbers::FILES
            .into_iter()
            .filter(|(format, _)| self.options.formats.contains(format))
            .collect();
        if formats.is_empty() {
            return Ok(Vec::new());
        }
        let arrays = numbers::arrays(
            self.run,
            self.attention,
            self.maps,
            reductions,
            self.options,
        )?;
        let mut files = Vec::new();
        for (format, name) in formats {
            if let Some(bytes) = numbers::encode(format, &arrays, manifest)? {
                let digest = staged.write(name, &bytes)?;
                files.push(FileRecord {
                    name: digest.name,
                    sha256: digest.sha256,
                    options: OptionsRecord::of_numbers(self.options),
                });
            }
        }
        Ok(files)
    }
}

/// Lends the thread's shaper. It is taken out meanwhile, so that work which
/// the thread begins in between would get one of its own.
fn with_shaper<T>(use_shaper: impl FnOnce(&mut TextShaper) -> T) -> T {
    let mut shaper = SHAPER.take().unwrap_or_default();
    let result = use_shaper(&mut shaper);
    SHAPER.set(Some(shaper));
    result
}

fn render_as(
    figure: &Figure<'_>,
    format: Format,
    file: &str,
    shaper: &mut TextShaper,
) -> Result<Picture, OutputError> {
    let rendered = match format {
        Format::Svg => render::svg::encode(figure, shaper),
        _ => render::png::encode(figure, shaper),
    };
    rendered.map_err(|source| OutputError::Render {
        file: file.to_owned(),
        source,
    })
}
