//! Pictures of a comparison over many inputs: the grid of the means, and for the
//! heads and inputs that differ most left, right and their difference.

use std::collections::BTreeSet;

use super::compared::Place;
use super::options::ManyOptions;
use super::outcome::WorstInput;
use super::tally::{Candidate, Tally};
use super::{DiffError, ManySides, Source};
use crate::attention::HeadId;
use crate::compare::{Pairing, Quantity, compare_runs};
use crate::figure::{Figure, FigureOptions, Palette, difference_grid, head_difference};
use crate::pipeline::OutputError;
use crate::render::{self, TextShaper};
use crate::store::diff::{GRID, HEADS, WORST_INPUTS};
use crate::store::folder::file_stem;
use crate::store::write::StagedFolder;
use crate::store::{FileRecord, Format};

/// Draws into a staged folder, format by format.
struct Painter<'a> {
    options: &'a ManyOptions,
    names: [&'a str; 2],
    staged: &'a StagedFolder,
    shaper: TextShaper,
    files: Vec<FileRecord>,
    missing_glyphs: BTreeSet<char>,
}

/// What was drawn.
pub(super) struct Pictures {
    pub(super) files: Vec<FileRecord>,
    pub(super) missing_glyphs: BTreeSet<char>,
    /// The heads that are drawn, each in the input where it differs most: the head,
    /// that input's id, the picture.
    pub(super) heads: Vec<(HeadId, String, String)>,
    pub(super) has_grid: bool,
    pub(super) worst: Vec<WorstInput>,
}

impl Painter<'_> {
    /// Writes a figure in every format of pictures, and returns the name of the
    /// first file.
    fn paint(&mut self, figure: &Figure<'_>, name: &str) -> Result<Option<String>, DiffError> {
        let failed = |source| OutputError::Render {
            file: name.to_owned(),
            source,
        };
        let formats = self.options.diff.formats.iter().copied();
        let formats: Vec<Format> = formats
            .filter(|format| matches!(format, Format::Png | Format::Svg))
            .collect();
        if formats.is_empty() {
            return Ok(None);
        }
        let drawing = render::prepare(figure, &mut self.shaper).map_err(failed)?;
        let mut first = None;
        for format in formats {
            let file = format!("{name}.{format}");
            let picture = match format {
                Format::Svg => render::svg::encode(&drawing),
                // No other format is left here.
                Format::Png | Format::Safetensors | Format::Npz | Format::Json | Format::Csv => {
                    render::png::encode(&drawing)
                }
            };
            let picture = picture.map_err(failed)?;
            let digest = self.staged.write(&file, &picture.bytes)?;
            self.missing_glyphs.extend(picture.missing_glyphs);
            self.files.push(FileRecord {
                name: digest.name,
                sha256: digest.sha256,
                options: self.options.record(),
            });
            first.get_or_insert(file);
        }
        Ok(first)
    }

    fn figure_options(&self) -> FigureOptions {
        FigureOptions {
            palette: Palette {
                theme: self.options.diff.theme,
                ..Palette::default()
            },
            ..FigureOptions::default()
        }
    }
}

/// Draws everything that is asked for.
pub(super) fn draw(
    tally: &Tally<'_>,
    sides: &ManySides<'_>,
    source: &Source,
    names: [&str; 2],
) -> Result<Pictures, DiffError> {
    let options = tally.options;
    let mut painter = Painter {
        options,
        names,
        staged: tally.staged,
        shaper: TextShaper::new(),
        files: Vec::new(),
        missing_glyphs: BTreeSet::new(),
    };
    let has_grid = match (tally.ranked_by, tally.counts.done) {
        (Quantity::Measure(measure), 1..) => {
            let values = tally.many.means(Quantity::Measure(measure));
            let captions = vec![format!("mean of {} inputs", tally.counts.done)];
            let figure = difference_grid(
                names,
                &options.selection,
                &values,
                measure,
                captions,
                Vec::new(),
                &painter.figure_options(),
            );
            let figure = figure.map_err(OutputError::from)?;
            painter.paint(&figure, GRID)?.is_some()
        }
        (Quantity::Measure(_) | Quantity::Score(_), _) => false,
    };
    let mut pictures = Pictures {
        files: Vec::new(),
        missing_glyphs: BTreeSet::new(),
        heads: Vec::new(),
        has_grid,
        worst: Vec::new(),
    };
    let top = tally.many.ranked(tally.ranked_by).into_iter();
    for head in top.take(options.diff.top).map(|spread| spread.head) {
        let mut candidates = tally.worst_of_heads.iter().flatten();
        let Some(candidate) = candidates.find(|candidate| candidate.head == head) else {
            continue;
        };
        let name = format!("{HEADS}/{}", head_name(head));
        if let Some(file) = painter.head(sides, source, candidate, &name)? {
            let id = candidate.record.id.clone();
            pictures.heads.push((head, id, file));
        }
    }
    let drawn = options.diff.top;
    for (place, candidate) in tally.worst.iter().enumerate() {
        let stem = file_stem(&candidate.record.id);
        let name = format!(
            "{WORST_INPUTS}/{place:04}-{stem}/{}",
            head_name(candidate.head)
        );
        let file = match place < drawn {
            true => painter.head(sides, source, candidate, &name)?,
            false => None,
        };
        pictures.worst.push(WorstInput {
            index: candidate.index,
            id: candidate.record.id.clone(),
            text: candidate.record.text.clone(),
            pair: candidate.record.pair.clone(),
            head: candidate.head,
            value: candidate.value,
            pictures: file.into_iter().collect(),
        });
    }
    pictures.files = painter.files;
    pictures.missing_glyphs = painter.missing_glyphs;
    Ok(pictures)
}

fn head_name(head: HeadId) -> String {
    format!("layer-{:02}-head-{:02}", head.layer, head.head)
}

impl Painter<'_> {
    /// Draws a head of an input, whose maps are computed or read again. `None`
    /// where there are none, or no pictures are asked for.
    fn head(
        &mut self,
        sides: &ManySides<'_>,
        source: &Source,
        candidate: &Candidate,
        name: &str,
    ) -> Result<Option<String>, DiffError> {
        let selection = self
            .options
            .selection
            .among(&[candidate.head.layer], &[candidate.head.head]);
        let [left, right] = match (&candidate.place, sides, source) {
            (Place::Input(input), ManySides::Models(models), _) => {
                models.again(input, &selection)?
            }
            (Place::Runs(names), _, Source::Runs(runs)) => runs.again(names, &selection)?,
            (Place::Input(_) | Place::Runs(_) | Place::Nowhere, _, _) => return Ok(None),
        };
        let granularity = self.options.diff.granularity;
        let comparison = compare_runs(&left, &right, granularity, Pairing::SameInput);
        let comparison =
            comparison.map_err(|error| DiffError::of_input(&candidate.record.id, error))?;
        let texts = left.input.captions().into_iter().map(str::to_owned);
        let figure = head_difference(
            self.names,
            &comparison.left,
            &comparison.right,
            candidate.head,
            &[],
            texts.collect(),
            &self.figure_options(),
        );
        let figure = figure.map_err(OutputError::from)?;
        self.paint(&figure, name)
    }
}
