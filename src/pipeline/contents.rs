//! The files of one run, drawn and put into a staged folder: what `encode` and
//! `batch` have in common.

use std::cell::Cell;
use std::collections::BTreeSet;

use rayon::prelude::*;

use super::OutputError;
use crate::analysis::{Analyses, Maps};
use crate::attention::Attention;
use crate::figure;
use crate::render::{self, Drawing, Picture, TextShaper};
use crate::run::Run;
use crate::store::folder::Destination;
use crate::store::numbers::{self, NumberArray};
use crate::store::saved::SavedNumbers;
use crate::store::write::StagedFolder;
use crate::store::{
    FileRecord, Format, MANIFEST, MAXIMUM_LENGTH, Manifest, OptionsRecord, OutputOptions, PAGE,
    ShownRecord, ViewedPicture, estimate, manifest_json, picture_formats, pictures, table_files,
};

thread_local! {
    /// The thread's shaper: it takes a while to make, and what it remembers
    /// serves the next run too.
    static SHAPER: Cell<Option<TextShaper>> = const { Cell::new(None) };
}

/// What is to be written of a run.
#[derive(Debug)]
pub struct Contents<'run> {
    run: &'run Run,
    attention: &'run Attention,
    maps: &'run Maps<'run>,
    analyses: Analyses<'run>,
    options: &'run OutputOptions,
    /// The address of the page that leads to that of the run.
    list: Option<&'run str>,
}

/// Pictures that are in the staged folder.
#[derive(Debug, Default)]
pub struct Drawn {
    files: Vec<FileRecord>,
    /// Letters that no font has.
    pub missing_glyphs: BTreeSet<char>,
}

impl<'run> Contents<'run> {
    /// Everything that the options ask for.
    ///
    /// # Errors
    /// When a view is of nothing that is shown, or it would be more than anybody
    /// writes by accident.
    pub fn new(
        run: &'run Run,
        attention: &'run Attention,
        maps: &'run Maps<'run>,
        options: &'run OutputOptions,
    ) -> Result<Self, OutputError> {
        let analyses = Analyses::new(run, attention, maps, options.rollout);
        figure::check_views(run, maps, &analyses, &options.views)?;
        let length = estimate(run, attention, maps, options);
        match length > MAXIMUM_LENGTH && !options.large {
            true => Err(OutputError::TooLarge { length }),
            false => Ok(Self {
                run,
                attention,
                maps,
                analyses,
                options,
                list: None,
            }),
        }
    }

    /// With a page that leads to that of the run: its address from there.
    #[must_use]
    pub fn listed_in(self, list: Option<&'run str>) -> Self {
        Self { list, ..self }
    }

    /// Draws the pictures that the options ask for into a staged folder.
    /// `picture_drawn` is called after every one.
    ///
    /// # Errors
    /// When one cannot be drawn or written.
    pub fn draw(
        &self,
        staged: &StagedFolder,
        picture_drawn: &(dyn Fn() + Sync),
    ) -> Result<Drawn, OutputError> {
        let pictures: Result<Vec<Drawn>, OutputError> =
            pictures(&self.maps.selection, self.options)
                .into_par_iter()
                .map(|picture| self.draw_picture(&picture, staged, picture_drawn))
                .collect();
        let mut all = Drawn::default();
        for picture in pictures? {
            all.files.extend(picture.files);
            all.missing_glyphs.extend(picture.missing_glyphs);
        }
        Ok(all)
    }

    /// Writes the numbers beside the pictures, and the manifest last. It lists
    /// the files of `destination` that stay, too: then in order of their names,
    /// so that it does not matter which came first.
    ///
    /// # Errors
    /// When the model's files cannot be read, or something cannot be written.
    pub fn finish(
        &self,
        drawn: Drawn,
        destination: Option<&Destination>,
        staged: &StagedFolder,
    ) -> Result<(Manifest, Vec<FileRecord>), OutputError> {
        // By now the files of the model are read, or nearly so.
        let model = self.run.model.wait()?;
        let mut manifest = Manifest::new(self.run, &model);
        manifest.shown = ShownRecord::new(self.maps, self.attention);
        let mut files = drawn.files;
        files.extend(self.write_page(staged)?);
        files.extend(self.write_numbers(&manifest, destination, staged)?);
        files.extend(self.write_tables(staged)?);
        let kept = match destination {
            Some(destination) => destination.kept_files(&files),
            None => Vec::new(),
        };
        if !kept.is_empty() {
            files.extend(kept.iter().cloned());
            files.sort_by(|first, second| first.name.cmp(&second.name));
        }
        manifest.files = files;
        staged.write(MANIFEST, &manifest_json(&manifest)?)?;
        Ok((manifest, kept))
    }

