//! Pictures of a comparison over many inputs: the grid of the means, and for the
//! heads and inputs that differ most left, right and their difference.

use std::collections::BTreeSet;

use rayon::prelude::*;

use super::compared::Place;
use super::options::ManyOptions;
use super::outcome::WorstInput;
use super::tally::{Candidate, Tally};
use super::{DiffError, ManySides, Source};
use crate::attention::HeadId;
use crate::compare::{Pairing, Quantity, compare_runs};
use crate::figure::{
    Figure, FigureOptions, Palette, difference_grid, head_difference, score_difference_grid,
};
use crate::pipeline::OutputError;
use crate::render::page::compared::{ComparedRuns, content};
use crate::render::{self, TextShaper};
use crate::store::diff::{GRID, HEADS, PAGE, WORST_INPUTS};
use crate::store::folder::file_stem;
use crate::store::write::StagedFolder;
use crate::store::{FileRecord, Format};

/// An input with more cells than this in its maps cannot be opened in the page.
const MOST_CELLS: usize = 4_000_000;
/// All inputs that can be opened in the page take so many bytes at most.
const MOST_BYTES: usize = 48_000_000;

/// What was drawn.
pub(super) struct Pictures {
    pub(super) files: Vec<FileRecord>,
    pub(super) missing_glyphs: BTreeSet<char>,
    /// The grid of the means.
    pub(super) grid: Option<DrawnFile>,
    /// The heads that are drawn, each in the input where it differs most: the head,
    /// that input's id, the picture.
    pub(super) heads: Vec<(HeadId, String, DrawnFile)>,
    /// The inputs that differ most, their pictures, and what the page's script
    /// needs of them.
    pub(super) worst: Vec<(WorstInput, Option<DrawnFile>, String)>,
}

/// A picture to be shown: the first of its formats.
#[derive(Debug, Clone)]
pub(super) struct DrawnFile {
    /// Relative to the folder.
    pub(super) file: String,
    /// Width and height in pixels.
    pub(super) size: [u32; 2],
    /// The whole file.
    pub(super) bytes: Vec<u8>,
}

/// A picture in all its formats.
#[derive(Default)]
struct Drawn {
    files: Vec<FileRecord>,
    missing_glyphs: BTreeSet<char>,
    first: Option<DrawnFile>,
    /// All maps of the input for the page's script; empty where they are not asked
    /// for or too many.
    content: String,
}

/// What is shown of an input.
#[derive(Debug, Clone, Copy)]
enum Shows {
    /// One head, as a picture.
    Head,
    /// That, and all of its maps in the page.
    Input,
}

/// What all pictures share.
struct Painter<'a> {
    options: &'a ManyOptions,
    staged: &'a StagedFolder,
    sides: &'a ManySides<'a>,
    source: &'a Source,
    names: [&'a str; 2],
    formats: Vec<Format>,
    figures: FigureOptions,
}

/// Draws everything that is asked for, on all cores.
pub(super) fn draw(
    tally: &Tally<'_>,
    sides: &ManySides<'_>,
    source: &Source,
    names: [&str; 2],
) -> Result<Pictures, DiffError> {
    let options = &tally.options.diff;
    let formats = options.formats.iter().copied();
    let painter = Painter {
        options: tally.options,
        staged: tally.staged,
        sides,
        source,
        names,
        formats: formats
            .filter(|format| matches!(format, Format::Png | Format::Svg))
            .collect(),
        figures: FigureOptions {
            palette: Palette {
                theme: options.theme,
                ..Palette::default()
            },
            ..FigureOptions::default()
        },
    };
    // What does not differ is not worth a picture.
    let ranked = tally.many.ranked(tally.ranked_by).into_iter();
    let top = ranked.filter(|found| found.worst > 0.0).take(options.top);
    let of_heads = top.filter_map(|found| {
        let mut candidates = tally.worst_of_heads.iter().flatten();
        candidates.find(|candidate| candidate.head == found.head)
    });
    let of_heads: Vec<&Candidate> = of_heads.collect();
    let worst = tally.worst.iter().filter(|input| input.value != 0.0);
    let worst: Vec<&Candidate> = worst.collect();
    let of_heads = of_heads.into_iter().map(|candidate| {
        let name = format!("{HEADS}/{}", head_name(candidate.head));
        (candidate, name)
    });
    let heads: Vec<(&Candidate, String)> = of_heads.collect();
    let of_worst = worst.iter().take(options.top).enumerate();
    let of_worst = of_worst.map(|(place, candidate)| {
        let input = file_stem(&candidate.record.id);
        let head = head_name(candidate.head);
        (
            *candidate,
            format!("{WORST_INPUTS}/{place:04}-{input}/{head}"),
        )
    });
    let jobs: Vec<(&Candidate, String)> = heads.iter().cloned().chain(of_worst).collect();
    let drawn: Result<Vec<Drawn>, DiffError> = jobs
        .par_iter()
        .enumerate()
        .map_init(TextShaper::new, |shaper, (place, (candidate, name))| {
            let shows = match place < heads.len() {
                true => Shows::Head,
                false => Shows::Input,
            };
            painter.head(candidate, name, shows, shaper)
        })
        .collect();
    let mut drawn = drawn?.into_iter();
    let mut pictures = Pictures {
        files: Vec::new(),
        missing_glyphs: BTreeSet::new(),
        grid: None,
        heads: Vec::new(),
        worst: Vec::new(),
    };
    pictures.grid = pictures.take(painter.grid(tally, &mut TextShaper::new())?);
    for (candidate, _) in heads {
        let id = candidate.record.id.clone();
        if let Some(file) = pictures.take(drawn.next().unwrap_or_default()) {
            pictures.heads.push((candidate.head, id, file));
        }
    }
    let mut room = MOST_BYTES;
    for candidate in worst {
        let mut drawn = drawn.next().unwrap_or_default();
        let mut content = std::mem::take(&mut drawn.content);
        match room.checked_sub(content.len()) {
            Some(left) => room = left,
            None => content.clear(),
        }
        let file = pictures.take(drawn);
        let input = WorstInput {
            index: candidate.index,
            id: candidate.record.id.clone(),
            text: candidate.record.text.clone(),
            pair: candidate.record.pair.clone(),
            head: candidate.head,
            value: candidate.value,
            pictures: file.iter().map(|drawn| drawn.file.clone()).collect(),
        };
        pictures.worst.push((input, file, content));
    }
    if let ManySides::Scores(folders) = sides {
        // Their rows go without texts.
        let ids = pictures.worst.iter().map(|(input, ..)| input.id.as_str());
        let texts = folders.texts(&ids.collect())?;
        for (input, ..) in &mut pictures.worst {
            if let Some([text, pair]) = texts.get(&input.id) {
                (input.text, input.pair) = (text.clone(), pair.clone());
            }
        }
    }
    Ok(pictures)
}

impl Pictures {
    /// Lists the files of a picture, and returns what is shown of it.
    fn take(&mut self, drawn: Drawn) -> Option<DrawnFile> {
        self.files.extend(drawn.files);
        self.missing_glyphs.extend(drawn.missing_glyphs);
        drawn.first
    }
}

fn head_name(head: HeadId) -> String {
    format!("layer-{:02}-head-{:02}", head.layer, head.head)
}