    /// One picture in all its formats.
    fn draw_picture(
        &self,
        picture: &ViewedPicture,
        staged: &StagedFolder,
        picture_drawn: &(dyn Fn() + Sync),
    ) -> Result<Drawn, OutputError> {
        let options = picture.options(&self.maps.selection, self.options);
        let figure = figure::figure(
            self.run,
            self.maps,
            &self.analyses,
            &picture.id,
            &self.options.figure,
        )?;
        let mut drawn = Drawn::default();
        let drawing = with_shaper(|shaper| render::prepare(&figure, shaper));
        let drawing = drawing.map_err(|source| OutputError::Render {
            file: picture.file_name(Format::Png),
            source,
        })?;
        for format in picture_formats(self.options) {
            let file = picture.file_name(format);
            let rendered = encode_as(&drawing, format, &file)?;
            let digest = staged.write(&file, &rendered.bytes)?;
            drawn.files.push(FileRecord {
                name: digest.name,
                sha256: digest.sha256,
                options: options.clone(),
            });
            drawn.missing_glyphs.extend(rendered.missing_glyphs);
            picture_drawn();
        }
        Ok(drawn)
    }

    /// The page, where it is asked for.
    fn write_page(&self, staged: &StagedFolder) -> Result<Option<FileRecord>, OutputError> {
        if !self.options.formats.contains(&Format::Html) {
            return Ok(None);
        }
        let page = {
            let figure = &self.options.figure;
            render::page::encode(self.run, self.maps, &self.analyses, figure, self.list)
        };
        let page = page.map_err(|source| OutputError::Render {
            file: PAGE.to_owned(),
            source,
        })?;
        let digest = staged.write(PAGE, &page)?;
        Ok(Some(FileRecord {
            name: digest.name,
            sha256: digest.sha256,
            options: OptionsRecord::of_page(&self.maps.selection, self.options),
        }))
    }

    /// The numbers of the views as tables, where they are asked for.
    fn write_tables(&self, staged: &StagedFolder) -> Result<Vec<FileRecord>, OutputError> {
        let tables = numbers::tables(
            self.run,
            self.attention,
            self.maps,
            &self.analyses,
            self.options,
            table_files(self.options),
        )?;
        let selection = &self.maps.selection;
        let mut files = Vec::new();
        for table in tables {
            let digest = staged.write(&table.name, table.text.as_bytes())?;
            files.push(FileRecord {
                name: digest.name,
                sha256: digest.sha256,
                options: OptionsRecord::of_table(&table.view, selection, self.options),
            });
        }
        Ok(files)
    }

    fn write_numbers(
        &self,
        manifest: &Manifest,
        destination: Option<&Destination>,
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
            &self.analyses,
            self.options,
        )?;
        let mut files = Vec::new();
        for (format, name) in formats {
            let mut arrays = arrays.clone();
            let earlier = destination.and_then(|destination| destination.earlier_numbers(name));
            let mut options = OptionsRecord::of_numbers(&self.maps.selection, self.options);
            if let Some((numbers, made_by)) = earlier {
                arrays.extend(of_other_views(numbers, manifest, &arrays));
                options = options.or_rollout_of(&made_by);
            }
            // So that it does not matter which view came first.
            arrays.sort_by(|first, second| first.order().cmp(&second.order()));
            if let Some(bytes) = numbers::encode(format, &arrays, manifest)? {
                let digest = staged.write(name, &bytes)?;
                let views: BTreeSet<&str> = arrays.iter().filter_map(NumberArray::view).collect();
                files.push(FileRecord {
                    name: digest.name,
                    sha256: digest.sha256,
                    options: OptionsRecord {
                        views: views.into_iter().map(str::to_owned).collect(),
                        ..options
                    },
                });
            }
        }
        Ok(files)
    }
}

/// Numbers of an earlier command that are not written again. They stay where
/// they are of the same heads, rows and columns as the new ones, or of the whole
/// run whatever is shown of it: else nobody could say any more what their axes
/// are.
fn of_other_views(
    earlier: SavedNumbers,
    manifest: &Manifest,
    arrays: &[NumberArray<'_>],
) -> Vec<NumberArray<'static>> {
    let SavedNumbers {
        manifest: of_earlier,
        arrays: earlier,
    } = earlier;
    let is_same_run =
        of_earlier.streams == manifest.streams && of_earlier.attention == manifest.attention;
    let is_alike = is_same_run && of_earlier.shown == manifest.shown;
    let stays = |array: &NumberArray<'_>| is_alike || is_same_run && array.is_of_whole_run();
    let is_written = |array: &NumberArray<'_>| arrays.iter().any(|other| other.name == array.name);
    earlier
        .into_iter()
        .filter(|array| stays(array) && !array.is_of_maps() && !is_written(array))
        .collect()
}

/// Lends the thread's shaper. It is taken out meanwhile, so that work which
/// the thread begins in between would get one of its own.
pub(super) fn with_shaper<T>(use_shaper: impl FnOnce(&mut TextShaper) -> T) -> T {
    let mut shaper = SHAPER.take().unwrap_or_default();
    let result = use_shaper(&mut shaper);
    SHAPER.set(Some(shaper));
    result
}

/// A drawing in a format of pictures.
pub(super) fn encode_as(
    drawing: &Drawing<'_>,
    format: Format,
    file: &str,
) -> Result<Picture, OutputError> {
    let encoded = match format {
        Format::Svg => render::svg::encode(drawing),
        // Of the others, none is asked for a picture.
        Format::Png
        | Format::Html
        | Format::Safetensors
        | Format::Npz
        | Format::Json
        | Format::Csv => render::png::encode(drawing),
    };
    encoded.map_err(|source| OutputError::Render {
        file: file.to_owned(),
        source,
    })
}