impl Painter<'_> {
    /// Writes a figure in every format of pictures.
    fn paint(
        &self,
        figure: &Figure<'_>,
        name: &str,
        shaper: &mut TextShaper,
    ) -> Result<Drawn, DiffError> {
        let failed = |source| OutputError::Render {
            file: name.to_owned(),
            source,
        };
        let drawing = render::prepare(figure, shaper).map_err(failed)?;
        let mut drawn = Drawn::default();
        for &format in &self.formats {
            let file = format!("{name}.{format}");
            let picture = match format {
                Format::Svg => render::svg::encode(&drawing),
                // No other format is left here.
                Format::Png
                | Format::Html
                | Format::Safetensors
                | Format::Npz
                | Format::Json
                | Format::Csv => render::png::encode(&drawing),
            };
            let picture = picture.map_err(failed)?;
            let digest = self.staged.write(&file, &picture.bytes)?;
            drawn.missing_glyphs.extend(picture.missing_glyphs);
            drawn.files.push(FileRecord {
                name: digest.name,
                sha256: digest.sha256,
                options: self.options.record(),
            });
            let size = [picture.width, picture.height];
            let bytes = picture.bytes;
            drawn.first.get_or_insert(DrawnFile { file, size, bytes });
        }
        Ok(drawn)
    }

    /// The grid of the means.
    fn grid(&self, tally: &Tally<'_>, shaper: &mut TextShaper) -> Result<Drawn, DiffError> {
        if self.formats.is_empty() || tally.counts.done == 0 {
            return Ok(Drawn::default());
        }
        let inputs = match tally.counts.done {
            1 => "of 1 input".to_owned(),
            count => format!("mean of {count} inputs"),
        };
        let selection = &tally.options.selection;
        let means = tally.many.means(tally.ranked_by);
        let (captions, notes, looks) = (vec![inputs], Vec::new(), &self.figures);
        let figure = match tally.ranked_by {
            Quantity::Measure(measure) => difference_grid(
                self.names, selection, &means, measure, captions, notes, looks,
            ),
            Quantity::Score(score) => {
                score_difference_grid(self.names, selection, &means, score, captions, notes, looks)
            }
        };
        self.paint(&figure.map_err(OutputError::from)?, GRID, shaper)
    }

    /// A head of an input, whose maps are computed or read again, and where the
    /// input itself is shown all of its maps; nothing where there are none.
    fn head(
        &self,
        candidate: &Candidate,
        name: &str,
        shows: Shows,
        shaper: &mut TextShaper,
    ) -> Result<Drawn, DiffError> {
        let options = self.options;
        let head = candidate.head;
        let selection = match shows {
            Shows::Head if self.formats.is_empty() => return Ok(Drawn::default()),
            Shows::Head => options.selection.among(&[head.layer], &[head.head]),
            Shows::Input => options.selection.clone(),
        };
        let [left, right] = match (&candidate.place, self.sides, self.source) {
            (Place::Input(input), ManySides::Models(models), _) => {
                models.again(input, &selection)?
            }
            (Place::Runs(names), _, Source::Runs(runs)) => runs.again(names, &selection)?,
            (Place::Input(_) | Place::Runs(_) | Place::Nowhere, _, _) => {
                return Ok(Drawn::default());
            }
        };
        let comparison = compare_runs(&left, &right, options.diff.granularity, Pairing::SameInput)
            .map_err(|error| DiffError::of_input(&candidate.record.id, error))?;
        let content = match shows {
            Shows::Input if comparison.left.values.len() <= MOST_CELLS => content(&ComparedRuns {
                comparison: &comparison,
                runs: [&left, &right],
                names: self.names,
                pairing: Pairing::SameInput,
                ranked_by: options.diff.ranked_by,
                is_diff: true,
            })
            .map_err(|source| OutputError::Render {
                file: PAGE.to_owned(),
                source,
            })?,
            Shows::Input | Shows::Head => String::new(),
        };
        let texts = left.input.captions().into_iter().map(str::to_owned);
        let figure = head_difference(
            self.names,
            &comparison.left,
            &comparison.right,
            head,
            &[],
            texts.collect(),
            &self.figures,
        );
        let mut figure = figure.map_err(OutputError::from)?;
        let notes = comparison.notes.iter();
        let others: Vec<String> = notes
            .filter(|note| !figure.notes.contains(note))
            .cloned()
            .collect();
        figure.notes.extend(others);
        let drawn = self.paint(&figure, name, shaper)?;
        Ok(Drawn { content, ..drawn })
    }
}
